"""Where a piece of knowledge stands."""

from __future__ import annotations

from pathlib import Path

from doctor.base.record import Record


class Place(Record):
    """A line of a file. ``site`` tells a team's own knowledge from what ships with the tool."""

    filename: str
    line: int
    site: bool = False

    def __str__(self) -> str:
        return f"{self.filename}:{self.line}" if self.line else self.filename

    @property
    def told(self) -> str:
        """For people: a page that ships with the tool is short, wherever the tool lies."""
        return str(self) if self.site else f"kb/{Path(self.filename).name}:{self.line} (built in)"
