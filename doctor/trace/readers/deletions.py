"""Deletions: which paths a command removes, and whether they may belong to other users."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial

from doctor.base.record import Record
from doctor.base.regex import regex
from doctor.facts.base import Evidence
from doctor.facts.commands import Deletion
from doctor.trace.programs import find
from doctor.trace.programs.find import Primary
from doctor.trace.programs.invocation import Invocation
from doctor.trace.programs.options import read_options
from doctor.trace.readers.listings import is_within, sources
from doctor.trace.readers.people import logins
from doctor.trace.readers.places import below, is_own, place_of
from doctor.trace.readers.scene import Scene
from doctor.values.value import UNKNOWN, Unknown, UnknownType, Value, known

#: Tests of find that let through only what is one's own.
_OWNER_TESTS = frozenset({"-user", "-uid"})
#: Programs that list files, or leave such a list as it is, and those that choose by a name.
_LISTS = frozenset({"find", "ls", "sort", "head", "tail", "uniq"})
_CHOOSES = frozenset({"grep", "egrep", "fgrep"})
#: A test for whether there is a file, or a list of files isn't empty.
_IS_THERE = regex(r"(?:test|\[\[?) (?:-[edfLnrwx] )?\"?\$\{?\w+\}?\"?(?: \]\]?)?")
#: What a shell does for each file that find hands it: `rm -rf "$@"`.
_DELETES = regex(r"\s*(?:for \w+(?: in \"\$@\")?; *do +)?(?:rm|rmdir|unlink)\b")
#: A test of whose a file is: by `-O`, or by the name or the number of the user.
_ASKS_OWNER = regex(
    r"(?<!\S)-O(?!\S)|\$\{?(?:USER|LOGNAME|E?UID)\b|\bwhoami\b|\bid -\w*u|\bowner\b"
)
_NAME_TESTS = frozenset({"-name", "-iname", "-path", "-wholename", "-ipath"})


def read(scene: Scene) -> Iterator[Deletion]:
    """What the script deletes below folders that others use, too."""
    lists = _listing(scene.invocations)
    for each in scene.invocations:
        yield from scene.spared("the deletions", partial(_of_one, each, lists, scene))


def _of_one(
    invocation: Invocation, others: Sequence[Invocation], scene: Scene
) -> Iterator[Deletion]:
    """The deletions of one program, if it deletes; ``others`` may list for it what it does."""
    if _as_root_elsewhere(invocation):
        return
    program = invocation.program
    for target in (*_targets(program, invocation.arguments[1:]), *_handed(invocation, others)):
        people = logins(invocation.origin.source.text)
        path = below(target.path, invocation.directory)
        place = place_of(path, scene.shared_folders, invocation.context.container, people)
        if place is None:
            continue
        locations = tuple(loc for loc in [target.path.location] if loc is not None)
        evidence = {"path": Evidence(locations, path.assumes)}
        yield Deletion(
            location=invocation.origin.location,
            evidence=evidence,
            path=place.shown,
            folder=place.folder,
            folder_sharing="private" if place.private else "all-users",
            reaches_others=place.reaches_others and _not(_only_own(target, invocation)),
            node_shared=scene.node_shared,
            program=program,
        )


def _only_own(target: _Target, invocation: Invocation) -> bool | UnknownType:
    """Whether it is surely one's own; not known where a test on the way may have asked for that."""
    asked = (str(each.subject) for each in invocation.assumes if each.undecided)
    if target.only_own is False and any(map(_ASKS_OWNER.search, asked)):
        return UNKNOWN
    return target.only_own


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


def _not(known: bool | UnknownType) -> bool | UnknownType:
    return UNKNOWN if isinstance(known, UnknownType) else not known


class _Target(Record):
    path: Value
    only_own: bool | UnknownType = False


def _targets(program: str, arguments: Sequence[Value]) -> Iterator[_Target]:
    match program:
        case "rm" | "unlink" | "shred" | "rmdir":
            _, rest = _plain(arguments)
            yield from (_Target(path) for path in rest)
        case "find":
            yield from _find(arguments)
        case "rsync":
            yield from _rsync(arguments)


def _listing(invocations: Sequence[Invocation]) -> Sequence[Invocation]:
    """The programs that may list files for another one; none if none does."""
    return invocations if any(each.program in ("find", "ls") for each in invocations) else ()


