"""Encrypted repositories on the command line: made, opened in every way, keys changed, and no key told to anybody."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from cli.conftest import Run, execute, journal, process
from litekeep.formats import keyslot
from litekeep.formats.keyslot import Cost
from litekeep.formats.printedkey import print_key, read_key

PHRASE = "correct horse battery staple"
WRONG_KEY = print_key(bytes(32))


@pytest.fixture(autouse=True)
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    """Passphrases that take no second."""
    monkeypatch.setattr(keyslot, "DEFAULT_COST", Cost(64, 1, 1))
    monkeypatch.delenv("LITEKEEP_PASSPHRASE", raising=False)


@pytest.fixture
def phrase(place: Path) -> Path:
    return secret_file(place / "phrase", PHRASE)


@pytest.fixture
def made(litekeep: Run, database: Path, phrase: Path) -> str:
    """An encrypted repository with a passphrase and a key for the machine (app.key); its recovery key."""
    done = litekeep("init", database, "--encrypt", "--passphrase-file", phrase, "--new-key-file", "app.key", "--json")
    return str(done.json["recovery_key"])


def secret_file(path: Path, text: str) -> Path:
    path.write_text(text + "\n", "utf-8")
    path.chmod(0o600)
    return path


def test_init_shows_the_recovery_key_once_and_says_what_to_do(litekeep: Run, database: Path, phrase: Path) -> None:
    out = litekeep("init", database, "--encrypt", "--passphrase-file", phrase).out
    found = "".join(re.findall(r"^ {6}([0-9A-Z-]+)$", out, re.MULTILINE))
    assert read_key(found)
    assert "litekeep key confirm" in out
    assert "litekeep key recovery-sheet" in out
    assert found not in litekeep("key", "show", "--passphrase-file", phrase).out


@pytest.mark.parametrize("how", ["file", "command", "environment", "key file", "recovery key", "settings"])
def test_every_way_to_open_it(
    litekeep: Run, made: str, database: Path, phrase: Path, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    options: list[object] = []
    if how == "file":
        options = ["--passphrase-file", phrase]
    elif how == "command":
        options = ["--passphrase-command", f"{sys.executable} -c \"print('{PHRASE}')\""]
    elif how == "environment":
        monkeypatch.setenv("LITEKEEP_PASSPHRASE", PHRASE)
    elif how == "key file":
        options = ["--key-file", "app.key"]
    elif how == "recovery key":
        options = ["--key-file", secret_file(Path("paper"), made.lower())]
    else:
        settings = {"database": "app.db", "backup": {"encryption": {"key": {"file": "app.key"}}}}
        Path("backup.json").write_text(json.dumps(settings))
        options = ["-c", "backup.json"]
    litekeep("backup", database, *options)
    assert litekeep("list", "--json", *options).json["snapshots"]
    litekeep("verify", *options)
    litekeep("drill", *options)
    litekeep("restore", "latest", "--to", "new.db", *options)
    assert execute(Path("new.db"), "SELECT count(*) FROM people") == [(100,)]
    litekeep("prune", "--yes", *options)
    assert litekeep("status", *options, expect=None).code in (0, 20)


def test_without_a_key_and_with_a_wrong_one(litekeep: Run, made: str, database: Path) -> None:
    for arguments in (["backup", database], ["list"], ["verify"], ["restore", "latest", "--to", "x.db"], ["status"]):
        done = litekeep(*arguments, "--json", expect=12)
        assert done.error["code"] == "key_needed"
        assert done.error["safe"]
        assert done.error["hint"]
    wrong = secret_file(Path("wrong"), "wrong horse")
    assert litekeep("list", "--passphrase-file", wrong, "--json", expect=12).error["code"] == "wrong_key"
    assert litekeep("list", "--key-file", secret_file(wrong, WRONG_KEY), expect=12).err
    mistyped = secret_file(wrong, made[:-1] + ("A" if made[-1] != "A" else "B"))
    assert "Group 8 of the key is mistyped" in litekeep("list", "--key-file", mistyped, expect=12).err
    assert "secret" in litekeep("list", "--key-file", "nowhere", "--json", expect=2).error["code"]
    assert not Path("x.db").exists()


def test_what_is_meant_to_be_encrypted_is_never_written_in_the_clear(
    litekeep: Run, database: Path, phrase: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither by a first backup that makes the repository, nor in another repository that was put there."""
    litekeep("backup", database, "--passphrase-file", phrase, expect=12)
    Path("backup.json").write_text('{"database": "app.db", "backup": {"encryption": {"key": {"file": "phrase"}}}}')
    litekeep("backup", "-c", "backup.json", expect=12)
    monkeypatch.setenv("LITEKEEP_PASSPHRASE", PHRASE)
    litekeep("backup", database, expect=12)
    assert not Path("backups").exists()
    monkeypatch.delenv("LITEKEEP_PASSPHRASE")
    litekeep("init", database)
    before = sorted(Path("backups").rglob("*"))
    for options in (["--passphrase-file", phrase], ["-c", "backup.json"]):
        assert litekeep("list", *options, expect=6).err
        litekeep("backup", database, *options, expect=6)
    assert [path for path in sorted(Path("backups").rglob("*")) if path.suffix not in (".jsonl", ".log")] == before
    assert "Add --encrypt" in litekeep("init", "-r", "x", "--passphrase-file", phrase, expect=2).err


