"""What vLLM refuses of a line's speculation: broken JSON, and names that no release knows.

A method or a key of another release than the pinned one is no fault of this kind.
"""

from __future__ import annotations

from collections.abc import Iterable

from doctor.base.errors import closest
from doctor.base.record import Record
from doctor.base.regex import regex
from doctor.values.value import Value
from doctor.vllm.releases import Candidates
from doctor.vllm.speculation import SINGLE, Speculation

#: From here on a method that the release doesn't know is refused (config.py).
METHODS_CHECKED = "0.9.1"
#: In between a key that the release doesn't know is left out (pydantic, without ``forbid``).
_KEYS_IGNORED = ("0.9.1", "0.16.0")
#: How much alike a name and the one that was meant are.
_ALIKE = 0.7
#: A name, and not what a template has yet to fill in (``METHOD``, ``{METHOD}``).
_NAME = regex(r"[a-z][a-z0-9_-]*")


class Fault(Record):
    """Why vLLM refuses it, in a few words, and the words at fault.

    ``method`` is the method that no release knows, if that is it, and ``meant`` one that is much
    like it.
    """

    why: str
    at: tuple[Value, ...]
    method: str | None = None
    meant: str | None = None


def fault(given: Speculation, found: Candidates) -> Fault | None:
    """What the candidate releases refuse of a speculation, whichever of them it is."""
    names_count = found.complete  # a release that isn't known may know more of them
    unknown = names_count and (_of_keys(given, found) or _of_method(given, found))
    if given.invalid is None:
        return unknown or None
    return unknown or Fault(given.invalid, given.invalid_at)


def _of_keys(given: Speculation, found: Candidates) -> Fault | None:
    tables = found.tables
    ignored = tables.since(_KEYS_IGNORED[0]) & tables.before(_KEYS_IGNORED[1])
    if not found.likely & ~ignored:
        return None
    for key, value in given.keys.items():
        if key not in tables.keys and _NAME.fullmatch(key):
            meant = _meant_key(key, tables.keys)
            return Fault(f"no release knows the key `{key}`{meant}", (value,))
    return None


def _meant_key(key: str, keys: Iterable[str]) -> str:
    old_flag = SINGLE.get(f"--{key.replace('_', '-')}")
    plain = key.removeprefix("draft_")
    known = tuple(keys)
    meant = old_flag or (plain if plain in known else closest(key, known, _ALIKE))
    return f"; did you mean `{meant}`?" if meant else ""


def _of_method(given: Speculation, found: Candidates) -> Fault | None:
    written, methods = given.written, found.tables.methods
    checking = found.likely & found.tables.since(METHODS_CHECKED)
    if not checking or not isinstance(written, str) or written.strip("[]") in methods:
        return None
    lower = written.lower().replace("-", "_")
    if not (_NAME.fullmatch(written) or lower in methods):
        return None
    meant = lower if lower in methods else closest(lower, tuple(methods), _ALIKE)
    hint = f"; did you mean `{meant}`?" if meant else ""
    why = f"no release knows the method `{written}`{hint}"
    return Fault(why, given.given["method"], written, meant)
