"""Claims: what a page found of each thing that the document says from which its lesson comes.

They stand in the pages, in tables that begin with the columns ``Claim`` and ``Verdict``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from doctor.base.record import Record
from doctor.knowledge.markdown import read
from doctor.knowledge.rows import Page

VERDICTS = ("confirmed", "corrected", "unverified")


class Claim(Record):
    """A row of such a table: ``more`` are its other cells, by the heads of their columns."""

    filename: str
    line: int
    claim: str
    verdict: str
    more: Sequence[tuple[str, str]]

    @property
    def problem(self) -> str | None:
        """What is wrong with the row."""
        if self.verdict not in VERDICTS:
            return f"the verdict is one of {', '.join(VERDICTS)}, not {self.verdict!r}"
        if self.verdict != "unverified" and not dict(self.more).get("source"):
            return f"a claim that is {self.verdict} needs a source"
        return None

    def __str__(self) -> str:
        told = "; ".join(f"{name}: {cell}" for name, cell in self.more if cell)
        said = f"{self.filename}:{self.line}: {self.verdict}: {self.claim}"
        return f"{said} ({told})" if told else said


def claims(pages: Sequence[Page]) -> Iterator[Claim]:
    """The claims of the pages, in the order of files and lines."""
    for page in sorted(pages, key=lambda page: page.place.filename):
        filename = page.place.filename
        for block in read(filename, Path(filename).read_text("utf-8")).blocks:
            heads = [head.lower() for head in block.header]
            if heads[:2] == ["claim", "verdict"]:
                for row in block.rows:
                    claim, verdict, *rest = [*row.cells, *[""] * len(heads)]
                    more = tuple(zip(heads[2:], rest, strict=False))
                    yield Claim(filename, row.line, claim, verdict, more)


def summary(found: Sequence[Claim]) -> str:
    """How many claims there are of each verdict."""
    counts = (f"{sum(each.verdict == name for each in found)} {name}" for name in VERDICTS)
    return f"{len(found)} claims: {', '.join(counts)}."
