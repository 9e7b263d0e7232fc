"""Variables: what a script gives a server under names that are vLLM's."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from itertools import pairwise

from doctor.base.regex import regex
from doctor.diagnostic import Location
from doctor.facts.base import Evidence
from doctor.facts.servers import GivenVariable
from doctor.trace.machine.journal import Walk
from doctor.trace.machine.shells import relative
from doctor.trace.readers.scene import Scene
from doctor.trace.readers.servers import Started
from doctor.values.value import UNKNOWN, Value
from doctor.vllm.migration import of_variable
from doctor.vllm.releases import whether
from doctor.vllm.verdicts import instead, nearest

_OURS = "VLLM_"
#: ``VLLM_HOST``, which people use for themselves, is not a misspelt ``VLLM_HOST_IP``.
_ALIKE = 0.87
#: ``LOG`` and ``LOGGING`` are the same word to people, ``ROPE`` and ``PREFILL`` are not.
_WORDS_ALIKE = 0.6
#: How people end the names of folders.
_FOLDERS = ("ROOT", "DIR", "PATH", "HOME", "FOLDER")
#: What follows a variable that is set; the second is Python's ``os.environ["NAME"] = …``.
_NAMED = regex(r"\b" + _OURS + r"\w+")
_SET = regex(r"=|[\"']\s*\]\s*=(?!=)")
_EXPORT = regex(r"\b(?:export|declare -x|unset)[ \t]+(?:\w+[ \t]+)*\Z")


def read(scene: Scene) -> Iterator[GivenVariable]:
    """A fact for each variable named ``VLLM_…`` that a server is given by the script."""
    ours = [
        (each, name, value)
        for each in scene.started
        for name, value in each.environment.items()
        if name.startswith(_OURS) and value.pieces
    ]
    texts = [*_texts(scene.walk)] if ours else []
    used = set[str]().union(*map(_used, texts))
    for each, name, value in ours:
        yield _fact(each, name, value, name in used)


def _texts(walk: Walk) -> Iterator[str]:
    """The scripts that are walked, and those of the Python programs they start that are there."""
    for script in walk.scripts.values():
        yield script.text
    named = {
        (path, invocation.origin.source)
        for invocation in walk.invocations
        for path in _programs_in_python(invocation.arguments)
    }
    for path, script in named:
        program = walk.load(path, script)
        if program is not None:
            yield program.text


def _programs_in_python(words: Sequence[Value]) -> Iterator[str]:
    """The files of ``python FILE.py``, ``./FILE.py`` and ``python -m MODULE``."""
    for option, word in pairwise((Value(), *words)):
        path = relative(word)
        if path is not None and option.text == "-m":
            yield path.replace(".", "/") + ".py"
        elif path is not None and path.endswith(".py"):
            yield path


def _fact(started: Started, name: str, value: Value, used: bool) -> GivenVariable:
    found = started.candidates
    row = found.tables.variables.get(name)
    foreign = row is None and not started.has_plugin
    place = _place(name, value)
    likely = found.likely
    earlier = (likely & -likely) - 1
    rewrite = of_variable(name, value.text, started.server.arguments.flags, found)
    return GivenVariable(
        location=started.invocation.origin.location,
        evidence={"name": Evidence((place,) if place else (), value.assumes)},
        name=name,
        is_on=(value.text or "").lower() in ("1", "true"),
        known=bool(row) if row or (found.complete and foreign) else UNKNOWN,
        used_by_script=used,
        suggestion=_meant(name, found.tables.variables) if foreign and found.complete else None,
        flag=_flag_of(name, found.tables.flags) if foreign else None,
        pinned=found.pin is not None,
        read=whether(likely, row.releases) if row else False,
        newest_reads=bool(row and row.releases & found.tables.newest),
        too_new=bool(row and not row.releases & (likely | earlier)),
        added=row.feature.added if row else None,
        removed=row.feature.removed if row else None,
        replacement=instead(row.feature.replacement) if row else None,
        rewrite=rewrite.text if rewrite else None,
        rewrite_in_words=rewrite.in_words if rewrite else None,
        rewrite_same=bool(rewrite and rewrite.same),
    )


def _place(name: str, value: Value) -> Location | None:
    """Where a variable is set: its value, or its name where another variable holds the value."""
    origin = value.pieces[0].origin if value.pieces else None
    if origin is None or origin.within:
        return value.location
    text, start = origin.source.text, origin.start
    if text.endswith((f"{name}=", f'{name}="', f"{name}='"), 0, start):
        return value.location
    found = re.compile(rf"(?<![\w$#]){name}(?==)").search(text)
    return value.location if found is None else origin.source.location(*found.span())


def _flag_of(name: str, flags: Collection[str]) -> str | None:
    """The flag that sets what a variable's name says: `--max-model-len`."""
    flag = f"--{name.removeprefix(_OURS).replace('_', '-').lower()}"
    return flag if flag in flags else None


def _meant(name: str, names: Collection[str]) -> str | None:
    """The variable that a name misspells; one with another word in its place is another one."""
    if (folder := _same_folder(name, names)) is not None:
        return folder
    close = nearest(name, names, _ALIKE)
    ours, theirs = name.split("_"), (close or "").split("_")
    if len(ours) != len(theirs):
        return close
    pairs = zip(ours, theirs, strict=True)
    return close if all(nearest(our, [their], _WORDS_ALIKE) for our, their in pairs) else None


def _same_folder(name: str, names: Collection[str]) -> str | None:
    """The variable for the folder that a name speaks of: VLLM_CACHE_ROOT for VLLM_CACHE_DIR."""
    stem, _, last = name.rpartition("_")
    if last not in _FOLDERS:
        return None
    return next((each for last in _FOLDERS if (each := f"{stem}_{last}") in names), None)


def _used(text: str) -> set[str]:
    """The variables that a script names anywhere but where it sets or exports them."""
    return {
        match[0]
        for match in _NAMED.finditer(text)
        if not _SET.match(text, match.end())
        and not _EXPORT.search(text, max(0, match.start() - 80), match.start())
    }
