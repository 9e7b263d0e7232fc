"""What expansion asks of the walk that it is a part of."""

from __future__ import annotations

from typing import Protocol


class Bounds(Protocol):
    """Who keeps the work for one script within bounds."""

    def spend(self, steps: int) -> None:
        """Count work that is worth so many steps."""

    def narrow(self) -> None:
        """Note that of the combinations only the likeliest are looked at."""

    def leave_out(self, what: str) -> None:
        """Note that of some things, which this names, there are too many to look at all."""
