"""Every wish does its work on a real database, and says how it ended."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from litekeep.clock import SystemClock
from litekeep.manager.questions import RotationPreview
from litekeep.model import Level, Snapshot
from litekeep.operations.preview import Preview
from litekeep.operations.status import Verdict
from litekeep.retention import RetentionPolicy
from litekeep.testing import ManualClock
from litekeep.ui.bridge import Answer, Bridge, FactsChanged, WorkChanged
from litekeep.ui.bridge.bridge import BUSY_MS, IDLE_MS
from litekeep.ui.presenter.facts import End
from ui.bridge.conftest import World, drain_until, loaded, outcome_of
from ui.many import lengthen


def backed_up(world: World, bridge: Bridge, label: str = "") -> Snapshot:
    outcome = outcome_of(bridge, bridge.back_up(label))
    assert outcome.end is End.DONE, outcome
    assert outcome.about is not None
    return outcome.about


def test_before_the_first_backup(world: World) -> None:
    bridge = world.bridge()
    assert bridge.facts.status is None
    assert bridge.facts.name == "app"
    loaded(bridge)
    assert bridge.facts.status is not None
    assert bridge.facts.status.verdict is Verdict.NEVER
    assert bridge.facts.database_bytes
    assert bridge.facts.editable
    assert not bridge.facts.started
    assert bridge.pause_ms == IDLE_MS


def test_a_backup_from_the_click_to_the_facts(world: World) -> None:
    bridge = loaded(world.bridge())
    world.gate.shut()
    assert bridge.back_up("before payroll")
    assert not bridge.back_up()
    drain_until(bridge, lambda _: bridge.facts.work and bridge.facts.work.phase)
    assert bridge.facts.work is not None
    assert bridge.facts.work.verb == "backup"
    assert bridge.pause_ms == BUSY_MS
    world.gate.open()
    outcome_of(bridge)
    assert bridge.facts.work is None
    assert bridge.facts.outcome is not None
    assert bridge.facts.outcome.end is End.DONE
    assert [each.label for each in bridge.facts.snapshots] == ["before payroll"]
    assert {each.verb for each in bridge.facts.rows} == {"backup", "prune"}
    assert bridge.facts.plan is not None
    assert bridge.facts.space_bytes
    assert bridge.facts.free_bytes
    bridge.dismiss()
    assert any(isinstance(each, FactsChanged) for each in bridge.drain())
    assert bridge.facts.outcome is None


def test_work_and_facts_never_contradict_each_other(world: World) -> None:
    """While the work is shown, or its outcome and the facts after it: never nothing with the facts of before."""
    bridge = loaded(world.bridge())
    assert bridge.back_up()
    seen = set()

    def look(_: object) -> bool:
        facts = bridge.facts
        seen.add((facts.work is not None, facts.outcome is not None, len(facts.snapshots)))
        return facts.outcome is not None

    drain_until(bridge, look)
    assert seen <= {(False, False, 0), (True, False, 0), (True, False, 1), (False, True, 1)}
    assert (False, True, 1) in seen


def test_verify_one_and_all(world: World) -> None:
    bridge = loaded(world.bridge())
    first = backed_up(world, bridge)
    world.add("somebody")
    second = backed_up(world, bridge)
    outcome = outcome_of(bridge, bridge.verify())
    assert (outcome.verb, outcome.end, outcome.checked, outcome.problems) == ("verify", End.DONE, 2, ())
    outcome = outcome_of(bridge, bridge.verify([first]))
    assert outcome.about is not None
    assert (outcome.about.id, outcome.checked) == (first.id, 1)
    assert second.id == bridge.facts.snapshots[-1].id


def test_verify_says_what_is_damaged(world: World) -> None:
    bridge = loaded(world.bridge())
    good = backed_up(world, bridge)
    world.add("somebody")
    bad = backed_up(world, bridge)
    packs = sorted((world.manager.repository / "packs").rglob("*-*"), key=lambda path: path.stat().st_mtime_ns)
    data = bytearray(packs[-1].read_bytes())
    data[len(data) // 2] ^= 0xFF
    packs[-1].chmod(0o600)
    packs[-1].write_bytes(data)
    outcome = outcome_of(bridge, bridge.verify())
    assert outcome.end is End.DONE
    assert bad.id in {each.id for each in outcome.several}
    assert outcome.problems
    assert outcome.checked == 2 - len(outcome.several)
    assert bridge.facts.status is not None
    assert bridge.facts.status.verdict is Verdict.DAMAGED
    assert good.id in {each.id for each in bridge.facts.snapshots}


def test_a_test_restore(world: World) -> None:
    bridge = loaded(world.bridge())
    backed_up(world, bridge)
    outcome = outcome_of(bridge, bridge.test_restore())
    assert (outcome.verb, outcome.end, outcome.checked) == ("drill", End.DONE, 1)
    assert bridge.facts.snapshots[0].verified is Level.DRILL


def test_restore_and_undo(world: World) -> None:
    bridge = loaded(world.bridge())
    before = backed_up(world, bridge)
    world.add("somebody")
    assert world.people() == 51
    outcome = outcome_of(bridge, bridge.restore(before))
    assert (outcome.end, outcome.undoable, outcome.target) == (End.DONE, True, "")
    assert world.people() == 50
    outcome = outcome_of(bridge, bridge.undo_restore())
    assert (outcome.verb, outcome.end, outcome.undoable) == ("undo", End.DONE, False)
    assert world.people() == 51


def test_to_files_and_from_a_file(world: World, tmp_path: Path) -> None:
    bridge = loaded(world.bridge())
    before = backed_up(world, bridge)
    packed, plain = tmp_path / "out.db.gz", tmp_path / "out.db"
    outcome = outcome_of(bridge, bridge.export(before, packed))
    assert (outcome.verb, outcome.target, packed.exists()) == ("export", str(packed), True)
    outcome = outcome_of(bridge, bridge.restore(before, plain))
    assert (outcome.verb, outcome.target, outcome.undoable) == ("restore", str(plain), False)
    world.add("somebody")
    outcome = outcome_of(bridge, bridge.restore_file(packed))
    assert (outcome.end, outcome.undoable) == (End.DONE, True)
    assert world.people() == 50


def test_a_target_that_exists_is_told_in_three_parts(world: World) -> None:
    bridge = loaded(world.bridge())
    before = backed_up(world, bridge)
    outcome = outcome_of(bridge, bridge.export(before, world.path))
    assert outcome.end is End.FAILED
    assert outcome.code == "refused"
    assert outcome.what
    assert "Traceback" in outcome.details


def test_marks(world: World) -> None:
    bridge = loaded(world.bridge())
    first = backed_up(world, bridge)
    world.add("somebody")
    second = backed_up(world, bridge)
    bridge.dismiss()
    bridge.label(first, "the good one")
    assert outcome_of(bridge).verb == "label"
    assert bridge.facts.snapshots[0].label == "the good one"
    assert bridge.facts.outcome is None  # the change itself is the answer
    bridge.pin([first, second])
    outcome_of(bridge)
    assert all(each.pinned for each in bridge.facts.snapshots)
    bridge.delete([second])
    outcome = outcome_of(bridge)
    assert (outcome.end, outcome.code, outcome.several) == (End.FAILED, "refused", ())
    assert bridge.facts.outcome == outcome
    bridge.unpin([first, second])
    outcome_of(bridge)
    bridge.delete([second])
    outcome = outcome_of(bridge)
    assert [each.id for each in outcome.several] == [second.id]
    assert [each.id for each in bridge.facts.trash] == [second.id]
    assert [each.id for each in bridge.facts.snapshots] == [first.id]
    bridge.recover(outcome.several)
    outcome_of(bridge)
    assert len(bridge.facts.snapshots) == 2


def test_of_several_to_delete_the_last_good_one_stays(world: World) -> None:
    bridge = loaded(world.bridge())
    first = backed_up(world, bridge)
    world.add("somebody")
    second = backed_up(world, bridge)
    bridge.delete([first, second])
    outcome = outcome_of(bridge)
    assert outcome.end is End.FAILED
    assert [each.id for each in outcome.several] == [first.id]
    assert [each.id for each in bridge.facts.snapshots] == [second.id]


def test_settings_are_changed_in_the_file(world: World) -> None:
    bridge = loaded(world.bridge())
    bridge.change_settings({"backup.retention_days": 7})
    assert outcome_of(bridge).end is End.DONE
    assert bridge.facts.settings.retention_days == 7
    bridge.change_settings({"backup.retention_days": -1})
    outcome = outcome_of(bridge)
    assert (outcome.end, outcome.code) == (End.FAILED, "settings")
    assert "retention_days" in outcome.problems[0]
    assert bridge.facts.settings.retention_days == 7


def test_the_clean_up_and_its_plan(world: World) -> None:
    lengthen(world.manager, 40)
    bridge = loaded(world.bridge())
    answers: list[int] = []

    def keep(answer: Answer[RotationPreview]) -> None:
        assert answer.value is not None
        answers.append(len(answer.value.plan.removed))

    for days in (1, 5, 30):  # as somebody types: only the newest is answered
        policy = RetentionPolicy(days=days, weeks=0, months=0, keep_last=1)
        bridge.ask("plan", lambda manager, policy=policy: manager.plan_rotation(policy), keep)  # type: ignore[misc]
    drain_until(bridge, lambda _: answers)
    assert not bridge.busy
    bridge.drain()
    assert answers == [10]
    outcome = outcome_of(bridge, bridge.clean_up())
    assert (outcome.verb, outcome.end) == ("prune", End.DONE)


def test_a_clean_up_that_waits_for_a_person(world: World) -> None:
    lengthen(world.manager, 60)
    bridge = loaded(world.bridge())
    bridge.change_settings(
        {"backup.retention_days": 1, "backup.retention_weeks": 0, "backup.retention_months": 0, "backup.keep_last": 1}
    )
    outcome_of(bridge)
    assert bridge.facts.plan is not None
    assert bridge.facts.plan.needs_confirmation
    outcome = outcome_of(bridge, bridge.clean_up())
    assert (outcome.code, outcome.several) == ("waiting", ())
    assert outcome.problems
    outcome = outcome_of(bridge, bridge.clean_up(confirmed=True))
    assert len(outcome.several) > 50
    assert len(bridge.facts.trash) == len(outcome.several)


def test_what_a_restore_would_change(world: World) -> None:
    bridge = loaded(world.bridge())
    before = backed_up(world, bridge)
    world.add("somebody")
    answers: list[Answer[Preview]] = []
    bridge.preview_restore(before, answers.append)
    drain_until(bridge, lambda _: answers)
    assert answers[0].value is not None
    assert answers[0].value.differences() == [("person", 51, 50)]
    assert bridge.facts.work is None


def test_a_question_that_fails_and_one_that_is_forgotten(world: World) -> None:
    bridge = loaded(world.bridge())
    answers: list[Answer[object]] = []
    bridge.preview_restore(world.folder / "no such file", answers.append)
    drain_until(bridge, lambda _: answers)
    assert answers[0].value is None
    assert answers[0].problem is not None
    assert answers[0].problem.code == "source_missing"
    bridge.ask("mine", lambda _: 1 / 0, answers.append)
    drain_until(bridge, lambda _: len(answers) == 2)
    assert answers[1].problem is not None
    assert "ZeroDivisionError" in answers[1].problem.what
    asked = threading.Event()
    bridge.ask("mine", lambda _: asked.set(), answers.append)
    bridge.forget("mine")
    bridge.ask("other", lambda _: 7, answers.append)
    drain_until(bridge, lambda _: len(answers) == 3)
    assert answers[2].value == 7


def test_an_answer_that_raises_takes_none_from_the_others(world: World) -> None:
    bridge = loaded(world.bridge())
    answers: list[object] = []
    done = threading.Barrier(3)

    def wait(_: object) -> int:
        done.wait(10)
        return 1

    bridge.ask("a", wait, lambda _: 1 / 0)  # type: ignore[arg-type]
    bridge.ask("b", wait, answers.append)
    done.wait(10)
    with pytest.raises(ZeroDivisionError):
        drain_until(bridge, lambda _: len(answers) == 2)
    drain_until(bridge, lambda _: answers)


def test_cancel_a_running_backup(world: World) -> None:
    bridge = loaded(world.bridge())
    world.gate.shut()
    bridge.back_up()
    assert world.gate.waiting.wait(10)
    bridge.cancel()
    bridge.drain()
    assert bridge.facts.work is not None
    assert bridge.facts.work.cancelling
    outcome = outcome_of(bridge)
    assert (outcome.end, outcome.code) == (End.CANCELLED, "cancelled")
    assert bridge.facts.snapshots == ()
    world.gate.open()
    assert outcome_of(bridge, bridge.back_up()).end is End.DONE


def test_cancel_between_many_verifications_keeps_what_was_found(world: World) -> None:
    lengthen(world.manager, 5)
    bridge = loaded(world.bridge())
    world.gate.shut()
    bridge.verify()
    assert world.gate.waiting.wait(10)
    drain_until(bridge, lambda _: bridge.facts.work and bridge.facts.work.of == 5)
    bridge.cancel()
    outcome = outcome_of(bridge)
    assert outcome.end is End.CANCELLED
    assert outcome.checked == 0
    assert bridge.facts.work is None


def test_cancel_of_what_waits_leaves_what_runs_alone(world: World) -> None:
    bridge = loaded(world.bridge())
    world.gate.shut()
    other = world.manager.submit_backup("somebody else's")
    assert world.gate.waiting.wait(10)
    assert bridge.test_restore()
    drain_until(bridge, lambda _: bridge.facts.work and bridge.facts.work.waiting)
    bridge.cancel()
    world.gate.waiting.clear()
    assert world.gate.waiting.wait(10)
    assert not other.done()
    world.gate.open()
    outcome = outcome_of(bridge)
    assert (outcome.verb, outcome.end) == ("drill", End.CANCELLED)
    assert other.result(10).snapshot.label == "somebody else's"


def test_a_run_that_somebody_else_began_is_seen(world: World) -> None:
    bridge = loaded(world.bridge())
    world.gate.shut()
    future = world.manager.submit_backup()
    updates = drain_until(bridge, lambda _: bridge.facts.work)
    assert any(isinstance(each, WorkChanged) for each in updates)
    late = loaded(world.bridge())
    assert late.facts.work is not None
    assert late.facts.work.verb == "backup"
    world.gate.open()
    future.result(10)
    for each in (bridge, late):
        drain_until(each, lambda _, each=each: each.facts.work is None and each.facts.snapshots)  # type: ignore[misc]
        assert each.facts.outcome is None


def test_two_views_at_once(world: World) -> None:
    one, two = loaded(world.bridge()), loaded(world.bridge())
    assert one.back_up()
    assert not two.back_up()
    assert outcome_of(one) == outcome_of(two)
    two.close()
    assert outcome_of(one, one.test_restore()).end is End.DONE
    assert two.drain() == []


def test_a_view_that_goes_during_its_job(world: World) -> None:
    bridge = loaded(world.bridge())
    world.gate.shut()
    bridge.back_up()
    assert world.gate.waiting.wait(10)
    bridge.close()
    bridge.close()
    again = world.bridge()
    assert again.facts.status is not None  # what was known is there at once
    assert again.facts.work is not None
    world.gate.open()
    assert outcome_of(again).end is End.DONE
    assert len(again.facts.snapshots) == 1


def test_a_job_ends_while_nobody_looks(world: World) -> None:
    bridge = loaded(world.bridge())
    bridge.back_up()
    bridge.close()
    again = world.bridge()
    drain_until(again, lambda _: again.facts.outcome)
    assert again.facts.outcome is not None
    assert again.facts.outcome.end is End.DONE


def test_the_folder_is_gone_and_comes_back(world: World) -> None:
    bridge = loaded(world.bridge())
    backed_up(world, bridge)
    away = world.folder / "away"
    world.manager.repository.rename(away)
    outcome = outcome_of(bridge, bridge.back_up())
    assert (outcome.end, outcome.code) == (End.FAILED, "no_repository")
    assert outcome.safe
    assert bridge.facts.status is not None
    assert bridge.facts.status.verdict is Verdict.REPOSITORY_MISSING
    assert bridge.facts.space_bytes is None
    away.rename(world.manager.repository)
    bridge.refresh()
    drain_until(bridge, lambda _: bridge.facts.status.verdict is not Verdict.REPOSITORY_MISSING)  # type: ignore[union-attr]
    assert bridge.facts.space_bytes


def test_a_backup_of_another_program_is_noticed(world: World) -> None:
    clock = ManualClock(SystemClock().now())
    bridge = Bridge(world.manager, clock)
    world.bridges.append(bridge)
    loaded(bridge)
    copy = world.folder / "copy"
    world.manager.create_backup()
    drain_until(bridge, lambda _: len(bridge.facts.snapshots) == 1)
    shutil.copytree(world.manager.repository, copy)  # as it is after a backup
    before = bridge.facts
    for _ in range(3):
        bridge.drain()
    assert bridge.facts is before
    shutil.rmtree(world.manager.repository)

    def passing(verdict: Verdict) -> Callable[[object], bool]:
        def condition(_: object) -> bool:
            clock.advance(4)
            return bridge.facts.status is not None and bridge.facts.status.verdict is verdict

        return condition

    drain_until(bridge, passing(Verdict.REPOSITORY_MISSING))
    copy.rename(world.manager.repository)
    drain_until(bridge, passing(Verdict.UNPROVEN))


def test_time_alone_is_a_reason_to_look(world: World) -> None:
    clock = ManualClock(SystemClock().now())
    bridge = Bridge(world.manager, clock)
    world.bridges.append(bridge)
    loaded(bridge)
    now = bridge.facts.now
    clock.advance(61)
    drain_until(bridge, lambda _: bridge.facts.now - now >= timedelta(seconds=61))


def test_pause_and_resume(world: World) -> None:
    bridge = loaded(world.bridge())
    world.manager.start()
    bridge.refresh()
    drain_until(bridge, lambda _: bridge.facts.started and bridge.facts.next_runs)
    world.manager.pause()
    bridge.refresh()
    drain_until(bridge, lambda _: bridge.facts.paused)
    bridge.resume()
    outcome_of(bridge)
    assert not bridge.facts.paused
    bridge.look_again()
    assert outcome_of(bridge).end is End.DONE


def test_the_doctor(world: World) -> None:
    bridge = loaded(world.bridge())
    assert bridge.facts.findings is None
    bridge.examine()
    drain_until(bridge, lambda _: bridge.facts.findings is not None)
    assert bridge.facts.findings
