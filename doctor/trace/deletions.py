"""Deletions: which paths a command removes, and whether they may belong to other users."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from doctor.trace.context import Container, Invocation
from doctor.trace.facts import Deletion, Evidence
from doctor.trace.values import JOB, PROCESS, RANDOM, USER, Text, Unknown, Value
from doctor.trace.wrappers import read_options

_OWN = frozenset({USER, JOB, PROCESS, RANDOM})
#: Tests of find that let through only what is one's own.
_OWNER_TESTS = frozenset({"-user", "-uid"})


def read(invocation: Invocation, shared_folders: Sequence[str]) -> Iterator[Deletion]:
    """The deletions of one program, if it deletes."""
    program = invocation.arguments[0].display.rpartition("/")[2]
    for target in _targets(program, invocation.arguments[1:]):
        place = _place(target.path, shared_folders, invocation.context.container)
        if place is None:
            continue
        locations = tuple(loc for loc in [target.path.location] if loc is not None)
        evidence = {"path": Evidence(locations, target.path.assumes | invocation.assumes)}
        yield Deletion(
            location=invocation.origin.location,
            evidence=evidence,
            path=place.shown,
            folder=place.folder,
            folder_sharing="private" if place.private else "all-users",
            reaches_others=place.reaches_others and not target.only_own,
            program=program,
        )


@dataclass(frozen=True, slots=True)
class _Target:
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
    own = bool(_OWNER_TESTS & set(texts)) or any(_is_own(name) for name in names)
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


def _is_own(value: Value) -> bool:
    return bool(value.varies & _OWN)


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


# --- where a path lies ----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Place:
    shown: str
    folder: str
    private: bool
    reaches_others: bool


def _place(path: Value, folders: Sequence[str], container: Container | None) -> _Place | None:
    """The shared folder that a path lies in; None if it lies in none or that isn't known."""
    known = _squeezed(path)
    private = False
    if container is not None:
        outside = _outside(known, container)
        if outside is None:
            private = True
        else:
            known = outside
    folder = _folder_of(known, folders)
    if folder is None:
        return None
    return _Place(path.display, folder, private, _reaches_others(known, folder))


def _squeezed(path: Value) -> Value:
    """The path without repeated slashes at its start, and without ``.`` parts there."""
    while path.shadow.startswith(("//", "/./")):
        path = path.slice(1 if path.shadow.startswith("//") else 2)
    return path


def _folder_of(path: Value, folders: Sequence[str]) -> str | None:
    shadow = path.shadow
    for folder in sorted(folders, key=len, reverse=True):
        bare = folder.rstrip("/")
        if path.prefix.startswith(bare) and (shadow == bare or shadow[len(bare)] in "/\0"):
            rest = path.display[len(bare) :]
            if shadow == bare or rest.startswith("/"):
                return bare
    return None


def _outside(path: Value, container: Container) -> Value | None:
    """The host's path that a container shows at this path; None if it is its own."""
    best: tuple[str, Value] | None = None
    for inside, outside in container.binds:
        under = path.prefix == inside or path.prefix.startswith(inside.rstrip("/") + "/")
        if under and (best is None or len(inside) > len(best[0])):
            best = (inside, outside)
    if best is not None:
        return best[1] + path.slice(len(best[0].rstrip("/")))
    for folder in container.private:
        if folder == "/" or path.prefix == folder or path.prefix.startswith(folder + "/"):
            return None
    return path


def _reaches_others(path: Value, folder: str) -> bool:
    """Whether the path's first part below the shared folder matches other users' names too."""
    rest = path.slice(len(folder))
    if not rest.display.strip("/"):
        return True
    first = _first_component(rest)
    pattern = any(isinstance(p, Unknown) and p.matched for p in first.pieces)
    certain = all(isinstance(p, Text) or p.matched for p in first.pieces)
    return pattern and certain and not _is_own(first)


def _first_component(rest: Value) -> Value:
    shown = rest.display
    start = len(shown) - len(shown.lstrip("/"))
    end = shown.find("/", start)
    return rest.slice(start, end if end >= 0 else None)
