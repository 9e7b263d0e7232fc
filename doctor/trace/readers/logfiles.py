"""Log files: where the output of a job and of its servers lies, and whether that goes well."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Sequence

from doctor.base.regex import regex
from doctor.facts.base import Evidence
from doctor.facts.logs import LogFile
from doctor.slurm.options import Option
from doctor.trace.domain.environment import BASES, SCRIPT_FOLDER
from doctor.trace.programs.invocation import Invocation, Output
from doctor.trace.programs.wrappers import unwrap
from doctor.trace.readers.caches import lost
from doctor.trace.readers.jobs import Request
from doctor.trace.readers.surroundings import Surroundings
from doctor.values.value import JOB, UNKNOWN, USER, Text, UnknownType, Value, known

#: What stands for the job's number in a pattern of `--output`.
_JOB_NUMBER = regex(r"%\d*[jJA]")
_FIXED = BASES | {"$HOME", "~", "$USER", "$LOGNAME", "$SCRATCH", "$WORK", SCRIPT_FOLDER}
_JOB_IDS = frozenset({"$SLURM_JOB_ID", "$SLURM_JOBID"})
_ON_NODE = ("memory", "node-local")
_CD = regex(r"^[^#\n]*\b(?:cd|pushd)\b", re.MULTILINE)
#: What people put into a folder so that git keeps it though it is empty.
_KEEPERS = (".gitkeep", ".keep", ".gitignore", "README.md")
#: From how far above a script's folder a job may be handed in.
_ABOVE = ("", "../", "../../", "../../../")
#: Programs that make a folder, and those whose own programs are looked at.
_PASSING = frozenset("mkdir install bash sh zsh vllm".split())


# --- the job's own ---------------------------------------------------------------------------


def of_job(request: Request, own: bool, around: Surroundings) -> Iterator[LogFile]:
    """The files of `--output` and `--error`; ``own`` if it is the script's own header."""
    for name in ("output", "error"):
        option = request.given.last(name)
        path = option.value.text if option is not None and option.value is not None else None
        if option is None or not path or "$" in path or path in ("/dev/null", "none"):
            continue
        made_at = _made_in_job(path, around) if own else None
        evidence = {"path": _evidence(option)}
        if made_at is not None:
            evidence["folder_fault"] = Evidence((made_at.origin.location,))
        yield LogFile(
            location=request.location,
            evidence=evidence,
            whose="job",
            path=path,
            folder=posixpath.dirname(path),
            lost=_lost(known(path), False, around),
            folder_fault="made-in-job" if made_at is not None else None,
            overwritten=not _JOB_NUMBER.search(path) and not _appends(request),
        )


def _appends(request: Request) -> bool:
    mode = request.given.last("open-mode")
    return mode is not None and (mode.value is None or mode.value.display[:1] != "t")


def _evidence(option: Option) -> Evidence:
    assert option.value is not None
    place = option.value.location
    return Evidence((place,) if place is not None else (), option.value.assumes)


def _made_in_job(path: str, around: Surroundings) -> Invocation | None:
    """The `mkdir` by which the job makes the folder that its own log must find there."""
    folder = posixpath.normpath(posixpath.dirname(path))
    if folder in (".", "/") or "%" in folder or around.submits:
        return None
    for invocation in around.others():
        context = invocation.context
        if folder.startswith("/") and _uses(invocation, folder):
            return None  # it must be there already
        if invocation.program != "mkdir" or context.remote or context.batch_job is not None:
            continue
        if any(_is_same(word, folder, invocation) for word in invocation.arguments[1:]):
            made = any(
                made_before(folder, invocation, around)
                for made_before in (_comes_along, _others_make, _is_told)
            )
            return None if made else invocation
    return None


def _comes_along(folder: str, invocation: Invocation, around: Surroundings) -> bool:
    """Whether the folder is a part of the project, so that each copy of it has it."""
    parts = folder.lstrip("/").split("/")
    names = [folder] if parts == folder.split("/") else [parts[-1], "/".join(parts[-2:])]
    script = invocation.origin.source
    return any(
        around.walk.load(f"{above}{name}/{keeper}", script) is not None
        for name in names
        for above in _ABOVE
        for keeper in _KEEPERS
    )


def _others_make(folder: str, invocation: Invocation, around: Surroundings) -> bool:
    """Whether a script nearby that is no job makes the folder, so that it may be there in time."""
    return any(
        any("#" not in before for before in _before_making(folder, other.text))
        and not re.search(r"^#SBATCH", other.text, re.MULTILINE)
        for other in around.walk.beside(invocation.origin.source)
    )


def _is_told(folder: str, invocation: Invocation, around: Surroundings) -> bool:
    """Whether a comment, or the project's README, tells people to make the folder first."""
    walk = around.walk
    script = invocation.origin.source
    readmes = (walk.load(f"{above}README.md", script) for above in _ABOVE)
    return any(
        before.lstrip(" \t").startswith("#")
        for each in walk.scripts.values()
        for before in _before_making(folder, each.text)
    ) or any(True for found in readmes if found for _ in _before_making(folder, found.text))


def _before_making(folder: str, text: str) -> Iterator[str]:
    """What stands in a line before its first ``mkdir``, if the folder's name comes after that."""
    name = re.compile(rf"(?<![\w-]){re.escape(posixpath.basename(folder))}(?![\w-])")
    for line in text.split("\n") if "mkdir" in text else ():
        before, command, after = line.partition("mkdir")
        if command and name.search(after):
            yield before


