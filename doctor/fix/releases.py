"""Fixes of the release of vLLM that a script pins."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from doctor.diagnostic import Edit
from doctor.fix.work import How, NoFixError, Work


def pin_release(work: Work) -> Iterator[Edit]:
    """`pin-release`: another release in the place of the one that is pinned."""
    location = work.place(str(work.repair.operands["of"]))
    version = str(getattr(work.fact, "version", ""))
    found = list(
        re.finditer(
            rf"(?<![\d.]){re.escape(version)}(?![\d.]|\.?(?:post|rc|dev))", work.written(location)
        )
    )
    if len(found) != 1:
        raise NoFixError("the release does not stand there literally")
    start = location.start.offset + found[0].start()
    yield work.edit(work.stretch(start, start + len(version)), work.operand("to"))


HOW: Mapping[str, How] = {
    "pin-release": How(pin_release),
}
