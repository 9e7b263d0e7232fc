"""Log files: where the output of a job and of its servers lies, and whether that goes well."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator

from doctor.base.patterns import matches
from doctor.base.regex import regex
from doctor.facts.base import Evidence
from doctor.facts.logs import FolderFault, LogFile, LostAtEnd
from doctor.slurm.options import Option
from doctor.trace.domain.environment import BASES, SCRIPT_FOLDER
from doctor.trace.programs.invocation import Context, Invocation, Output
from doctor.trace.programs.table import sink
from doctor.trace.programs.wrappers import unwrap
from doctor.trace.readers.caches import lost
from doctor.trace.readers.deletions import deleted
from doctor.trace.readers.jobs import Request
from doctor.trace.readers.logfolders import made_in_job
from doctor.trace.readers.scene import Scene
from doctor.values.value import JOB, UNKNOWN, USER, Text, Unknown, UnknownType, Value, known

#: What stands for the job's number in a pattern of `--output`.
_JOB_NUMBER = regex(r"%\d*[jJA]")
_FIXED = BASES | {"$HOME", "~", "$USER", "$LOGNAME", "$SCRATCH", "$WORK", SCRIPT_FOLDER}
_JOB_IDS = frozenset({"$SLURM_JOB_ID", "$SLURM_JOBID"})
#: Programs that make a folder, and those whose own programs are looked at.
_PASSING = frozenset("mkdir install bash sh zsh vllm".split())
#: Programs that may be told of a file and keep nothing of what is in it.
_NAMING = frozenset(
    "echo printf logger dirname basename realpath readlink rm rmdir unlink touch chmod chown ls "
    "stat wc du test [ cd mktemp tee".split()
)
#: A folder that is made in the node's /tmp, unless options or TMPDIR lead elsewhere.
_TEMPORARY = regex(r"\$\(\s*mktemp(?:\s+-[dqu]+)*(?:\s+(?:-t|--tmpdir)\s+[\w.-]+)?\s*\)")


# --- the job's own ---------------------------------------------------------------------------


def of_job(request: Request, own: bool, scene: Scene) -> Iterator[LogFile]:
    """The files of `--output` and `--error`; ``own`` if it is the script's own header."""
    for name in ("output", "error"):
        option = request.given.last(name)
        path = option.value.text if option is not None and option.value is not None else None
        if option is None or not path or "$" in path or path in ("/dev/null", "none"):
            continue
        made_at = made_in_job(path, scene) if own else None
        evidence = {"path": _evidence(option)}
        if made_at is not None:
            evidence["folder_fault"] = Evidence((made_at.origin.location,))
        yield LogFile(
            location=request.location,
            evidence=evidence,
            whose="job",
            path=path,
            folder=posixpath.dirname(path),
            lost=_lost(known(path), known(path), False, scene),
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


# --- a server's ------------------------------------------------------------------------------


def of_server(server: Invocation, scene: Scene) -> Iterator[LogFile]:
    """The files that a server's outputs are redirected to."""
    context = server.context
    if context.uncalled:
        return
    for output in dict.fromkeys(_outputs(context)):
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
            lost=_lost(output.path, _located(output.path, server), output.shown, scene),
            folder_fault=_never_made(output.path, scene),
            overwritten=_overwritten(output, server, scene),
            deleted=_deleted(output.path, _located(output.path, server), server, scene),
        )


def _outputs(context: Context) -> Iterator[Output | None]:
    """Where standard output and standard error go, by redirections or by a step's options."""
    own = [context.outputs.get(number) for number in (1, 2)]
    yield from own
    if not any(output is not None and output.kind in ("file", "tee") for output in own):
        sinks = (sink(context, number) for number in (1, 2))
        files = (each.path for each in sinks if each is not None and each.kind == "file")
        yield from (Output("file", path, append=True) for path in files if path is not None)


def _deleted(path: Value, located: Value, server: Invocation, scene: Scene) -> bool | UnknownType:
    """Whether the script deletes a log at its end, or after its server, and keeps no copy."""
    shown = {path.display, located.display}
    turns = {turn.loop for turn in server.context.turns}
    gone = any(
        any(_takes(target, name) for name in shown)
        for other in scene.invocations
        if other.order > server.order
        and not other.assumes
        and not other.context.uncalled
        and turns.isdisjoint(turn.loop for turn in other.context.turns)
        for target in deleted(other)
    )
    if not gone:
        return False
    sure = scene.walk.complete and not scene.walk.unread
    return True if sure and not _is_named(path, scene.invocations) else UNKNOWN


def _takes(target: Value, path: str) -> bool:
    """Whether a deletion takes a file: itself, a folder above it, or what a pattern fits."""
    if (target.many or "*" in target.display) and matches(target.display, path):
        return True
    return (path + "/").startswith(_folder(target) + "/")


