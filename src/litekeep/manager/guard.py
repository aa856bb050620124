"""Guards: a verified backup before something dangerous, and the way back if it goes wrong.

    with manager.protect("import"):        # or: async with, or @manager.protect("import")
        import_employees(path)

Fail closed: without the backup the block is not entered (NotProtected), unless the guard was told that a warning is
enough. An unchanged database reuses its newest verified backup, so that nested and repeated guards cost nothing. If the
block raises, the error carries a note that names the restore point (and `restore_point`, the snapshot itself); with
on_error="restore" the database is brought back before the error goes on.
"""

from __future__ import annotations

import asyncio
import functools
import inspect
from collections.abc import Callable
from types import TracebackType
from typing import Any, Literal, Protocol, Self, TypeVar, cast

from litekeep.errors import LitekeepError, NotProtected
from litekeep.model import Reason, Snapshot

Function = TypeVar("Function", bound=Callable[..., Any])
OnError = Literal["raise", "restore"]
Policy = Literal["fail", "warn"]


class Keeper(Protocol):
    """What a guard needs of a BackupManager."""

    def create_backup(self, label: str = ..., *, reason: Reason = ...) -> Snapshot:
        """A verified backup."""

    def restore_backup(self, snapshot: Snapshot, *, accept_problems: bool) -> object:
        """Over the live database."""

    def warn(self, code: str, message: str) -> None:
        """Tell the listeners."""


class Guard:
    """Context manager (also asynchronous) and decorator; see the module's text. One guard may be used many times.

    active: asked at every entry whether there is something to guard.
    """

    def __init__(
        self,
        keeper: Keeper,
        name: str,
        *,
        reason: Reason = Reason.PRE_OPERATION,
        active: Callable[[], bool] = lambda: True,
        on_error: OnError = "raise",
        policy: Policy = "fail",
    ) -> None:
        self._keeper = keeper
        self._name = name
        self._reason = reason
        self._active = active
        self._on_error = on_error
        self._policy = policy
        self._points: list[Snapshot | None] = []

    @property
    def restore_point(self) -> Snapshot | None:
        """The backup that stands for the state before the innermost block; None outside, or where none was made."""
        return self._points[-1] if self._points else None

    def __enter__(self) -> Self:
        self._points.append(self._back_up())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        point = self._points.pop()
        if error is None or point is None:
            return
        error.restore_point = point  # type: ignore[attr-defined]
        when = point.created_at.isoformat(sep=" ", timespec="seconds")
        error.add_note(f"The database's state before {self._name!r} is backup {point.short_id} of {when}.")
        if self._on_error == "restore" and isinstance(error, Exception):
            self._bring_back(point, error)

    async def __aenter__(self) -> Self:
        self._points.append(await asyncio.to_thread(self._back_up))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await asyncio.to_thread(self.__exit__, kind, error, trace)

    def __call__(self, function: Function) -> Function:
        """As a decorator, of functions and coroutine functions."""
        if inspect.iscoroutinefunction(function):

            @functools.wraps(function)
            async def guarded_async(*args: Any, **kwargs: Any) -> Any:
                async with self._anew():
                    return await function(*args, **kwargs)

            return cast("Function", guarded_async)

        @functools.wraps(function)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            with self._anew():
                return function(*args, **kwargs)

        return cast("Function", guarded)

    def _anew(self) -> Guard:
        """For one call: calls may overlap."""
        return Guard(
            self._keeper,
            self._name,
            reason=self._reason,
            active=self._active,
            on_error=self._on_error,
            policy=self._policy,
        )

    def _back_up(self) -> Snapshot | None:
        if not self._active():
            return None
        try:
            return self._keeper.create_backup(f"before {self._name}", reason=self._reason)
        except Exception as error:
            told = _told(error)
            if self._policy == "warn":
                self._keeper.warn("not_protected", f"{self._name} goes on without a backup: {told}")
                return None
            expected = error if isinstance(error, LitekeepError) else LitekeepError(told)
            raise NotProtected(
                f"{self._name!r} was not begun, because the backup before it failed: {told}",
                safe=expected.safe or "The database is as it was.",
                hint=expected.hint,
            ) from error

    def _bring_back(self, point: Snapshot, error: Exception) -> None:
        """Also to a state that had problems: the block began with it. Never hides the error that it answers."""
        try:
            self._keeper.restore_backup(point, accept_problems=True)
        except Exception as failed:  # noqa: BLE001 - a hook of the application may raise anything
            hint = failed.hint if isinstance(failed, LitekeepError) else ""
            error.add_note(f"It could not be brought back: {_told(failed)}. {hint}".rstrip())
            what = f"after {self._name}, {point.short_id} was not restored"
            self._keeper.warn("not_restored", f"{what}: {_told(failed)}")
        else:
            error.add_note("The database was brought back to that state.")


def _told(error: Exception) -> str:
    return error.message if isinstance(error, LitekeepError) else f"{type(error).__name__}: {error}"
