"""The window's words and numbers in the reader's language: English in the code, other languages in catalogues.

    say = language("fr")
    say("Last backup {when}", when=say.when(moment, now))
    say.plural("{n} backup", "{n} backups", 1205)   ->  "1 205 sauvegardes"

choice.py tells which language a person reads; translations/update.py gathers the texts and compiles the catalogues.
"""

from litekeep.ui.language.choice import choose_language
from litekeep.ui.language.words import Language, language, phrase

__all__ = ["Language", "choose_language", "language", "phrase"]
