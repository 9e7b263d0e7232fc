"""Files that an install command reads, and the release of vLLM that they pin.

Requirements as pip reads them, environments of conda, ``pyproject.toml`` and lock files.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from doctor.base.document import parse
from doctor.base.errors import DoctorError
from doctor.base.record import Record
from doctor.base.regex import regex
from doctor.values.value import Value, known
from doctor.vllm.requirements import Requirement, conda_package, named

#: A larger file is a lock file of hundreds of packages; more than that nobody writes.
MAX_CHARACTERS = 4_000_000
_NAMES_VLLM = regex(r"\bvllm\b", re.IGNORECASE)
_LOCKED = regex(r"name\s*=\s*\"vllm\"\s*\n\s*version\s*=\s*\"(?P<version>[^\"\n]+)\"")
_NESTED = regex(r"(?:-r|--requirement|-c|--constraint)[ =]?\s*(?P<file>\S+)")
#: A constraint says which release it is, but only where something asks for it.
_VLLM_ITSELF = regex(r"vllm(?:\[.*\])?")
_EXTRAS = regex(r"\[[^\]]*\]$")


class File(Record):
    """A file that a command reads: the word that names it, and the names to try, in order."""

    word: Value
    names: tuple[Value, ...]


class Line(Record):
    """A requirement in a file: the words of it, and in which line they stand."""

    text: str
    line: int
    via: str = "pip"


class Found(Record):
    """A requirement of a file, and the line in which it stands."""

    requirement: Requirement
    line: int


# --- which files -----------------------------------------------------------------------------


def files_of(words: Sequence[Value]) -> Iterator[File]:
    """The files that a command's words install from."""
    texts = [word.shadow for word in words[:4]]
    if texts[1:3] == ["-m", "pip"]:
        words, texts = words[2:], texts[2:]
    if not texts:
        return
    texts[0] = re.sub(r"^pip[\d.]+$", "pip", texts[0].rpartition("/")[2])
    for start, read in _COMMANDS.items():
        if tuple(texts[: len(start)]) == start:
            yield from read(words[len(start) :], words[len(start) - 1])
            return


def _of_pip(words: Sequence[Value], verb: Value) -> Iterator[File]:
    listed = [*_given(words, ("-r", "--requirement", "--requirements"))]
    yield from listed
    if listed or any(_VLLM_ITSELF.fullmatch(word.display) for word in words):
        yield from _given(words, ("-c", "--constraint", "--constraints"))
    editable = [*_valued(words, ("-e", "--editable"))]
    plain = [word for word in words if word.display[:1] in (".", "/")]
    for word in (*editable, *plain):
        folder = _EXTRAS.sub("", word.text or "").rstrip("/")
        if folder and not folder.endswith((".whl", ".gz", ".zip", ".txt", ".toml")):
            yield File(word, (known(f"{folder}/pyproject.toml", word.origin),))


def _of_sync(words: Sequence[Value], verb: Value) -> Iterator[File]:
    for word in words:
        if word.prefix[:1] != "-" and word.pieces:
            yield File(word, (word,))


def _of_conda(words: Sequence[Value], verb: Value) -> Iterator[File]:
    given = [*_given(words, ("-f", "--file"))]
    names = tuple(known(f"environment.{end}", verb.origin) for end in ("yml", "yaml"))
    yield from given or ([File(verb, names)] if verb.text in ("create", "update") else [])


def _of_conda_packages(words: Sequence[Value], verb: Value) -> Iterator[File]:
    yield from _given(words, ("-f", "--file"))


def _of_project(*names: str) -> Callable[[Sequence[Value], Value], Iterator[File]]:
    def read(words: Sequence[Value], verb: Value) -> Iterator[File]:
        given = [*_valued(words, ("--project", "--directory", "-C"))]
        folder = f"{given[0].text}/" if given and given[0].text else ""
        if not any(word.text == "--no-project" for word in words):
            yield File(verb, tuple(known(folder + name, verb.origin) for name in names))

    return read


def _given(words: Sequence[Value], options: tuple[str, ...]) -> Iterator[File]:
    for word in _valued(words, options):
        yield File(word, (word,))


def _valued(words: Sequence[Value], options: tuple[str, ...]) -> Iterator[Value]:
    """The values of options: ``-r FILE``, ``-rFILE``, ``--requirement=FILE``."""
    for at, word in enumerate(words):
        name, equals, _ = word.display.partition("=")
        if word.display in options and at + 1 < len(words):
            yield words[at + 1]
        elif equals and name in options:
            yield word.slice(len(name) + 1)
        elif options[0] == word.display[:2] != word.display and word.display[1:2] != "-":
            yield word.slice(2)


