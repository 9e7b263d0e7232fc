"""Which release of a package an install command or a module names."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from doctor.base.record import Record
from doctor.base.regex import regex
from doctor.values.value import UNKNOWN, Text, Unknown, UnknownType, Value

#: One release, as people write it; a local part (``+cu129``) says how it was built.
RELEASE = r"\d+(?:\.\d+)+(?:\.?(?:post|rc|a|b|dev)\d+)*"
_NAMED = regex(
    r"(?P<name>[A-Za-z0-9][\w.-]*?)\s*(?:\[[^\]]*\])?\s*"
    r"(?:@\s*(?P<url>\S+)|(?P<spec>(?:===|==|~=|!=|<=|>=|<|>).*))?"
)
_CLAUSE = regex(r"(===|==|~=|!=|<=|>=|<|>)\s*(\S+)")
_CONDA = regex(
    r"(?:[\w.-]+::)?(?P<name>[A-Za-z0-9][\w.-]*?)"
    r"(?:=(?P<version>[\w.*+]+)(?:=\S*)?)?"
)
_ARCHIVE = regex(rf"(?:.*/)?(?P<name>[\w.]+)-(?P<version>{RELEASE})(?:\+|%2[Bb]|-|\.tar)")
_GIT = regex(r"git\+.*/(?P<name>[\w.-]+?)(?:\.git)?(?:@(?P<tag>[^#]*))?(?:#.*)?")
_TAG = regex(rf"v?(?P<version>{RELEASE})")
_MODULE = regex(
    r"(?:.*/)?(?:[\w.]+-)?(?P<name>vllm)(?:[-_][a-z]+)?/v?(?P<version>\d+(?:\.\d+)+(?:\.?post\d+)?)"
    r"(?:[-_+].*)?",
    re.IGNORECASE,
)


class Requirement(Record):
    """A package that is asked for.

    ``version`` is the one release that it pins, None if it pins none, UNKNOWN if that can't be
    told. ``specifier`` holds what else it says, by PEP 440. ``value`` is the text to point at:
    the version's, or the whole requirement.
    """

    package: str
    via: str
    written: str
    value: Value
    version: str | UnknownType | None = None
    specifier: str = ""


def read_requirements(words: Sequence[Value]) -> list[Requirement]:
    """What a command's words install or load; nothing if that isn't what they do."""
    texts = [word.shadow for word in words[:_LONGEST_START]]
    if texts and re.fullmatch(r"(?:.*/)?python[\d.]*", texts[0]) and texts[1:3] == ["-m", "pip"]:
        words, texts = words[2:], texts[2:]
    if not texts:
        return []
    texts[0] = re.sub(r"^pip[\d.]+$", "pip", texts[0].rpartition("/")[2])
    for start, (via, read) in _COMMANDS.items():
        if tuple(texts[: len(start)]) == start:
            return list(read(words[len(start) :], via))
    return []


def _packages(words: Sequence[Value], via: str) -> Iterator[Requirement]:
    for word in _operands(words, _VALUED):
        if found := named(_unmatched(word), via):
            yield found


def _unmatched(word: Value) -> Value:
    """The word as it stands: no file is called ``vllm==0.12.*``, so the shell leaves it alone."""
    pieces = [
        Text(piece.name, piece.origin) if isinstance(piece, Unknown) and piece.matched else piece
        for piece in word.pieces
    ]
    return replace(word, pieces=tuple(pieces))


def _conda(words: Sequence[Value], via: str) -> Iterator[Requirement]:
    for word in _operands(words, _CONDA_VALUED):
        if found := conda_package(word, via):
            yield found


def _run(words: Sequence[Value], via: str) -> Iterator[Requirement]:
    """``uv run --with vllm==0.12.0 …``, ``uvx vllm@0.12.0 serve …``."""
    rest = list(words)
    while rest and rest[0].prefix.startswith("-"):
        option, _, joined = rest[0].shadow.partition("=")
        given = rest[0].slice(len(option) + 1) if joined else None
        if given is None and option in _RUN_VALUED and len(rest) > 1:
            given = rest.pop(1)
        if given is not None and option in ("--with", "--from", "-w"):
            for part in _split(given):
                if found := named(part, via):
                    yield found
        rest.pop(0)
    if rest and via == "uvx" and (at := re.fullmatch(r"([\w.-]+)@(\S+)", rest[0].shadow)):
        version = UNKNOWN if "\0" in at[2] else None if at[2] == "latest" else at[2]
        yield Requirement(_normal(at[1]), via, rest[0].display, rest[0].slice(at.start(2)), version)
    elif rest and via == "uvx" and (found := named(rest[0], via)):
        yield found


def _module(words: Sequence[Value], via: str) -> Iterator[Requirement]:
    for word in words:
        if found := _MODULE.fullmatch(word.shadow):
            yield _loaded(word, found["version"], found.span("version"), via)
        elif re.fullmatch(r"(?:.*/)?vllm(?:/\0+)?", word.shadow, re.IGNORECASE):
            version = UNKNOWN if "\0" in word.shadow else None
            yield Requirement("vllm", via, word.display, word, version)


def _spack(words: Sequence[Value], via: str) -> Iterator[Requirement]:
    for word in words:
        if found := re.match(rf"(?:py-)?vllm@=?({RELEASE})", word.shadow):
            yield _loaded(word, found[1], found.span(1), via)


def _loaded(word: Value, version: str, span: tuple[int, int], via: str) -> Requirement:
    """A module's version; two numbers (``0.12``) leave the third open."""
    exact, specifier = pinning(version)
    return Requirement("vllm", via, word.display, word.slice(*span), exact, specifier)