def _uses(invocation: Invocation, folder: str) -> bool:
    """Whether a program other than one that makes the folder is given something in it."""
    words = invocation.arguments[1:] if invocation.program not in _PASSING else ()
    return any((folder + "/") in word.display for word in words)


def _is_same(word: Value, folder: str, invocation: Invocation) -> bool:
    """Whether a word names this folder, seen from where the job was handed in."""
    first = word.pieces[0] if word.pieces else None
    if first is not None and not isinstance(first, Text) and first.name == "$SLURM_SUBMIT_DIR":
        named = word.slice(len(first.name) + 1).text
        return named is not None and posixpath.normpath(named) == folder
    if word.text is None or posixpath.normpath(word.text) != folder:
        return False
    moved = invocation.directory is not None or _CD.search(invocation.origin.source.text)
    return folder.startswith("/") or not moved


# --- a server's ------------------------------------------------------------------------------


def of_server(server: Invocation, around: Surroundings) -> Iterator[LogFile]:
    """The files that a server's outputs are redirected to."""
    context = server.context
    if context.uncalled:
        return
    for output in dict.fromkeys(context.outputs.get(number) for number in (1, 2)):
        if output is None or output.path is None or output.kind not in ("file", "tee"):
            continue
        if output.path.prefix.startswith(("/dev/", "/proc/")) and not _is_memory(output.path):
            continue
        place = output.path.location or server.origin.location
        yield LogFile(
            location=server.origin.location,
            evidence={"path": Evidence((place,), output.path.assumes)},
            whose="server",
            path=output.path.display,
            folder=posixpath.dirname(output.path.display),
            lost=_lost(output.path, output.kind == "tee", around),
            folder_fault=_never_made(output.path, around),
            overwritten=_overwritten(output, server, around),
        )


def _is_memory(path: Value) -> bool:
    return lost(path) == "memory"


def _lost(path: Value, shown: bool, around: Surroundings) -> str | UnknownType | None:
    """Why a log can't be read after the job; ``shown`` if it is written elsewhere too."""
    why = lost(path)
    if why not in _ON_NODE:
        return None
    if not around.in_job or shown or around.walk.unread or not around.walk.complete:
        return UNKNOWN
    return UNKNOWN if _is_named(path, around.others()) else why


def _is_named(path: Value, others: Iterable[Invocation]) -> bool:
    """Whether another program is given the file, or a folder that it lies in."""
    shown = path.display
    folders = {shown}
    while "/" in shown.strip("/"):
        shown = shown.rpartition("/")[0]
        folders.add(shown)
    folders -= {"/tmp", "/dev", "/dev/shm", "/var/tmp", "$TMPDIR", ""}
    return any(
        _mentions(word.display, folders)
        for other in others
        if other.program not in _PASSING and unwrap(other.arguments) is None
        for word in (*other.arguments[1:], *((other.input,) if other.input else ()))
    )


def _mentions(word: str, paths: Iterable[str]) -> bool:
    return any(re.search(re.escape(path) + r"(?![\w-])", word) for path in paths)


def _overwritten(output: Output, server: Invocation, around: Surroundings) -> bool | UnknownType:
    """Whether every job of this script writes the same file, from its beginning."""
    path = output.path
    assert path is not None
    fixed = all(isinstance(p, Text) or p.name in _FIXED for p in path.pieces)
    if output.append or path.varies & {JOB}:
        return False
    if not fixed or not around.is_batch or path.varies - {USER, JOB}:
        return UNKNOWN
    relative = not path.display.startswith(("/", "~", "$"))
    if relative and server.directory is not None and not _is_fixed(server.directory):
        return UNKNOWN
    moves = [each for each in around.others() if each.program in ("mv", "cp", "logrotate")]
    return UNKNOWN if _is_named(path, moves) else True


def _is_fixed(directory: Value) -> bool:
    return all(isinstance(p, Text) or p.name in _FIXED for p in directory.pieces)


def _never_made(path: Value, around: Surroundings) -> str | UnknownType | None:
    """Whether the folder is named after the job, so that it is new, and nothing makes it."""
    shown = path.display
    cut = shown.rfind("/")
    folder = path.slice(0, cut) if cut > 0 else Value()
    if JOB not in folder.varies:
        return None
    pieces = (piece for piece in folder.pieces if not isinstance(piece, Text))
    foreign = any(p.name not in _FIXED and p.name not in _JOB_IDS for p in pieces)
    doubtful = around.walk.unread or not around.walk.complete or not around.is_batch
    if shown.startswith("/") or foreign or doubtful:
        return UNKNOWN
    words = (
        word.display
        for other in around.others()
        for word in (*other.arguments[1:], *((other.input,) if other.input else ()))
    )
    return UNKNOWN if any(folder.display in word for word in words) else "never-made"


def read(
    requests: Sequence[Request], servers: Sequence[Invocation], around: Surroundings
) -> Iterator[LogFile]:
    """All log files of a script that makes these requests and starts these servers."""
    for request in requests:
        if request.asks.by in ("header", "sbatch"):
            yield from of_job(request, request is around.request, around)
    for server in servers:
        yield from of_server(server, around)