def _handed(invocation: Invocation, others: Sequence[Invocation]) -> Iterator[_Target]:
    """What ``find`` or ``ls`` lists for ``rm``, if no test chooses among it, and no owner."""
    if invocation.program not in ("rm", "unlink", "shred", "rmdir"):
        return
    if any(each.undecided and _chooses(str(each.subject)) for each in invocation.assumes):
        return
    for origin in dict.fromkeys(sources(invocation)):
        inside = [e for e in others if e is not invocation and is_within(e.origin, origin)]
        if all(_leaves_others(each) for each in inside):
            for each in inside:
                yield from _listed(each, invocation.arguments[1:])


def _chooses(condition: str) -> bool:
    """Whether a condition may choose among files, and not just ask whether there is any."""
    return _IS_THERE.fullmatch(condition) is None


def _leaves_others(each: Invocation) -> bool:
    """Whether a program lists files, or leaves on a list what belongs to other users, too."""
    if each.program not in _CHOOSES:
        return each.program in _LISTS
    return all(word.text is not None for word in each.arguments)


def _listed(listing: Invocation, deleted: Sequence[Value]) -> Iterator[_Target]:
    words = listing.arguments[1:]
    if listing.program == "ls":
        yield from (_Target(word) for word in words if word.many and word.prefix)
        yield from _named(words, deleted)
    elif listing.program == "find" and not any(w.text in ("-o", "-or", ",") for w in words):
        search = find.read(words)
        acts = search is not None and any(primary.acts for primary, _ in search.reached())
        yield from _find(words if acts else (*words, known("-print")), _prints)


def _named(words: Sequence[Value], deleted: Sequence[Value]) -> Iterator[_Target]:
    """Paths that are made of the bare names that ``ls FOLDER`` prints."""
    options, folders = _plain(words)
    if any("l" in option for option in options) or len(folders) > 1:
        return
    folder = folders[0].display.rstrip("/") if folders else ""
    for word in deleted:
        name = word.pieces[-1] if word.pieces else None
        if isinstance(name, Unknown) and word.shadow.rstrip("\0").rstrip("/") == folder:
            name = replace(name, name="*", matched=True)
            yield _Target(replace(word, pieces=(*word.pieces[:-1], name)))


def _prints(primary: Primary) -> bool:
    return primary.name in ("-print", "-print0")


def _plain(arguments: Sequence[Value]) -> tuple[list[str], list[Value]]:
    """Options and operands where options may stand anywhere."""
    dashes = next((i for i, v in enumerate(arguments) if v.text == "--"), len(arguments))
    options = [v.display for v in arguments[:dashes] if v.display.startswith("-")]
    operands = [v for v in arguments[:dashes] if not v.display.startswith("-")]
    return options, operands + list(arguments[dashes + 1 :])


def _find(
    arguments: Sequence[Value], acts: Callable[[Primary], bool] | None = None
) -> Iterator[_Target]:
    """``find FOLDER… TESTS -delete`` or ``-exec rm``: the folder with the pattern of ``-name``.

    Of several actions that delete, the one counts that is least surely confined to one's own.
    """
    search = find.read(arguments)
    if search is None:
        return
    ways = [
        (_held_own(held), primary.at, held)
        for primary, held in search.reached()
        if held is not None and (acts or deletes)(primary)
    ]
    if not ways:
        return
    rank = {False: 0, UNKNOWN: 1, True: 2}
    own, _, held = min(ways, key=lambda way: (rank[way[0]], way[1]))
    names = sorted((each.at, each.value) for each in held if each.name == "-name")
    name = names[0][1] if names else None
    for folder in search.folders:
        origin = folder.origin if name is None else name.origin
        shown = "*" if name is None else name.display
        inside = Unknown(f"/{shown}", matched=True, origin=origin)
        yield _Target(Value((*_without_slash(folder).pieces, inside), folder.assumes), own)


def deletes(primary: Primary) -> bool:
    """Whether an action of find deletes the file."""
    if primary.runs in ("sh", "bash"):
        return any(_DELETES.match(word.text or "") for word in primary.words[2:])
    return primary.name == "-delete" or primary.runs in ("rm", "rmdir", "unlink", "shred")


def _held_own(held: frozenset[Primary]) -> bool | UnknownType:
    """Whether what these let through is surely one's own."""
    if any(is_owner_test(primary) for primary in held):
        return True
    return UNKNOWN if any(not primary.name for primary in held) else False


def is_owner_test(primary: Primary) -> bool:
    """Whether a test of find lets through only what belongs to one user."""
    value = primary.value
    if value is None:
        return False
    if primary.name in _OWNER_TESTS:
        return not value.display.startswith(("+", "-"))
    return primary.name in _NAME_TESTS and is_own(value)


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
