"""Checkouts: which release of vLLM a script builds from its repository."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from doctor.base.record import Record
from doctor.base.regex import regex
from doctor.values.value import Value
from doctor.vllm.requirements import RELEASE, Requirement

_REPOSITORY = regex(r".*/vllm(?:\.git)?/?")
_TAG = regex(rf"(?:refs/tags/|tags/)?v(?P<version>{RELEASE})")
_EXTRAS = regex(r"\[[^\]]*\]$")
_VALUED = frozenset(
    "-b --branch --depth -j --jobs -o --origin --reference --filter -c --config -C".split()
)
#: The commands of git that take a tag out.
_TAKES_OUT = frozenset({"checkout", "switch", "reset"})


class Clone(Record):
    """A repository that was cloned: whether it is vLLM's, its folder, and the tag in it."""

    vllm: bool
    folder: str
    tag: Value | None = None


def clone_of(words: Sequence[Value]) -> Clone | None:
    """What ``git clone [-b TAG] URL [FOLDER]`` makes; None if it is none."""
    if [word.text for word in words[:2]] != ["git", "clone"]:
        return None
    operands = [*_operands(words[2:])]
    if not operands:
        return None
    url = operands[0].display
    own = url.rstrip("/").rpartition("/")[2].removesuffix(".git")
    folder = operands[1].display if len(operands) > 1 else own
    return Clone(bool(_REPOSITORY.fullmatch(url)), folder, _branch(words))


def tag_of(words: Sequence[Value]) -> Value | None:
    """The tag that ``git checkout TAG`` takes out, if it names a release."""
    if not words or words[0].text != "git":
        return None
    operands = [*_operands(words[1:])]
    if not operands or operands[0].text not in _TAKES_OUT:
        return None
    return next((word for word in operands[1:] if _TAG.fullmatch(word.shadow)), None)


def installed(words: Sequence[Value]) -> Iterator[str]:
    """The folders that ``pip install -e FOLDER`` installs, without their extras."""
    texts = [word.display for word in words]
    pip = [at for at, text in enumerate(texts[:4]) if re.fullmatch(r"(?:.*/)?pip[\d.]*", text)]
    if not pip or texts[pip[0] + 1 : pip[0] + 2] != ["install"]:
        return
    rest = words[pip[0] + 2 :]
    before = [None, *rest]
    for word, previous in zip(rest, before, strict=False):
        path = _EXTRAS.sub("", word.display).rstrip("/")
        if path[:1] in (".", "/") or (
            previous is not None and previous.text in ("-e", "--editable")
        ):
            yield path.removeprefix("./")


def requirement(clone: Clone, tag: Value) -> Requirement | None:
    """The release of a tag; None if it names none."""
    found = _TAG.fullmatch(tag.shadow)
    if found is None or not clone.vllm:
        return None
    value = tag.slice(*found.span("version"))
    return Requirement("vllm", "git", f"vllm at {tag.display}", value, found["version"])


def _branch(words: Sequence[Value]) -> Value | None:
    for at, word in enumerate(words):
        name, equals, _ = word.display.partition("=")
        if word.text in ("-b", "--branch") and at + 1 < len(words):
            return words[at + 1]
        if equals and name == "--branch":
            return word.slice(len(name) + 1)
    return None


def _operands(words: Sequence[Value]) -> Iterator[Value]:
    skip = False
    for word in words:
        if skip:
            skip = False
        elif word.prefix[:1] == "-":
            skip = word.text in _VALUED
        else:
            yield word
