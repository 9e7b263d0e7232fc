"""Deletions: which paths a command removes, and whether they may belong to other users."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from doctor.base.record import Record
from doctor.facts.base import Evidence
from doctor.facts.commands import Deletion
from doctor.trace.programs.invocation import Invocation
from doctor.trace.programs.wrappers import read_options
from doctor.trace.readers.people import logins
from doctor.trace.readers.places import is_own, place_of
from doctor.values.value import Unknown, UnknownType, Value

#: Tests of find that let through only what is one's own.
_OWNER_TESTS = frozenset({"-user", "-uid"})


def read(
    invocation: Invocation, shared_folders: tuple[str, ...], node_shared: bool | UnknownType
) -> Iterator[Deletion]:
    """The deletions of one program, if it deletes."""
    if _as_root_elsewhere(invocation):
        return
    program = invocation.program
    for target in _targets(program, invocation.arguments[1:]):
        people = logins(invocation.origin.source.text)
        place = place_of(target.path, shared_folders, invocation.context.container, people)
        if place is None:
            continue
        locations = tuple(loc for loc in [target.path.location] if loc is not None)
        evidence = {"path": Evidence(locations, target.path.assumes)}
        yield Deletion(
            location=invocation.origin.location,
            evidence=evidence,
            path=place.shown,
            folder=place.folder,
            folder_sharing="private" if place.private else "all-users",
            reaches_others=place.reaches_others and not target.only_own,
            node_shared=node_shared,
            program=program,
        )


def _as_root_elsewhere(invocation: Invocation) -> bool:
    """Whether root does it by ssh: on a machine of one's own, where nobody else's files are."""
    return any(
        wrapper.words[0] == "ssh" and value.display.startswith("root@")
        for wrapper in invocation.context.wrappers
        for value in wrapper.operands
    )


def deleted(invocation: Invocation) -> Iterator[Value]:
    """The paths, or patterns, that one program deletes."""
    for target in _targets(invocation.program, invocation.arguments[1:]):
        yield target.path


class _Target(Record):
    path: Value
    only_own: bool = False


def _targets(program: str, arguments: Sequence[Value]) -> Iterator[_Target]:
    match program:
        case "rm" | "unlink" | "shred" | "rmdir":
            _, rest = _plain(arguments)
            yield from (_Target(path) for path in rest)
        case "find":
            yield from _find(arguments)
        case "rsync":
            yield from _rsync(arguments)


def _plain(arguments: Sequence[Value]) -> tuple[list[str], list[Value]]:
    """Options and operands where options may stand anywhere."""
    dashes = next((i for i, v in enumerate(arguments) if v.text == "--"), len(arguments))
    options = [v.display for v in arguments[:dashes] if v.display.startswith("-")]
    operands = [v for v in arguments[:dashes] if not v.display.startswith("-")]
    return options, operands + list(arguments[dashes + 1 :])


def _find(arguments: Sequence[Value]) -> Iterator[_Target]:
    """``find FOLDER… TESTS -delete`` or ``-exec rm``: the folder with the pattern of ``-name``."""
    texts = [value.text for value in arguments]
    if not _deletes(texts):
        return
    start = 0
    while start < len(arguments) and (texts[start] or "") in ("-L", "-P", "-H"):
        start += 1
    end = start
    while end < len(arguments) and not arguments[end].display.startswith(("-", "(", "!")):
        end += 1
    names = [
        arguments[i + 1]
        for i, text in enumerate(texts[:-1])
        if text in ("-name", "-iname", "-path", "-wholename", "-ipath")
    ]
    own = bool(_OWNER_TESTS & set(texts)) or any(is_own(name) for name in names)
    for folder in arguments[start:end]:
        pattern = names[0] if names and texts[arguments.index(names[0]) - 1] == "-name" else None
        shown = pattern.display if pattern is not None else "*"
        inside = Unknown(f"/{shown}", matched=True, origin=folder.origin)
        yield _Target(Value((*_without_slash(folder).pieces, inside), folder.assumes), own)


def _deletes(texts: Sequence[str | None]) -> bool:
    if "-delete" in texts:
        return True
    return any(
        text in ("-exec", "-execdir", "-ok") and (texts[i + 1] or "").rpartition("/")[2] == "rm"
        for i, text in enumerate(texts[:-1])
    )


def _without_slash(folder: Value) -> Value:
    shown = folder.display
    return folder.slice(0, len(shown) - 1) if len(shown) > 1 and shown.endswith("/") else folder


def _rsync(arguments: Sequence[Value]) -> Iterator[_Target]:
    """``rsync --delete SOURCE TARGET`` empties the target of what the source lacks."""
    valued = frozenset({"exclude", "include", "filter", "rsh", "exclude-from", "bwlimit"})
    options: list[str] = []
    operands: list[Value] = []
    rest = list(arguments)
    while rest:
        read_now, rest = read_options(rest, "efBMT", valued)
        options += [name for name, _ in read_now]
        operands += rest[:1]
        rest = rest[1:]
    if any(option.startswith("--del") for option in options) and len(operands) > 1:
        yield _Target(operands[-1])
