"""Variables: what a script gives a server under names that are vLLM's."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from doctor.facts.base import Evidence
from doctor.facts.servers import GivenVariable
from doctor.trace.servers import Started
from doctor.trace.values import Value
from doctor.vllm.migration import of_variable
from doctor.vllm.releases import whether
from doctor.vllm.verdicts import nearest

_OURS = "VLLM_"
#: ``VLLM_HOST``, which people use for themselves, is not a misspelt ``VLLM_HOST_IP``.
_ALIKE = 0.87
#: ``LOG`` and ``LOGGING`` are the same word to people, ``ROPE`` and ``PREFILL`` are not.
_WORDS_ALIKE = 0.6
_EXPORT = re.compile(r"\b(?:export|declare -x|unset)[ \t]+(?:\w+[ \t]+)*\Z")


def given(started: Started) -> Iterator[GivenVariable]:
    """A fact for each variable named ``VLLM_…`` that a server is given by the script."""
    for name, value in started.environment.items():
        if name.startswith(_OURS) and value.pieces:
            yield _fact(started, name, value)


def _fact(started: Started, name: str, value: Value) -> GivenVariable:
    found = started.candidates
    row = found.tables.variables.get(name)
    foreign = row is None and not started.has_plugin
    origin = value.origin
    text = origin.source.text if origin else ""
    place = value.location
    likely = found.likely
    earlier = (likely & -likely) - 1
    rewrite = of_variable(name, value.text, started.server.arguments.flags, found)
    return GivenVariable(
        location=started.invocation.origin.location,
        evidence={"name": Evidence((place,) if place else (), value.assumes)},
        name=name,
        is_on=(value.text or "").lower() in ("1", "true"),
        known=row is not None,
        used_by_script=_is_used(name, text),
        suggestion=_meant(name, found.tables.variables) if foreign else None,
        pinned=found.pin is not None,
        read=whether(likely, row.releases) if row else False,
        newest_reads=bool(row and row.releases & found.tables.newest),
        too_new=bool(row and not row.releases & (likely | earlier)),
        added=row.feature.added if row else None,
        removed=row.feature.removed if row else None,
        replacement=row.feature.replacement if row else None,
        rewrite=rewrite.text if rewrite else None,
        rewrite_in_words=rewrite.in_words if rewrite else None,
        rewrite_same=bool(rewrite and rewrite.same),
    )


def _meant(name: str, names: Collection[str]) -> str | None:
    """The variable that a name misspells; one with another word in its place is another one."""
    close = nearest(name, names, _ALIKE)
    ours, theirs = name.split("_"), (close or "").split("_")
    if len(ours) != len(theirs):
        return close
    pairs = zip(ours, theirs, strict=True)
    return close if all(nearest(our, [their], _WORDS_ALIKE) for our, their in pairs) else None


def _is_used(name: str, text: str) -> bool:
    """Whether a script names a variable anywhere but where it sets or exports it."""
    named = rf"\b{name}\b"
    return any(
        not text.startswith("=", match.end()) and not _EXPORT.search(text[: match.start()][-80:])
        for match in re.finditer(named, text)
    )
