"""What a report is made of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from doctor.base.record import Record
from doctor.diagnostic import Diagnostic, Severity, Source

if TYPE_CHECKING:
    from doctor.scan.baseline import Held


class Report(Record):
    """All that a format may want to know.

    ``noun`` is what each of the ``files`` is, ``repair`` what a person calls to make the fixes;
    ``quiet`` means that a person wants the diagnostics and no word besides. ``held`` is what a
    baseline holds back.
    """

    diagnostics: tuple[Diagnostic, ...]
    sources: Mapping[str, Source]
    files: int
    show: Severity = Severity.WARNING
    colour: bool = False
    width: int = 100
    noun: str = "script"
    repair: str = "--fix"
    quiet: bool = False
    held: Held | None = None

    @property
    def shown(self) -> tuple[Diagnostic, ...]:
        """The diagnostics that are as bad as what a person wants to see."""
        return tuple(d for d in self.diagnostics if d.severity.rank >= self.show.rank)
