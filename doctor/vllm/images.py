"""Which release of vLLM a container image holds, as far as its name tells."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from doctor.base.regex import regex
from doctor.values.value import UNKNOWN, UnknownType, Value
from doctor.vllm.requirements import Requirement, pinning

_RELEASE = r"0\.\d+(?:\.\d+)*(?:\.?(?:post|rc)\d+)?"
_FILE = regex(r"(?:.*/)?(?P<stem>[^/]*)\.(?:sif|simg|sqsh|squashfs|img|tar)", re.IGNORECASE)
#: The images of the vLLM project, wherever they are mirrored.
_OFFICIAL = regex(
    r"(?:.*[/#])?(?:vllm/vllm-(?:openai|tpu|cpu)[\w-]*|vllm-openai[\w-]*"
    r"|deep-learning-containers/vllm)"
)
_REFERENCE = regex(
    r"(?:[a-z-]+://|docker:)?(?P<name>[^\s:@]+(?::\d+/[^\s:@]+)?)(?::(?P<tag>[^\s@]+))?(?:@sha256:.*)?"
)
_TAG = regex(rf"v?(?P<version>{_RELEASE})(?:[-_+].*)?")
#: A release that is said to be vLLM's: ``vllm_0.11.1``, ``vllm-openai-rocm-v0.12.0``; enroot
#: writes ``vllm-openai+v0.12.0``.
_SPELT = regex(
    rf"vllm(?:[-_]openai)?(?:[-_][a-z]{{2,8}})?[-_+]?v?(?P<version>{_RELEASE})(?!\d|\.\d)"
)


_NO_BUILDS: Mapping[str, str] = MappingProxyType({})


def read_image(value: Value, builds: Mapping[str, str] = _NO_BUILDS) -> Requirement | None:
    """The release that an image's name tells; None if it isn't an image with vLLM.

    ``builds`` are images whose release a page tells, by the beginning of their names.
    A tag of the project's own images counts, and in any name a release that is said to be
    vLLM's. ``latest``, ``nightly``, digests and other people's tags tell nothing.
    """
    text = value.shadow
    for name, release in builds.items():
        if found := _named(name).search(text):
            place = value.slice(*found.span())
            return Requirement("vllm", "image", value.display, place, release)
    if "vllm" not in text.lower():
        return None
    if file := _FILE.fullmatch(text):
        return _told(value, "image-file", _SPELT.search(text, file.start("stem")))
    reference = _REFERENCE.fullmatch(text)
    if reference is None:
        return _told(value, "image", None)
    spelt = _SPELT.search(text)
    if reference["tag"] and _OFFICIAL.fullmatch(reference["name"]):
        spelt = _TAG.fullmatch(text, *reference.span("tag")) or spelt
    return _told(value, "image", spelt)


def is_file(word: Value) -> bool:
    """Whether a word is the name of a file that holds an image."""
    return _FILE.fullmatch(word.shadow) is not None


def is_newest(image: Value) -> bool:
    """Whether it is an image of the project's of whatever release is the newest: ``latest``."""
    reference = _REFERENCE.fullmatch(image.text or "")
    if reference is None or "@" in reference[0] or not _OFFICIAL.fullmatch(reference["name"]):
        return False
    return (reference["tag"] or "latest").startswith(("latest", "nightly"))


def _named(name: str) -> re.Pattern[str]:
    """An image's name, in which enroot writes `+` and Apptainer `_` for what parts it."""
    return re.compile(re.escape(name).replace("/", "[/+_]").replace(":", "[:+_]") + r"(?!\w|\.\d)")


def _told(value: Value, via: str, found: re.Match[str] | None) -> Requirement:
    version: str | UnknownType | None = UNKNOWN
    specifier = ""
    place = value
    if found is not None:
        version, specifier = pinning(found["version"])
        place = value.slice(*found.span("version"))
    return Requirement("vllm", via, value.display, place, version, specifier)
