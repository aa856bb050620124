"""Which language the window speaks: asked for, LITEKEEP_LANG, the application's, the system's, else English."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from contextlib import suppress

VARIABLE = "LITEKEEP_LANG"
_POSIX = ("LC_ALL", "LC_MESSAGES", "LANG")
_MOST_BYTES = 64
_UTF_8 = 0x08000100  # kCFStringEncodingUTF8


def system_language() -> str:
    """The language of the system's own windows, such as "fr" or "fr_FR"; empty where it does not tell (Linux)."""
    with suppress(Exception):  # a system that cannot be asked is one that does not tell
        if sys.platform == "win32":
            return _of_windows()
        if sys.platform == "darwin":
            return _of_macos()
    return ""


def choose_language(
    asked: str | None,
    environ: Mapping[str, str],
    *,
    host: str | None = None,
    system: Callable[[], str] = system_language,
) -> str:
    """The code for `language`. The first of these that says anything decides, even if it has no catalogue:

    asked (an argument), LITEKEEP_LANG, host (the language of the application), the system (Windows, macOS), and the
    locale variables. environ: the environment, such as config.environment.process_environment().
    """
    for found in (asked, environ.get(VARIABLE), host, system(), *(environ.get(name) for name in _POSIX)):
        if found and (word := language_word(found)):
            return "en" if word in ("c", "posix") else word
    return "en"


def language_word(text: str) -> str:
    """ "fr" of "fr", "FR", "fr-CA" or "fr_FR.UTF-8"."""
    return text.strip().replace("-", "_").split("_")[0].split(".")[0].split("@")[0].lower()


if sys.platform == "win32":

    def _of_windows() -> str:
        import ctypes
        import locale

        return locale.windows_locale.get(ctypes.windll.kernel32.GetUserDefaultUILanguage(), "")


if sys.platform == "darwin":

    def _of_macos() -> str:
        """The first of the languages that the person put in order in the settings; LANG is not set outside a shell."""
        import ctypes
        import ctypes.util

        core = ctypes.CDLL(ctypes.util.find_library("CoreFoundation") or "")
        core.CFLocaleCopyPreferredLanguages.restype = ctypes.c_void_p
        core.CFArrayGetCount.argtypes = [ctypes.c_void_p]
        core.CFArrayGetCount.restype = ctypes.c_long
        core.CFArrayGetValueAtIndex.argtypes = [ctypes.c_void_p, ctypes.c_long]
        core.CFArrayGetValueAtIndex.restype = ctypes.c_void_p
        core.CFStringGetCString.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_long, ctypes.c_uint32]
        core.CFStringGetCString.restype = ctypes.c_bool
        core.CFRelease.argtypes = [ctypes.c_void_p]
        languages = core.CFLocaleCopyPreferredLanguages()
        if not languages:
            return ""
        try:
            if core.CFArrayGetCount(languages) == 0:
                return ""
            text = ctypes.create_string_buffer(_MOST_BYTES)
            first = core.CFArrayGetValueAtIndex(languages, 0)
            return text.value.decode() if core.CFStringGetCString(first, text, _MOST_BYTES, _UTF_8) else ""
        finally:
            core.CFRelease(languages)