def pinning(version: str) -> tuple[str | None, str]:
    """``0.12.0`` is one release, ``0.12`` is any that begins so."""
    if not version:
        return None, ""
    return (version, "") if version.count(".") > 1 else (None, f"=={version}.*")


def conda_package(word: Value, via: str) -> Requirement | None:
    """A requirement as conda reads it: ``conda-forge::vllm=0.12.0=cuda*``."""
    single = _CONDA.fullmatch(word.shadow)
    if single is None:
        return named(word, via)
    value = word.slice(*single.span("version")) if single["version"] else word
    version, specifier = pinning((single["version"] or "").rstrip(".*"))
    return Requirement(_normal(single["name"]), via, word.display, value, version, specifier)


def named(word: Value, via: str) -> Requirement | None:
    """A requirement as pip reads it: a name with a specifier, a URL, an archive."""
    text = word.shadow.partition(";")[0].rstrip()
    if archive := _ARCHIVE.match(text):
        span = archive.span("version")
        return Requirement(
            _normal(archive["name"]), via, word.display, word.slice(*span), archive["version"]
        )
    if git := _GIT.fullmatch(text):
        return _from_git(word, git, via)
    found = _NAMED.fullmatch(text)
    if found is None or "\0" in found["name"]:
        return None
    if found["url"]:
        inner = named(word.slice(found.start("url")), via)
        version = inner.version if inner else UNKNOWN
        return Requirement(_normal(found["name"]), via, word.display, word, version)
    return _specified(word, found, via)


def _specified(word: Value, found: re.Match[str], via: str) -> Requirement:
    package, spec = _normal(found["name"]), found["spec"] or ""
    if "\0" in spec:
        value = word.slice(found.start("spec"))
        return Requirement(package, via, word.display, value, UNKNOWN)
    clauses = _CLAUSE.findall(spec.replace(",", " "))
    exact = [version for sign, version in clauses if sign in ("==", "===") and "*" not in version]
    if len(exact) == 1:
        start = spec.index(exact[0]) + found.start("spec")
        value = word.slice(start, start + len(exact[0]))
        return Requirement(package, via, word.display, value, exact[0].partition("+")[0])
    value = word.slice(found.start("spec")) if spec else word
    specifier = ",".join(sign + version for sign, version in clauses)
    return Requirement(package, via, word.display, value, None, specifier)


def _from_git(word: Value, git: re.Match[str], via: str) -> Requirement:
    tag = _TAG.fullmatch(git["tag"] or "")
    value = word.slice(*git.span("tag")) if git["tag"] else word
    version = tag["version"] if tag else UNKNOWN
    return Requirement(_normal(git["name"]), via, word.display, value, version)


def _operands(words: Sequence[Value], valued: frozenset[str]) -> Iterator[Value]:
    """The words that are neither options nor their values."""
    skip = False
    for word in words:
        if skip:
            skip = False
        elif word.prefix.startswith("-"):
            skip = word.text in valued
        else:
            yield word


def _split(value: Value) -> Iterator[Value]:
    """``--with a,b`` names two; ``a>=1,<2`` is one."""
    text, start = value.shadow, 0
    for comma in re.finditer(r",(?=\s*[A-Za-z])", text):
        yield value.slice(start, comma.start())
        start = comma.end()
    yield value.slice(start)


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


_VALUED = _names(
    "-r --requirement -c --constraint -i --index-url --extra-index-url -f --find-links -t "
    "--target --prefix --root --python -p --index --default-index --torch-backend --platform "
    "--python-version --implementation --abi --no-binary --only-binary --progress-bar --log "
    "--cache-dir --src --timeout --retries --proxy --trusted-host --cert --client-cert "
    "--config-settings -C --report --index-strategy --prerelease --exclude-newer --group "
    "--overrides --override --extra --resolution --link-mode --upgrade-package -P"
)
_CONDA_VALUED = _names("-n --name -p --prefix -c --channel --file -f --solver")
_RUN_VALUED = _names(
    "--with --from -w -p --python --with-editable --with-requirements --extra --group --env-file "
    "--directory --project --index --default-index --index-url --extra-index-url --package "
    "--torch-backend --prerelease --index-strategy"
)
#: As many words as begin a command at most: ``python -m pip install``.
_LONGEST_START = 4
_Reader = Callable[[Sequence[Value], str], Iterator[Requirement]]
_COMMANDS: dict[tuple[str, ...], tuple[str, _Reader]] = {
    ("pip", "install"): ("pip", _packages),
    ("uv", "pip", "install"): ("uv", _packages),
    ("uv", "add"): ("uv", _packages),
    ("uv", "tool", "install"): ("uv", _packages),
    ("pipx", "install"): ("pip", _packages),
    ("poetry", "add"): ("pip", _packages),
    ("uv", "run"): ("uv", _run),
    ("uv", "tool", "run"): ("uvx", _run),
    ("uvx",): ("uvx", _run),
    **{
        (tool, verb): ("conda", _conda)
        for tool in ("conda", "mamba", "micromamba")
        for verb in ("install", "create")
    },
    **{
        ("module", verb): ("module", _module)
        for verb in ("load", "add", "swap", "switch", "try-load")
    },
    ("ml", "load"): ("module", _module),
    ("ml",): ("module", _module),
    ("spack", "load"): ("module", _spack),
}