# --- what they say ---------------------------------------------------------------------------


def read_file(name: str, text: str, more: Callable[[str], str | None]) -> Iterator[Found]:
    """What a file says of vLLM; ``more`` reads the files that it names."""
    for each in _lines(name, text, more):
        read = conda_package if each.via == "conda" else named
        found = read(known(each.text), each.via)
        pins = found is not None and (found.version is not None or found.specifier)
        if found is not None and found.package == "vllm" and pins:
            yield Found(found, each.line)


def _lines(name: str, text: str, more: Callable[[str], str | None]) -> Iterator[Line]:
    if len(text) > MAX_CHARACTERS or not (_NAMES_VLLM.search(text) or _NESTED.search(text)):
        return
    base = name.rpartition("/")[2].lower()
    if base.endswith((".yml", ".yaml")):
        yield from _of_environment(text, more)
    elif base in ("uv.lock", "poetry.lock", "pdm.lock"):
        for found in _LOCKED.finditer(text):
            line = text.count("\n", 0, found.start()) + 1
            yield Line(f"vllm=={found['version']}", line, "lock")
    elif base == "pipfile.lock":
        yield from _of_pipfile(text)
    elif base.endswith(".toml"):
        yield from _of_project_file(text)
    else:
        yield from _of_requirements(text, more)


def _of_requirements(
    text: str, more: Callable[[str], str | None], nested: bool = True
) -> Iterator[Line]:
    for number, line in enumerate(text.splitlines(), 1):
        plain = line.partition(" #")[0].strip()
        if not plain or plain[0] == "#":
            continue
        other = _NESTED.fullmatch(plain) if nested else None
        if other is not None and (inner := more(other["file"])) is not None:
            for each in _of_requirements(inner, more, nested=False):
                yield Line(each.text, number, each.via)
        elif plain[0] != "-" and _NAMES_VLLM.search(plain):
            yield Line(plain.partition(" --hash")[0].rstrip(" \\"), number)


def _of_environment(text: str, more: Callable[[str], str | None]) -> Iterator[Line]:
    try:
        whole = parse(text, "").mapping or {}
    except DoctorError:
        return
    for item in (whole["dependencies"].list or ()) if "dependencies" in whole else ():
        if isinstance(item.value, str):
            if _NAMES_VLLM.search(item.value):
                yield Line(item.value.strip(), item.line, "conda")
            continue
        for each in (item.mapping or {"pip": item})["pip"].list or ():
            lines = str(each.value) if isinstance(each.value, str) else ""
            for found in _of_requirements(lines, more):
                yield Line(found.text, each.line)


def _of_pipfile(text: str) -> Iterator[Line]:
    try:
        packages = json.loads(text)["default"]
        version = packages["vllm"]["version"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return
    yield Line(f"vllm{version}", _line_of('"vllm"', text), "lock")


def _of_project_file(text: str) -> Iterator[Line]:
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    try:
        project = tomllib.loads(text).get("project")
    except (tomllib.TOMLDecodeError, RecursionError):
        return
    listed = project.get("dependencies") if isinstance(project, Mapping) else None
    for each in _texts(listed):
        if _NAMES_VLLM.match(each):
            yield Line(each, _line_of(each, text))


def _texts(listed: Any) -> Iterator[str]:
    if isinstance(listed, list):
        yield from (each for each in listed if isinstance(each, str))


def _line_of(word: str, text: str) -> int:
    return text.count("\n", 0, max(0, text.find(word))) + 1


_Reader = Callable[[Sequence[Value], Value], Iterator[File]]
_UV_PROJECT = _of_project("uv.lock", "pyproject.toml")
_COMMANDS: Mapping[tuple[str, ...], _Reader] = {
    ("pip", "install"): _of_pip,
    ("uv", "pip", "install"): _of_pip,
    ("uv", "pip", "sync"): _of_sync,
    ("pip-sync",): _of_sync,
    ("uv", "sync"): _UV_PROJECT,
    ("uv", "run"): _UV_PROJECT,
    ("poetry", "install"): _of_project("poetry.lock"),
    ("pdm", "install"): _of_project("pdm.lock", "pyproject.toml"),
    ("pdm", "sync"): _of_project("pdm.lock"),
    ("pipenv", "install"): _of_project("Pipfile.lock"),
    ("pipenv", "sync"): _of_project("Pipfile.lock"),
    **{
        (tool, "env", verb): _of_conda
        for tool in ("conda", "mamba", "micromamba")
        for verb in ("create", "update")
    },
    **{
        (tool, verb): _of_conda_packages
        for tool in ("conda", "mamba", "micromamba")
        for verb in ("create", "install")
    },
}