def test_settings_make_an_encrypted_one(litekeep: Run, database: Path, phrase: Path) -> None:
    Path("backup.json").write_text('{"database": "app.db", "backup": {"encryption": {"key": {"file": "phrase"}}}}')
    assert litekeep("init", "-c", "backup.json", "--json").json["encrypted"]
    litekeep("backup", "-c", "backup.json")


def test_keys_are_added_changed_tested_and_removed(litekeep: Run, made: str, phrase: Path) -> None:
    machine, paper = ["--key-file", "app.key"], ["--key-file", secret_file(Path("paper"), made)]
    other = secret_file(Path("other"), "another passphrase")
    added = litekeep("key", "add", *machine, "--new-passphrase-file", other, "--label", "Zoë", "--json").json["key"]
    assert (added["kind"], added["label"]) == ("passphrase", "Zoë")
    litekeep("list", "--passphrase-file", other)
    assert litekeep("key", "test", "--passphrase-file", other, "--json").json["key"]["id"] == added["id"]
    newest = secret_file(Path("newest"), "the newest passphrase")
    litekeep("key", "change", "Zoë", *machine, "--new-passphrase-file", newest)
    litekeep("list", "--passphrase-file", other, expect=12)
    litekeep("list", "--passphrase-file", newest)
    assert "There are 2 passphrases" in litekeep("key", "change", *machine, expect=2).err
    litekeep("key", "change", "--passphrase-file", phrase, "--new-passphrase-file", other)
    litekeep("list", "--passphrase-file", phrase, expect=12)
    slots = litekeep("key", "show", *paper, "--json").json["keys"]
    assert sorted(slot["kind"] for slot in slots) == ["key", "passphrase", "passphrase", "recovery"]
    for slot in slots:
        if slot["kind"] != "recovery":
            litekeep("key", "remove", slot["id"], *paper, expect=6)  # nobody says yes
            litekeep("key", "remove", slot["id"], *paper, "--yes")
    (last,) = litekeep("key", "show", *paper, "--json").json["keys"]
    assert "last key slot" in litekeep("key", "remove", last["id"], *paper, "--yes", expect=6).err
    new = litekeep("key", "add", "--recovery", *paper, "--json").json["recovery_key"]
    litekeep("list", "--key-file", secret_file(Path("new"), new))
    assert "There is no key slot" in litekeep("key", "remove", "ffff", *paper, "--yes", expect=2).err


