"""Fixes of values where they are written: in a command, an array, a variable, a default."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from doctor.base.regex import regex
from doctor.diagnostic import Edit, Location
from doctor.fix.reach import is_chosen_with_another
from doctor.fix.stretches import Stretches
from doctor.fix.uses import Path, uses
from doctor.fix.work import How, NoFixError, Work
from doctor.shell.tree import Case, Span

#: What may follow a folder in a path: names, and variables in them.
_IN_PATH = r"(?:[\w.@%+~-]|\$\w+|\$\{[^}\n]*\})*"
_DELETERS = frozenset({"rm", "rmdir", "find", "unlink"})
#: Programs that put something into a folder.
_FILLERS = frozenset("cp mv ln rsync scp tar unzip wget".split())
_VOLATILE = regex(r"(/dev/shm|/var/tmp|/tmp)(?=/)")


def replace_value(work: Work) -> Iterator[Edit]:
    """`replace-value`: another value in place of the one that is written."""
    attribute = str(work.repair.operands["of"])
    place = work.value_place(attribute)
    if _is_one_of_several_numbers(work, attribute.replace("-", "_"), place):
        raise NoFixError("the script chooses between several values")
    if is_chosen_with_another(work.fact, attribute.replace("-", "_")) and _is_for_rest(work, place):
        raise NoFixError("it is also for whatever else comes to the `*)` of its `case`")
    yield work.edit(place, work.operand("by"))


def _is_one_of_several_numbers(work: Work, attribute: str, place: Location) -> bool:
    """Whether the script gives the command another number on other ways, for its own reasons."""
    same = (
        fact
        for fact in work.traced.facts
        if fact.kind == work.fact.kind and fact.location == work.fact.location
    )
    return any(
        isinstance(getattr(fact, attribute), (int, float))
        and not any(_overlap(place, each) for each in fact.evidence[attribute].locations)
        for fact in same
    )


def _is_for_rest(work: Work, place: Location) -> bool:
    """Whether a place lies in the arm of a `case` for what no other arm is for."""
    arms = (arm for case in work.index.commands if isinstance(case, Case) for arm in case.arms)
    return any(
        arm.span.start <= place.start.offset < arm.span.end
        and any(pattern.literal == "*" for pattern in arm.patterns)
        for arm in arms
    )


def _overlap(one: Location, other: Location) -> bool:
    return one.start < other.end and other.start < one.end


def keep_cache(work: Work) -> Iterator[Edit]:
    """`keep-cache`: the user's home in place of the folder that does not last.

    What follows keeps its names, so servers that had folders of their own still have them.
    """
    location = work.place(str(work.repair.operands["of"]))
    text = work.written(location)
    quote = text[0] if text[:1] in "\"'" else ""
    found = _VOLATILE.match(text, len(quote))
    if quote == "'" or found is None or not _is_assigned(work, location.start.offset):
        raise NoFixError("the folder does not stand there literally")
    path = Path.of(text.strip("\"'"))
    places = _places(work, found[1], path)
    deleted = any(
        path.is_in(word.display)
        for invocation in work.traced.walk.invocations
        if invocation.program in _DELETERS
        for word in invocation.arguments[1:]
    )
    if deleted:
        raise NoFixError("the script deletes the folder")
    for folder, _ in places:
        yield Edit(work.stretch(folder.start, folder.end), "${HOME}/.cache")


def _is_assigned(work: Work, offset: int) -> bool:
    """Whether a variable is assigned what begins at an offset."""
    before = work.source.text[work.line_start(offset) : offset]
    return re.search(r"(?:^|[\s;])\w+=[\"']?$|:[-=]$", before) is not None


def name_user(work: Work) -> Iterator[Edit]:
    """`name-user`: `${USER}` in the path's name, wherever the script writes that path.

    A name that begins with a dot keeps it in front, so it stays hidden.
    """
    location = work.place(str(work.repair.operands["of"]))
    folder = str(getattr(work.fact, "folder", ""))
    start = location.start.offset + (work.written(location)[:1] in ("'", '"'))
    found = _below(folder).match(work.source.text, start)
    name = found[0].removeprefix(folder).lstrip("/").partition("/")[0] if found else ""
    if not re.match(r"\.*[\w-]", name):
        raise NoFixError("the path's name does not stand there literally")
    if _is_worked_in(work, folder):
        raise NoFixError(f"what lies in {folder} may be meant without naming it")
    for _, path in _places(work, folder, Path.of(f"{folder}/{name}")):
        text = work.source.text[path.start + len(folder) : path.end]
        start = path.end - len(text.lstrip("/").lstrip("."))
        yield Edit(work.stretch(start, start), "${USER}_")


def _is_worked_in(work: Work, folder: str) -> bool:
    """Whether something runs in a folder, or puts things there whose names it knows itself."""
    invocations = work.traced.walk.invocations
    inside = [i.directory for i in invocations if i.directory is not None]
    given = [word for i in invocations if i.program in _FILLERS for word in i.arguments[1:]]
    return any(value.display.rstrip("/") == folder for value in (*inside, *given))


def _places(work: Work, folder: str, path: Path) -> list[tuple[Span, Span]]:
    """Where the script writes a path in a folder: the folder's stretch and the whole one.

    It refuses where the path is also made of other pieces, or stands where no variable is
    expanded.
    """
    found: list[tuple[Span, Span]] = []
    for match in _below(folder).finditer(work.source.text):
        if work.is_comment(match.start()) or not path.is_in(match[0]):
            continue
        if not work.expands(match.start()):
            raise NoFixError("it also stands where a variable would not be expanded")
        start = match.start()
        found.append((Span(start, start + len(folder)), Span(*match.span())))
    stretches = Stretches(stretch for _, stretch in found)
    if not all(use.is_covered_by(stretches) for use in uses(work, [path])):
        raise NoFixError("the script also names it in another way")
    if not found:
        raise NoFixError("the path does not stand there literally")
    return found


def _below(folder: str) -> re.Pattern[str]:
    """A path below a folder, as it may be written."""
    return re.compile(rf"(?<![\w./$}}-]){re.escape(folder)}(?:/{_IN_PATH})+")


HOW: Mapping[str, How] = {
    "replace-value": How(replace_value),
    "keep-cache": How(keep_cache),
    "name-user": How(name_user),
}
