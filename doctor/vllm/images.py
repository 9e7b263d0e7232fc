"""Which release of vLLM a container image holds, as far as its name tells."""

from __future__ import annotations

import re

from doctor.base.regex import regex
from doctor.values.value import UNKNOWN, UnknownType, Value
from doctor.vllm.requirements import Requirement, pinning

_RELEASE = r"0\.\d+(?:\.\d+)*(?:\.?(?:post|rc)\d+)?"
_FILE = regex(r"(?:.*/)?(?P<stem>[^/]*)\.(?:sif|simg|sqsh|squashfs|img|tar)", re.IGNORECASE)
#: The images of the vLLM project, wherever they are mirrored.
_OFFICIAL = regex(r"(?:.*[/#])?(?:vllm/vllm-(?:openai|tpu|cpu)|vllm-openai)[\w-]*")
_REFERENCE = regex(
    r"(?:[a-z-]+://)?(?P<name>[^\s:@]+(?::\d+/[^\s:@]+)?)(?::(?P<tag>[^\s@]+))?(?:@sha256:.*)?"
)
_TAG = regex(rf"v?(?P<version>{_RELEASE})(?:[-_+].*)?")
#: A release that is said to be vLLM's: ``vllm_0.11.1``, ``vllm-openai-rocm-v0.12.0``.
_SPELT = regex(rf"vllm(?:[-_]openai)?(?:[-_][a-z]{{2,8}})?[-_]v?(?P<version>{_RELEASE})(?!\d|\.\d)")


def read_image(value: Value) -> Requirement | None:
    """The release that an image's name tells; None if it isn't an image with vLLM.

    A tag of the project's own images counts, and in any name a release that is said to be
    vLLM's. ``latest``, ``nightly``, digests and other people's tags tell nothing.
    """
    text = value.shadow
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


def _told(value: Value, via: str, found: re.Match[str] | None) -> Requirement:
    version: str | UnknownType | None = UNKNOWN
    specifier = ""
    place = value
    if found is not None:
        version, specifier = pinning(found["version"])
        place = value.slice(*found.span("version"))
    return Requirement("vllm", via, value.display, place, version, specifier)
