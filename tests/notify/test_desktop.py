"""The desktop: which program, and that no text becomes more than a text."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from base64 import b64decode
from dataclasses import replace
from pathlib import Path

import pytest

from litekeep.notify.channels import DesktopChannel
from litekeep.notify.delivery import NotDelivered
from litekeep.notify.desktop import Command, command_for, send_desktop
from litekeep.notify.message import Message, Severity

from .conftest import message

NASTY = "$(touch pwned) `id` '; rm -rf ~ \" & <b>x</b> \\ --help %s \x1b[2J\n- ]]> ☃ \udcff"
linux_only = pytest.mark.skipif(sys.platform != "linux", reason="the way of Linux")


def having(*names: str) -> dict[str, str]:
    """The programs that are there."""
    return {name: f"/usr/bin/{name}" for name in names}


def test_linux_takes_notify_send_first() -> None:
    command = command_for("linux", having("notify-send", "gdbus").get, message())
    assert command.arguments[:4] == ("/usr/bin/notify-send", "--app-name=Litekeep", "--urgency=critical", "--")
    mild = command_for("linux", having("notify-send").get, message(Severity.RECOVERED))
    assert mild.arguments[2] == "--urgency=normal"
    assert command.arguments[4] == "Litekeep: app: backup failed"


def test_a_text_is_one_argument_and_no_markup() -> None:
    bad = message(title=NASTY)
    title, body = command_for("linux", having("notify-send").get, bad).arguments[4:]
    assert title.startswith("Litekeep: $(touch pwned) `id`")
    assert title.isprintable()
    marked = command_for("linux", having("notify-send").get, message_of_what("<b>&"))
    assert "&lt;b&gt;&amp;" in marked.arguments[5]
    assert body


def message_of_what(what: str) -> Message:
    """A message that says that."""
    return replace(message(), what=what)


def test_gdbus_gets_strings_that_end_where_they_end() -> None:
    command = command_for("linux", having("gdbus").get, message(title='a"b\\c'))
    assert command.arguments[0] == "/usr/bin/gdbus"
    assert '"Litekeep: a\\"b\\\\c"' in command.arguments
    assert command.arguments[-2] == "{'urgency': <byte 2>}"


@linux_only
@pytest.mark.skipif(shutil.which("gdbus") is None, reason="needs gdbus")
def test_gdbus_understands_what_it_is_given() -> None:
    """Without a desktop it gets as far as connecting, which is after it has read its arguments."""
    command = command_for("linux", {"gdbus": shutil.which("gdbus") or ""}.get, message(title=NASTY))
    done = subprocess.run(
        command.arguments, capture_output=True, text=True, check=False, env={"DBUS_SESSION_BUS_ADDRESS": "unix:path=/x"}
    )
    assert done.returncode != 0
    assert "onnect" in done.stderr
    assert "parsing" not in done.stderr.lower()


def test_macos_gets_texts_as_arguments_of_a_fixed_script() -> None:
    command = command_for("darwin", having("osascript").get, message(title=NASTY))
    assert command.arguments[1::2][:3] == ("-e", "-e", "-e")
    fixed = command_for("darwin", having("osascript").get, message())
    assert command.arguments[:7] == fixed.arguments[:7]
    assert "touch pwned" in command.arguments[7]


def test_windows_gets_texts_as_ascii_json_on_its_input() -> None:
    command = command_for("win32", having("powershell.exe").get, message(title=NASTY))
    fixed = command_for("win32", having("powershell.exe").get, message())
    assert command.arguments == fixed.arguments, "no text is in the script or the arguments"
    script = b64decode(command.arguments[-1]).decode("utf-16-le")
    assert "ConvertFrom-Json" in script
    assert "Invoke-Expression" not in script
    assert command.standard_input.isascii()
    assert "touch pwned" in json.loads(command.standard_input)["title"]


@pytest.mark.parametrize("platform", ["linux", "darwin", "win32"])
def test_without_a_program_it_is_not_available(platform: str) -> None:
    with pytest.raises(NotDelivered, match="installed") as caught:
        command_for(platform, having().get, message())
    assert not caught.value.available


@pytest.fixture
def bin_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder in which programs are looked for."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    return folder


def program(folder: Path, name: str, script: str) -> None:
    """A program of that name."""
    (folder / name).write_text(f"#!{sys.executable}\n{script}")
    (folder / name).chmod(0o755)


@linux_only
def test_the_program_gets_it(bin_folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "arguments.json"
    program(bin_folder, "notify-send", f"import json, sys; json.dump(sys.argv[1:], open({str(out)!r}, 'w'))")
    send_desktop(DesktopChannel(), message(title=NASTY))
    arguments = json.loads(out.read_text())
    assert arguments[3].startswith("Litekeep: $(touch pwned)")
    assert len(arguments) == 5
    assert not list(tmp_path.rglob("pwned"))


@linux_only
@pytest.mark.parametrize(
    ("script", "told", "available"),
    [
        ("import sys; sys.exit('Cannot autolaunch D-Bus without X11 $DISPLAY')", "without X11", False),
        ("import sys; sys.exit('token=abc is wrong')", r"token=\*\*\* is wrong", True),
        ("import sys; sys.exit(3)", "notify-send ended with code 3$", True),
    ],
)
def test_a_program_that_fails(script: str, told: str, available: bool, bin_folder: Path) -> None:
    program(bin_folder, "notify-send", script)
    with pytest.raises(NotDelivered, match=told) as caught:
        send_desktop(DesktopChannel(), message())
    assert caught.value.available is available


@linux_only
def test_a_program_that_hangs_costs_only_the_limit(bin_folder: Path) -> None:
    program(bin_folder, "notify-send", "import time; time.sleep(20)")
    with pytest.raises(NotDelivered, match="did not end in time") as caught:
        send_desktop(DesktopChannel(timeout_seconds=0.3), message())
    assert caught.value.transient


@linux_only
def test_a_program_that_is_none(bin_folder: Path) -> None:
    (bin_folder / "notify-send").write_bytes(b"\x00\x01")
    (bin_folder / "notify-send").chmod(0o755)
    with pytest.raises(NotDelivered, match="cannot be started") as caught:
        send_desktop(DesktopChannel(), message())
    assert not caught.value.available


def test_commands_are_lists() -> None:
    assert isinstance(command_for("linux", having("notify-send").get, message()), Command)
