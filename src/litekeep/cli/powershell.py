"""Completion for PowerShell, which click has only from 8.5 on: a script that asks the program itself."""

from __future__ import annotations

import os
from typing import ClassVar

from click.shell_completion import CompletionItem, ShellComplete, add_completion_class, split_arg_string

_SCRIPT = """\
Register-ArgumentCompleter -Native -CommandName %(prog_name)s -ScriptBlock {
    param($word, $ast, $position)
    $env:COMP_WORDS = $ast.ToString()
    $env:COMP_LAST = $word
    $env:%(complete_var)s = "powershell_complete"
    try { $answer = & %(prog_name)s } finally {
        Remove-Item Env:COMP_WORDS, Env:COMP_LAST, Env:%(complete_var)s -ErrorAction SilentlyContinue
    }
    foreach ($line in $answer) {
        $kind, $value, $text = $line -split "`t", 3
        if ($kind -eq "plain") {
            if (-not $text) { $text = $value }
            [System.Management.Automation.CompletionResult]::new($value, $value, "ParameterValue", $text)
        } else {
            Get-ChildItem -Path "$word*" -ErrorAction SilentlyContinue | ForEach-Object {
                $name = if ($_.Name -match "[ ']") { "'" + $_.Name.Replace("'", "''") + "'" } else { $_.Name }
                [System.Management.Automation.CompletionResult]::new($name, $_.Name, "ProviderItem", $_.FullName)
            }
        }
    }
}
"""


class PowerShellComplete(ShellComplete):
    """One line for each proposal: kind, value and help, with tabs between them."""

    name: ClassVar[str] = "powershell"
    source_template: ClassVar[str] = _SCRIPT

    def get_completion_args(self) -> tuple[list[str], str]:
        """The words before the cursor, and the one at it."""
        words = split_arg_string(os.environ.get("COMP_WORDS", ""))[1:]
        incomplete = os.environ.get("COMP_LAST", "")
        return (words[:-1] if incomplete and words else words), incomplete

    def format_completion(self, item: CompletionItem) -> str:
        """A line that the script takes apart."""
        return f"{item.type}\t{item.value}\t{' '.join((item.help or '').split())}"


def register() -> None:
    """Make it known to click."""
    add_completion_class(PowerShellComplete)