def test_a_new_key_file_never_replaces_one(litekeep: Run, made: str) -> None:
    before = Path("app.key").read_bytes()
    for arguments in (["key", "add", "--key-file", "app.key"], ["init", "-r", "y", "--encrypt"]):
        litekeep(*arguments, "--new-key-file", "app.key", expect=2)
    assert Path("app.key").read_bytes() == before
    assert os.name == "nt" or Path("app.key").stat().st_mode & 0o777 == 0o600


def test_a_failed_init_leaves_no_key_file(litekeep: Run) -> None:
    litekeep("init", "missing.db", "--encrypt", "--new-key-file", "new.key", expect=5)
    assert not Path("new.key").exists()


def test_confirming(litekeep: Run, made: str) -> None:
    machine = ["--key-file", "app.key"]
    assert litekeep("key", "show", *machine, "--json").json["unconfirmed"]
    assert "Nobody has confirmed" in litekeep("key", "show", *machine).out
    wrong = secret_file(Path("wrong"), WRONG_KEY)
    litekeep("key", "confirm", *machine, "--recovery-key-file", wrong, expect=12)
    assert "not the recovery key" in litekeep(
        "key", "confirm", *machine, "--recovery-key-file", "app.key", expect=2
    ).err  # fmt: skip
    assert "nobody to ask" in litekeep("key", "confirm", *machine, expect=2).err
    paper = secret_file(Path("paper"), made.lower().replace("-", " "))
    litekeep("key", "confirm", *machine, "--recovery-key-file", paper)
    assert not litekeep("key", "show", *machine, "--json").json["unconfirmed"]


def test_the_recovery_sheet_is_enough(litekeep: Run, made: str, database: Path) -> None:
    machine = ["--key-file", "app.key"]
    settings = {"backup": {"copies": [{"name": "nas", "url": "sftp://me@nas.local/b"}]}}
    Path("backup.json").write_text(json.dumps(settings))
    litekeep("backup", database, *machine)
    litekeep("key", "recovery-sheet", "sheet.html", *machine, "-c", "backup.json")
    page = Path("sheet.html").read_text("utf-8")
    assert os.name == "nt" or Path("sheet.html").stat().st_mode & 0o777 == 0o600
    typed = "-".join(re.findall(r"</small>([0-9A-Z]{8})</td>", page))
    assert typed == made
    for word in ("app", "backups", "nas.local", "restore.py", "cryptography", "litekeep key confirm"):
        assert word in page
    assert "http" not in page.replace("http://www.w3.org/2000/svg", "")
    litekeep("key", "recovery-sheet", "sheet.html", *machine, expect=2)
    litekeep("restore", "latest", "--to", "new.db", "--key-file", secret_file(Path("paper"), typed))
    assert execute(Path("new.db"), "SELECT count(*) FROM people") == [(100,)]


def test_an_unencrypted_repository_has_no_keys(litekeep: Run, database: Path) -> None:
    litekeep("backup", database)
    assert "is not encrypted" in litekeep("key", "show", expect=6).err


def test_no_key_is_told_anywhere(made: str, database: Path, phrase: Path, place: Path) -> None:
    """Output, errors with tracebacks, log, journal, objects: in processes of their own."""
    machine = Path("app.key").read_text().strip()
    secrets = {PHRASE, made, machine, made.replace("-", ""), machine.replace("-", "")}
    told = []
    looking = f"{sys.executable} -c \"print(open('phrase').read().strip())\""
    for options in (["--key-file", "app.key"], ["--passphrase-command", looking], []):
        env = {} if options else {"LITEKEEP_PASSPHRASE": PHRASE}
        for verb in (["backup", database], ["list", "--json"], ["key", "show", "--json"], ["key", "test"]):
            done = process(*verb, *options, "-v", env=env)
            assert done.returncode == 0, done.stderr
            told += [done.stdout, done.stderr]
    failing = [["restore", "nothing", "--to", "x.db"], ["verify", "--check", "SELECT nonsense"], ["restore", "latest"]]
    for verb in failing:
        done = process(*verb, "-v", env={"LITEKEEP_PASSPHRASE": PHRASE})
        told += [done.stdout, done.stderr]
    wrong = process("list", "-v", env={"LITEKEEP_PASSPHRASE": "not this one at all"})
    assert (wrong.returncode, "not this one at all" in wrong.stdout + wrong.stderr) == (12, False)
    told += [path.read_bytes().decode("latin-1") for path in Path("backups").rglob("*") if path.is_file()]
    assert journal(place / "backups")
    for text in told:
        for secret in secrets:
            assert secret not in text


