"""Log folders: whether a job makes the folder that its own log must find there when it starts."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from itertools import takewhile

from doctor.base.regex import regex
from doctor.diagnostic import Source
from doctor.trace.programs.invocation import Invocation
from doctor.trace.readers.scene import Scene
from doctor.values.value import JOB, Unknown, Value

#: From how far above a script's folder a job may be handed in.
_ABOVE = ("", "../", "../../", "../../../")
#: Programs that make a folder, and those whose own programs are looked at.
_PASSING = frozenset("mkdir install bash sh zsh vllm".split())
#: How scripts are called that are run once, before all others.
_SETS_UP = regex(
    r"set.?up|install|init|prepar|bootstrap|creat|make|config|build|folders?\b|dirs?\b|env"
    r"|submit|launch|start|all\b",
    re.IGNORECASE,
)
_GOES = regex(r"^[^#\n]*\b(?:cd|pushd)\b", re.MULTILINE)
_FUNCTION = regex(r"^[ \t]*(?:function[ \t]|[\w-]+[ \t]*\(\))", re.MULTILINE)
#: The words of a line, those in braces each alone; a variable in one.
_WORDS = regex(r"(?:\$\{\w+\}|[^\s\"'{},;&|()])+")
_VARIABLE = regex(r"\$\{?(\w+)\}?")
#: How the path of a folder begins that has nothing to do with where a job is handed in.
_ELSEWHERE = ("$HOME", "${HOME}", "~", "/")


def made_in_job(path: str, scene: Scene) -> Invocation | None:
    """The `mkdir`, or `install -d`, that makes the folder which the job's own log must find."""
    folder = posixpath.normpath(posixpath.dirname(path))
    if folder in (".", "/") or "%" in folder or scene.submits:
        return None
    for invocation in scene.invocations:
        context = invocation.context
        if folder.startswith("/") and _uses(invocation, folder):
            return None  # it must be there already
        if not _makes_folders(invocation) or context.remote or context.batch_job is not None:
            continue
        if any(_makes(word, folder, invocation) for word in invocation.arguments[1:]):
            made = any(
                made_before(folder, invocation, scene)
                for made_before in (_comes_along, _others_make, _is_told)
            )
            return None if made else invocation
    return None


def _makes_folders(invocation: Invocation) -> bool:
    letters = {word.display for word in invocation.arguments[1:]}
    makes = invocation.program == "install" and letters & {"-d", "--directory", "-dm", "-dv"}
    return invocation.program == "mkdir" or bool(makes)


def _comes_along(folder: str, invocation: Invocation, scene: Scene) -> bool:
    """Whether the folder is there, as a part of the project or since an earlier job."""
    parts = folder.lstrip("/").split("/")
    names = [folder] if parts == folder.split("/") else [parts[-1], "/".join(parts[-2:])]
    script = invocation.origin.source
    return any(scene.walk.has_folder(name, script) for name in names)


def _others_make(folder: str, invocation: Invocation, scene: Scene) -> bool:
    """Whether a script nearby that is no part of a job makes the folder, perhaps in time."""
    return any(
        _prepares(folder, other.filename, other.text, invocation.origin.source)
        for other in scene.walk.beside(invocation.origin.source)
        if other.filename not in scene.walk.scripts and not _is_job(other.text)
    )


def _is_job(text: str) -> bool:
    """Whether a script begins with directives; those of a here-document are another script's."""
    head = takewhile(lambda line: not line.strip() or line.startswith("#"), text.split("\n"))
    return any(line.startswith("#SBATCH") for line in head)


def _prepares(folder: str, name: str, text: str, job: Source) -> bool:
    """Whether a script makes the folder, or one of that name which may be the same.

    One elsewhere, in the home folder or by a path from the root, is another one unless the script
    also speaks of the job. One that does so in passing, for work of its own, need not run first.
    """
    speaks = "sbatch" in text or posixpath.basename(job.filename) in text
    if not speaks and not _SETS_UP.search(posixpath.basename(name)):
        return False
    for line in text.split("\n"):
        before, command, after = line.partition("mkdir")
        if not command or "#" in before:
            continue
        for word in _WORDS.findall(after):
            path = _VARIABLE.sub(lambda found: _value(found[1], text) or found[0], word)
            same = posixpath.basename(folder) in path.split("/")
            if same and (speaks or folder.startswith("/") or not path.startswith(_ELSEWHERE)):
                return True
    return False


def _value(name: str, text: str) -> str | None:
    """What a script gives a variable, as it is written."""
    found = re.search(rf"^[ \t]*(?:export[ \t]+)?{name}=[\"']?([^\s\"';&|]+)", text, re.MULTILINE)
    return found[1] if found is not None else None


def _is_told(folder: str, invocation: Invocation, scene: Scene) -> bool:
    """Whether a comment, or the project's README, tells people to make the folder first."""
    walk = scene.walk
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


def _makes(word: Value, folder: str, invocation: Invocation) -> bool:
    """Whether ``mkdir`` with this word makes the folder, seen from where the job was handed in.

    With ``-p`` it does so on the way to a folder that each job makes anew.
    """
    named, base = word, word.pieces[0] if word.pieces else None
    if isinstance(base, Unknown):
        here = {"$SLURM_SUBMIT_DIR"} | ({"$PWD"} if _is_there(invocation) else set())
        if base.name not in here:
            return False
        named = word.slice(len(base.name) + 1)
    elif not folder.startswith("/") and not _is_there(invocation):
        return False
    if named.text is not None:
        return posixpath.normpath(named.text) == folder
    with_parents = invocation.program == "install" or any(
        each.display == "--parents" or (each.display[:2] != "--" and "p" in each.display)
        for each in invocation.arguments[1:]
        if each.display.startswith("-")
    )
    within = posixpath.normpath(named.prefix or ".") + "/"
    return with_parents and JOB in named.varies and within.startswith(folder + "/")


def _is_there(invocation: Invocation) -> bool:
    """Whether the script still stands where its job was handed in."""
    directory, text = invocation.directory, invocation.origin.source.text
    if directory is None:  # or it went from there to a folder below
        before = text[: invocation.origin.start]  # but a function may be called later
        return _GOES.search(text if _FUNCTION.search(before) else before) is None
    return directory.display in ("$SLURM_SUBMIT_DIR", "$PWD")
