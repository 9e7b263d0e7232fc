"""Fixes of the programs around a server, and of those that end it."""

from __future__ import annotations

from collections.abc import Iterator

from doctor.diagnostic import Edit
from doctor.fix.work import NoFixError, Work


def add_option(work: Work) -> Iterator[Edit]:
    """`add-option`: an option behind the program's name."""
    attribute = str(work.repair.operands["after"])
    location = work.place(attribute)
    program = str(getattr(work.fact, attribute.replace("-", "_")))
    if work.written(location).rpartition("/")[2] != program.rpartition("/")[2]:
        raise NoFixError("the program is not written there as it is")
    end = work.stretch(location.end.offset, location.end.offset)
    yield work.edit(end, " " + work.operand("option"))