@pytest.mark.skipif(sys.platform == "win32", reason="there are no pseudo-terminals")
def test_a_person_is_asked(database: Path, place: Path) -> None:
    """Twice for a new passphrase, and not shown; once, and again after a mistake, for an old one."""
    shown = at_a_terminal(["init", str(database), "--encrypt"], [PHRASE, "another", PHRASE, PHRASE])
    assert "the two are not the same" in shown
    assert "encrypted repository" in shown
    assert PHRASE not in shown
    shown = at_a_terminal(["list"], ["wrong horse", PHRASE])
    assert "try again" in shown
    assert "Nothing is backed up" in shown or "no backup" in shown.lower()


def at_a_terminal(arguments: list[str], answers: list[str]) -> str:
    """What a person sees who types these answers."""
    import pty

    program = (
        "import sys\nfrom litekeep.formats import keyslot\nkeyslot.DEFAULT_COST = keyslot.Cost(64, 1, 1)\n"
        "from litekeep.cli.main import main\nsys.exit(main(sys.argv[1:]))"
    )
    control, terminal = pty.openpty()
    command = [sys.executable, "-c", program, *arguments]
    running = subprocess.Popen(command, stdin=terminal, stdout=terminal, stderr=terminal, start_new_session=True)
    os.close(terminal)
    shown, asked = b"", 0
    with closing(os.fdopen(control, "rb", buffering=0)) as reader:
        while True:
            try:
                chunk = reader.read(4096)
            except OSError:  # the other side is gone
                break
            if not chunk:
                break
            shown += chunk
            if asked < len(answers) and shown.rstrip(b" ").endswith(b":"):
                os.write(control, answers[asked].encode() + b"\n")
                asked += 1
    running.wait(timeout=60)
    return shown.decode("utf-8", "replace")


def test_an_encrypted_copy_of_a_repository(litekeep: Run, database: Path, phrase: Path) -> None:
    litekeep("backup", database, "--label", "first")
    execute(database, "INSERT INTO people VALUES (1000, 'new')")
    litekeep("backup", database)
    before = [each["id"] for each in litekeep("list", "--json").json["snapshots"]]
    options = ["--passphrase-file", phrase]
    made = litekeep("encrypt", "new", *options, "--json").json
    assert made["copied"] == before
    assert read_key(made["recovery_key"])
    again = litekeep("encrypt", "new", *options, "--json").json
    assert (again["copied"], "recovery_key" in again) == (before, False)
    assert [each["id"] for each in litekeep("list", "-r", "new", *options, "--json").json["snapshots"]] == before
    litekeep("verify", "--all", "-r", "new", *options)
    litekeep("list", "-r", "new", expect=12)


@pytest.mark.skipif(sys.platform != "linux", reason="reads what systemd would be told")
def test_timers_are_told_where_the_key_is(litekeep: Run, made: str, database: Path) -> None:
    done = litekeep("schedule", "install", database, "--dry-run", expect=None)
    if done.code == 2:
        pytest.skip("this system has no timers")
    assert "runs by timers could not open it" in done.err
    assert done.code == 12
    litekeep("backup", database, "--key-file", "app.key")
    plan = litekeep("schedule", "install", database, "--dry-run", "--key-file", "app.key", expect=None)
    assert plan.code == 0
    assert str(Path("app.key").absolute()) in plan.out
    assert Path("app.key").read_text().strip() not in plan.out
    two = ["--key-file", "app.key", "--passphrase-file", "phrase"]
    assert "Name one of --key-file" in litekeep("schedule", "install", database, "--dry-run", *two, expect=2).err
