"""Which scripts are worth parsing: those in which any rule could find anything.

Most files of a repository have nothing to do with servers, jobs or shared folders. To see that
takes a search in the text, and none of the imports that parsing takes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import pairwise

from doctor.base import tokens
from doctor.base.regex import regex
from doctor.config import Config
from doctor.diagnostic import Source
from doctor.sources import has_suffix

#: Servers, jobs (misspelt directives too), and comments for vllm-doctor.
_SUBJECTS = regex(
    r"vllm|slurm|sbatch|salloc|srun|scontrol|scancel|squeue|sacct|sinfo"
    r"|^[ \t]*#+[ \t]*\w*batch|^[ \t]*#[A-Z]{4,7}[ \t]+-",
    re.IGNORECASE | re.MULTILINE,
)

_DELETES = regex(r"\b(?:rm|rmdir|find|shred|unlink|rsync)\b")

#: Parts of the names of the folders that all users share, and of their variables.
_SHARED = regex(r"tmp|shm", re.IGNORECASE)

#: An expansion that is longer than this is left in the name, which then names no file.
_LONGEST = 100
_EXPANSION = regex(rf"\$\{{[^}}]{{0,{_LONGEST}}}\}}|\$\([^)]{{0,{_LONGEST}}}\)|\$\w+|[\"'`;&|()]")


def matters(source: Source, config: Config, load: Callable[[str, Source], Source | None]) -> bool:
    """Whether the script, with those that it includes or runs, may concern any rule."""
    if config.slurm:
        return True
    deletes, shared = False, bool(config.shared_folders or config.kb)
    seen, waiting = {source.filename}, [source]
    while waiting:
        script = waiting.pop()
        deletes = deletes or _DELETES.search(script.text) is not None
        shared = shared or _SHARED.search(script.text) is not None
        if (
            (deletes and shared)
            or _SUBJECTS.search(script.text)
            or tokens.BEGINNINGS.search(script.text)
        ):
            return True
        for name in _others(script.text):
            other = load(name, script)
            if other is not None and other.filename not in seen:
                seen.add(other.filename)
                waiting.append(other)
    return False


def _others(text: str) -> Iterator[str]:
    """The files that a script may include or run; what stands before them as `$HERE/` is cut."""
    for before, word in pairwise(["", *text.split()]):
        name = _EXPANSION.sub("", word)
        if before in ("source", ".") or has_suffix(name):
            yield name.lstrip("/") if "$" in word else name
