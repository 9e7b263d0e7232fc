"""What is to be said of a flag: accepted, removed, deprecated, not known, with a wrong value."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from doctor.base.errors import closest
from doctor.base.record import Record
from doctor.base.regex import regex
from doctor.values.value import UNKNOWN, UnknownType
from doctor.vllm.arguments import Flag
from doctor.vllm.migration import Rewrite, of_flag
from doctor.vllm.releases import Candidates, in_words, whether
from doctor.vllm.rows import Row
from doctor.vllm.server import Server

#: How much alike a flag and the one that was meant are; forks have flags of their own.
_ALIKE = 0.87


#: How the tables say that nothing takes the place of what is gone; what follows is a remark.
_NOTHING = regex(r"(?:none found|none|drop it|delete it)\b[:;,]? *(?:delete it\b[:;,]? *)?")
#: Words that say nothing in a flag's name.
_FILLING = frozenset({"of", "the", "to", "for"})


class Verdict(Record):
    """A flag, judged by the releases that all else on the line allows.

    ``known``: some release knows it (UNKNOWN where one that we don't know may); ``suggestion``
    is a known name that is much like it.
    ``accepted``: the candidates accept it (UNKNOWN: some do). ``newest_accepts``: the newest
    release does. ``too_new``: no candidate accepts it, but later releases do. ``deprecated``:
    it is so in the candidates. ``accepted_by``: the releases that accept it, in words.
    ``rewrite``: what to write instead, where all candidates accept that.
    ``problem``: what is wrong with its value; UNKNOWN where that depends on the release.
    """

    flag: Flag
    known: bool | UnknownType
    accepted: bool | UnknownType = UNKNOWN
    newest_accepts: bool = False
    too_new: bool = False
    accepted_by: str = ""
    added_in: str | None = None
    removed_in: str | None = None
    readded_in: str | None = None
    deprecated: bool | UnknownType = False
    deprecated_in: str | None = None
    replacement: str | None = None
    rewrite: Rewrite | None = None
    problem: str | UnknownType | None = None
    suggestion: str | None = None


def instead(replacement: str | None) -> str | None:
    """What to do in place of something that is gone: ``Use --moe-backend``, ``Leave it out``."""
    if replacement is None:
        return None
    nothing = _NOTHING.match(replacement)
    if nothing is None:
        return f"Use {replacement}"
    remark = replacement[nothing.end() :]
    joint = "" if not remark else " " if remark.startswith("(") else "; "
    return f"Leave it out{joint}{remark}"


def verdicts(server: Server, candidates: Candidates) -> list[Verdict]:
    """A verdict on every flag of a server's line, in order."""
    flags = server.arguments.flags
    return [_verdict(flag, flags, candidates) for flag in flags]


def _verdict(flag: Flag, line: Sequence[Flag], candidates: Candidates) -> Verdict:
    row, tables = flag.row, candidates.tables
    if row is None:
        return Verdict(
            flag,
            known=flag.ambiguous if candidates.complete else UNKNOWN,
            suggestion=None if flag.ambiguous else _meant(flag.name, tables.flags),
            problem=flag.problem,
        )
    claim = next((claim for claim in candidates.claims if claim.flag is flag), None)
    others = candidates.others(claim)
    accepted = candidates.accepts(claim) if claim else False
    earlier = (others & -others) - 1
    return Verdict(
        flag,
        known=True,
        accepted=accepted,
        newest_accepts=bool(flag.admits & tables.newest),
        too_new=accepted is False and bool(flag.admits) and not flag.admits & earlier,
        accepted_by=in_words(flag.admits, tables),
        added_in=row.feature.added,
        removed_in=row.feature.removed,
        readded_in=row.feature.readded,
        deprecated=whether(others & flag.admits, row.deprecated) if row.deprecated else False,
        deprecated_in=row.feature.deprecated,
        replacement=instead(row.feature.replacement),
        rewrite=of_flag(flag, line, others, tables),
        problem=_problem(flag, others, candidates),
    )


def _meant(name: str, rows: Mapping[str, Row]) -> str | None:
    """The flag that was probably meant; what begins with ``--no-`` is the negation of another."""
    if name.startswith("--no-") and (near := nearest(f"--{name[5:]}", rows, _ALIKE)) is not None:
        return f"--no-{near[2:]}" if rows[near].kind == "bool" else None
    return nearest(name, rows, _ALIKE) or _written_out(name, rows)


def _written_out(name: str, rows: Iterable[str]) -> str | None:
    """The flag whose words these are, written out or cut short: ``--max-number-of-sequences``."""
    words = _words(name)
    same = [row for row in rows if len(words) > 2 and _same_words(words, _words(row))]
    return same[0] if len(same) == 1 else None


def _words(flag: str) -> list[str]:
    return [word for word in flag.strip("-").split("-") if word not in _FILLING]


def _same_words(ours: Sequence[str], theirs: Sequence[str]) -> bool:
    pairs = zip(ours, theirs, strict=False)
    return len(ours) == len(theirs) and all(one[:3] == other[:3] for one, other in pairs)


def nearest(name: str, names: Iterable[str], cutoff: float = 0.8) -> str | None:
    """A name that was probably meant; ``cutoff`` is how much alike the two must be, 1 at most."""
    return closest(name, tuple(names), cutoff)


def _problem(flag: Flag, releases: int, candidates: Candidates) -> str | UnknownType | None:
    """What is wrong with a value; nothing is said of what only older releases may refuse."""
    if flag.problem is None or (flag.may_change and not candidates.complete):
        return None
    judged = releases & ~flag.unless_plugin
    wrong = whether(judged, flag.wrong_in) if judged else False
    if wrong is UNKNOWN and flag.wrong_in & candidates.tables.newest:
        return UNKNOWN
    return flag.problem if wrong is True else None
