"""Which of all that a log tells is what went wrong: causes before what wraps them."""

from __future__ import annotations

from collections.abc import Sequence

from doctor.base.record import Record
from doctor.log.account import Sighting, Stretch
from doctor.log.header import Header
from doctor.log.signature import Role

#: So near to a log's end an error is what ended it, in rows.
_NEAR_END = 40


class Verdict(Record):
    """What went wrong.

    ``told`` are the causes, or without any the symptoms, in the order in which they were said.
    Where there is neither, ``error`` is the one that is not known better and that seems to be the
    cause, and the first of the ``wrappers`` says that something failed. ``hints`` come with them.
    """

    told: tuple[Sighting, ...] = ()
    error: Sighting | None = None
    wrappers: tuple[Sighting, ...] = ()
    hints: tuple[Sighting, ...] = ()
    header: Header = Header()

    @property
    def healthy(self) -> bool:
        return not (self.told or self.error or self.wrappers)


def verdict(stretches: Sequence[Stretch], rows: int) -> Verdict:
    """The verdict on these stretches of a log with so many rows."""
    told = _standing(stretches, Role.CAUSE) or _standing(stretches, Role.SYMPTOM)
    wrappers = _of(stretches, Role.WRAPPER)
    error = None if told else _unexplained(stretches, rows)
    failed = told or error or wrappers
    return Verdict(
        told=_once(told),
        error=error,
        wrappers=_once(wrappers),
        hints=_once(_of(stretches, Role.HINT)) if failed else (),
        header=_header(stretches, told, wrappers),
    )


def _standing(stretches: Sequence[Stretch], role: Role) -> list[Sighting]:
    """The sightings that no server survived, and that no other sighting explains better."""
    return [
        sighting
        for at, stretch in enumerate(stretches)
        for sighting in stretch.of(role)
        if (sighting.signature.serving or not _survived(at, stretches))
        and not any(code in stretch.sightings for code in sighting.signature.unless)
    ]


def _of(stretches: Sequence[Stretch], role: Role) -> list[Sighting]:
    return [sighting for stretch in stretches for sighting in stretch.of(role)]


def _once(sightings: Sequence[Sighting]) -> tuple[Sighting, ...]:
    """The first sighting of each signature."""
    first: dict[str, Sighting] = {}
    for sighting in sightings:
        first.setdefault(sighting.signature.code, sighting)
    return tuple(first.values())


def _survived(at: int, stretches: Sequence[Stretch]) -> bool:
    """Whether a server became ready in spite of what it said in this stretch.

    Of two servers that write one log the other may be the one that is ready: then something fails
    later without another cause.
    """
    following = stretches[at + 1 : at + 2]
    if stretches[at].serving or not following or not following[0].serving:
        return False
    fails_here = stretches[at].of(Role.WRAPPER)
    fails_later = following[0].of(Role.WRAPPER) and not following[0].of(Role.CAUSE)
    return not (fails_here or fails_later)


def _unexplained(stretches: Sequence[Stretch], rows: int) -> Sighting | None:
    """The error that seems to be the cause, though nothing is known of it.

    It is the first one of the stretch in which something failed; or the last of all if the log
    ends with it and no server is ready.
    """
    for stretch in stretches:
        wrappers = stretch.of(Role.WRAPPER)
        if wrappers and stretch.errors:
            before = [each for each in stretch.errors if each.first.row < wrappers[0].first.row]
            return (before or stretch.errors)[0]
    last = stretches[-1].last_error
    if last is not None and not stretches[-1].serving and rows - last.first.row < _NEAR_END:
        return last
    return None


def _header(
    stretches: Sequence[Stretch], told: Sequence[Sighting], wrappers: Sequence[Sighting]
) -> Header:
    """What the run said of itself in which things went wrong; else what the last one said."""
    for stretch in stretches:
        if any(each in stretch.sightings.values() for each in (*told, *wrappers)):
            return stretch.header
    return stretches[-1].header