def _folder(target: Value) -> str:
    """What a deletion empties: of ``FOLDER/*`` the folder."""
    return target.display.removesuffix("/*").rstrip("/") or "/"


def _is_memory(path: Value) -> bool:
    return lost(path) == "memory"


def _located(path: Value, server: Invocation) -> Value:
    """The path of a log from the root, as far as the folder is known in which it is opened."""
    folder = server.directory
    if folder is None or path.display.startswith(("/", "~", "$")):
        return path
    return folder + known("/") + path


def _lost(path: Value, located: Value, shown: bool, scene: Scene) -> LostAtEnd | UnknownType | None:
    """Why a log can't be read after the job; ``shown`` if it is written elsewhere too."""
    why = "node-local" if _is_temporary(located, scene) else lost(located)
    if why is None or why == "job":
        return None
    if not scene.in_job or shown or scene.walk.unread or not scene.walk.complete:
        return UNKNOWN
    return UNKNOWN if _is_named(path, scene.invocations) else why


def _is_temporary(path: Value, scene: Scene) -> bool:
    """Whether the folder is one that ``mktemp`` makes where it does so by itself."""
    first = path.pieces[0] if path.pieces else None
    made = isinstance(first, Unknown) and _TEMPORARY.fullmatch(first.name) is not None
    return made and not any("TMPDIR" in each.environment for each in scene.invocations)


def _is_named(path: Value, others: Iterable[Invocation]) -> bool:
    """Whether another program that may keep it is given the file, or a folder that it lies in."""
    shown = path.display
    folders = {shown}
    while "/" in shown.strip("/"):
        shown = shown.rpartition("/")[0]
        folders.add(shown)
    folders |= {"$(dirname"}
    folders -= {"/tmp", "/dev", "/dev/shm", "/var/tmp", "$TMPDIR", ""}
    return any(
        _mentions(word.display, folders)
        for other in others
        if other.program not in _PASSING and unwrap(other.arguments) is None
        if not _only_names(other)
        for word in (*other.arguments[1:], *((other.input,) if other.input else ()))
    )


def _only_names(other: Invocation) -> bool:
    """Whether a program that is given a file keeps nothing of it."""
    if other.program == "grep":
        return any(word.display.startswith("-") and "q" in word.display for word in other.arguments)
    return other.program in _NAMING or (other.program == "find" and any(deleted(other)))


def _mentions(word: str, paths: Iterable[str]) -> bool:
    return any(re.search(re.escape(path) + r"(?![\w-])", word) for path in paths)


def _overwritten(output: Output, server: Invocation, scene: Scene) -> bool | UnknownType:
    """Whether every job of this script writes the same file, from its beginning."""
    path = output.path
    assert path is not None
    fixed = all(isinstance(p, Text) or p.name in _FIXED for p in path.pieces)
    if output.append or path.varies & {JOB}:
        return False
    if not fixed or not scene.is_batch or path.varies - {USER, JOB}:
        return UNKNOWN
    relative = not path.display.startswith(("/", "~", "$"))
    if relative and server.directory is not None and not _is_fixed(server.directory):
        return UNKNOWN
    moves = [each for each in scene.invocations if each.program in ("mv", "cp", "logrotate")]
    return UNKNOWN if _is_named(path, moves) else True


def _is_fixed(directory: Value) -> bool:
    return all(isinstance(p, Text) or p.name in _FIXED for p in directory.pieces)


def _never_made(path: Value, scene: Scene) -> FolderFault | UnknownType | None:
    """Whether the folder is named after the job, so that it is new, and nothing makes it."""
    shown = path.display
    cut = shown.rfind("/")
    folder = path.slice(0, cut) if cut > 0 else Value()
    if JOB not in folder.varies:
        return None
    pieces = (piece for piece in folder.pieces if not isinstance(piece, Text))
    foreign = any(p.name not in _FIXED and p.name not in _JOB_IDS for p in pieces)
    doubtful = scene.walk.unread or not scene.walk.complete or not scene.is_batch
    if shown.startswith("/") or foreign or doubtful:
        return UNKNOWN
    words = (
        word.display
        for other in scene.invocations
        for word in (*other.arguments[1:], *((other.input,) if other.input else ()))
    )
    return UNKNOWN if any(folder.display in word for word in words) else "never-made"


def read(scene: Scene) -> Iterator[LogFile]:
    """All log files of the jobs that a script asks for, and of the servers that it starts."""
    for request in scene.requests:
        if request.asks.by in ("header", "sbatch"):
            yield from of_job(request, request is scene.request, scene)
    for server in scene.started:
        yield from of_server(server.invocation, scene)
