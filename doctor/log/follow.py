"""A log that grows: what is new in it, whenever it has stopped growing for a moment."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from doctor.base.errors import DoctorError
from doctor.diagnostic import Diagnostic
from doctor.log.account import Account
from doctor.log.diagnostics import Excerpt
from doctor.log.examine import told
from doctor.log.signature import Signature
from doctor.log.stream import BLOCK

#: How often a log is looked at, in seconds.
_INTERVAL = 0.5
#: How much of its end is kept, in bytes.
_TAIL = 8192


class Growing:
    """Reads what was added to a log, once more from its start if it was written anew.

    The log need not be there yet.
    """

    def __init__(self, path: str, signatures: Sequence[Signature]) -> None:
        self.path = path
        self._signatures = signatures
        self._begin()

    def _begin(self) -> None:
        self.account = Account(self._signatures)
        self._at = 0
        self._rest = self.tail = b""

    def read(self, to_the_end: bool = False) -> bool:
        """Take in all that is there by now; whether there was anything new.

        A last line without an end waits for the rest of it, but for ``to_the_end``.
        """
        try:
            with Path(self.path).open("rb") as file:
                if file.seek(0, 2) < self._at:
                    self._begin()
                file.seek(self._at)
                before = self._at
                while data := file.read(BLOCK):
                    self._at += len(data)
                    self._take(data)
        except FileNotFoundError:
            return False
        except OSError as problem:
            raise DoctorError(f"can't be read: {problem.strerror}", self.path) from None
        if to_the_end and self._rest:
            self.account.read(self._rest + b"\n")
            self._rest = b""
        return self._at > before

    def _take(self, data: bytes) -> None:
        """Read whole lines; a long one is cut. ``tail`` is the end of what is there."""
        self.tail = (self.tail + data)[-_TAIL:]
        data = self._rest + data
        end = data.rfind(b"\n") + 1
        if end:
            self.account.read(data[:end])
        self._rest = data[end:]
        if len(self._rest) >= BLOCK:
            self.account.read(self._rest)
            self._rest = b""


def follow(
    path: str, signatures: Sequence[Signature], release: str | None
) -> Iterator[tuple[Excerpt, tuple[Diagnostic, ...]]]:
    """What a log tells whenever it tells something new, for ever."""
    if not Path(path).exists():
        raise DoctorError("there is no such file", path)
    growing = Growing(path, signatures)
    known: set[tuple[str, int]] = set()
    while True:
        grew = growing.read()
        if not grew or not known:
            found = told(path, growing.account, release)
            new = [
                each
                for each in found.diagnostics
                if (each.code, each.location.start.row) not in known
            ]
            known |= {(each.code, each.location.start.row) for each in new}
            if new:
                yield found.source, tuple(new)
        time.sleep(_INTERVAL)
