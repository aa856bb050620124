"""References to secrets: where they lead, how they fail, and that nothing of a secret is told."""

from __future__ import annotations

import os
import sys
import types
from pathlib import Path

import pytest

from litekeep.config import secrets
from litekeep.config.secrets import CommandSecret, EnvironmentSecret, FileSecret, KeyringSecret, Secret, resolve
from litekeep.errors import SecretUnavailable
from litekeep.testing import RecordingMonitor

SECRET = "hunter2 ünï"
posix = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no permission bits")


def command(program: str, folder: Path, *arguments: str) -> CommandSecret:
    """A Python program."""
    return CommandSecret((sys.executable, "-c", program, *arguments), folder)


def refused(secret: Secret, why: str) -> SecretUnavailable:
    """The error; nothing in it is the secret."""
    with pytest.raises(SecretUnavailable) as caught:
        resolve(secret, environ={})
    error = caught.value
    assert why in error.message
    assert "hunter2" not in f"{error.message} {error.hint} {error.safe} {error.__cause__}"
    assert error.hint
    assert error.safe
    assert (error.code, error.exit_code) == ("secret", 2)
    return error


def test_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    assert resolve(EnvironmentSecret("A"), environ={"A": SECRET}) == SECRET
    monkeypatch.setenv("LITEKEEP_TEST_SECRET", SECRET)
    assert resolve(EnvironmentSecret("LITEKEEP_TEST_SECRET")) == SECRET
    assert "the environment variable A is not set" in refused(EnvironmentSecret("A"), "is not set").message


@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
def test_file(end: str, tmp_path: Path) -> None:
    (tmp_path / "pw").write_bytes(f" {SECRET} {end}".encode())
    assert resolve(FileSecret(tmp_path / "pw")) == f" {SECRET} ", "only the line break is no part of it"


def test_only_one_line_break_is_no_part_of_it(tmp_path: Path) -> None:
    (tmp_path / "pw").write_bytes(b"a\n\n")
    assert resolve(FileSecret(tmp_path / "pw")) == "a\n"


def test_files_that_are_none(tmp_path: Path) -> None:
    refused(FileSecret(tmp_path / "pw"), "cannot be read: No such file")
    refused(FileSecret(tmp_path), "cannot be read")
    (tmp_path / "pw").write_bytes(b"\n")
    refused(FileSecret(tmp_path / "pw"), "gives nothing")
    (tmp_path / "pw").write_bytes(b"hunter2\xff")
    refused(FileSecret(tmp_path / "pw"), "gives no UTF-8 text")
    (tmp_path / "pw").write_bytes(b"hunter2" * 10_000)
    refused(FileSecret(tmp_path / "pw"), "gives more than 65,536 bytes")


@posix
@pytest.mark.parametrize(("mode", "told"), [(0o600, False), (0o400, False), (0o640, True), (0o604, True)])
def test_a_file_that_others_can_read_is_a_warning(mode: int, told: bool, tmp_path: Path) -> None:
    path = tmp_path / "pw"
    path.write_text(SECRET)
    path.chmod(mode)
    monitor = RecordingMonitor()
    assert resolve(FileSecret(path), monitor=monitor) == SECRET
    codes = [facts["code"] for name, facts in monitor.events if name == "warning"]
    assert codes == (["secret_readable"] if told else [])


def test_command(tmp_path: Path) -> None:
    (tmp_path / "pw").write_text(SECRET, "utf-8")
    program = "import sys; sys.stdout.buffer.write(open('pw', 'rb').read() + b'\\n')"
    assert resolve(command(program, tmp_path)) == SECRET, "it runs in the folder of the settings"


def test_a_command_is_not_for_a_shell(tmp_path: Path) -> None:
    program = "import sys; print(sys.argv[1])"
    assert resolve(command(program, tmp_path, "$HOME; echo x")) == "$HOME; echo x"


def test_commands_that_fail(tmp_path: Path) -> None:
    refused(CommandSecret(("no-such-program", "hunter2"), tmp_path), "the command no-such-program cannot be run")
    failing = "import sys; print('hunter2'); print('hunter2', file=sys.stderr); sys.exit(3)"
    refused(command(failing, tmp_path, "hunter2"), "ended with exit code 3")
    refused(command("pass", tmp_path), "gives nothing")
    refused(command("import sys; sys.stdout.buffer.write(b'\\xff')", tmp_path), "gives no UTF-8 text")


def test_a_command_that_does_not_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(secrets, "COMMAND_SECONDS", 0.3)
    refused(command("import time; print('hunter2', flush=True); time.sleep(60)", tmp_path), "did not end within 0.3")


def test_a_command_is_not_asked_on_the_terminal(tmp_path: Path) -> None:
    assert resolve(command("import sys; print(repr(sys.stdin.read()))", tmp_path)) == "''"


def fake_keyring(monkeypatch: pytest.MonkeyPatch, known: dict[tuple[str, str], str], *, locked: bool = False) -> None:
    """The package keyring as litekeep uses it: what is in it, or that it is locked."""

    class KeyringError(Exception):
        pass

    def get_password(service: str, user: str) -> str | None:
        if locked:
            raise KeyringError(SECRET)
        return known.get((service, user))

    errors = types.ModuleType("keyring.errors")
    vars(errors)["KeyringError"] = KeyringError
    package = types.ModuleType("keyring")
    vars(package).update(get_password=get_password, errors=errors)
    monkeypatch.setitem(sys.modules, "keyring", package)
    monkeypatch.setitem(sys.modules, "keyring.errors", errors)


def test_keyring(monkeypatch: pytest.MonkeyPatch) -> None:
    fake_keyring(monkeypatch, {("litekeep", "mail"): SECRET})
    assert resolve(KeyringSecret("litekeep", "mail")) == SECRET
    refused(KeyringSecret("litekeep", "other"), "the keyring entry litekeep / other gives nothing")


def test_a_keyring_that_is_locked(monkeypatch: pytest.MonkeyPatch) -> None:
    fake_keyring(monkeypatch, {}, locked=True)
    error = refused(KeyringSecret("litekeep", "mail"), "cannot be read: KeyringError")
    assert "use a file, a command or an environment variable" in error.hint
    assert error.__suppress_context__, "the text of the other library is not printed with it"


def test_no_keyring_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "keyring", None)
    assert "litekeep[keyring]" in refused(KeyringSecret("a", "b"), "the package keyring is not installed").hint


def test_the_environment_of_a_command_is_that_of_the_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LITEKEEP_TEST_SECRET", "x")
    assert resolve(command("import os; print(os.environ['LITEKEEP_TEST_SECRET'])", tmp_path)) == "x"
    assert os.environ["LITEKEEP_TEST_SECRET"] == "x"
