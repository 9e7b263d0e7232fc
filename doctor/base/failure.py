"""Faults of our own, and how they are kept from costing more than what they happened in."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from types import TracebackType
from typing import TypeVar

from doctor.base.errors import DoctorError
from doctor.base.record import Record


class Failure(Record):
    """A fault of ours: where it happened, what Python says of it, and the traceback's lines."""

    where: str
    error: str
    traceback: str

    def __str__(self) -> str:
        return (
            f"vllm-doctor itself failed in {self.where} ({self.error}), so what that would have "
            "found is missing; please report it to its maintainers, with the script and what "
            "the same command says with --traceback"
        )


def failure(where: str, error: BaseException) -> Failure:
    """What there is to tell of an exception that nothing expected."""
    from traceback import format_exception  # takes long to import, and is hardly ever needed

    lines = format_exception(type(error), error, error.__traceback__, limit=-20)
    return Failure(where, f"{type(error).__name__}: {error}"[:200], "".join(lines))


_Found = TypeVar("_Found")


def spared(
    failures: list[Failure], where: str, find: Callable[[], Iterable[_Found]]
) -> list[_Found]:
    """What ``find`` finds; if it fails, that is what it found before, and one failure more."""
    found: list[_Found] = []
    with Sparing(failures, where):
        found.extend(find())
    return found


class Sparing:
    """A context in which an exception that nothing expected ends only what stands in it.

    It is added to ``failures``; where that is None, it goes on. So does ``DoctorError``, which is
    raised on purpose.
    """

    def __init__(self, failures: list[Failure] | None, where: str) -> None:
        self._failures, self._where = failures, where

    def __enter__(self) -> None:
        pass

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:
        if not isinstance(error, Exception) or isinstance(error, DoctorError):
            return False
        if self._failures is None:
            return False
        self._failures.append(failure(self._where, error))
        return True
