"""Facts about a site's knowledge: where it disagrees with another source."""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from dataclasses import replace

from doctor.diagnostic import Location, Position, Source
from doctor.facts.base import Evidence
from doctor.facts.inputs import Conflict
from doctor.knowledge import Knowledge, Place
from doctor.knowledge.conflicts import conflicts
from doctor.sources import read_text


def facts(knowledge: Knowledge, texts: MutableMapping[str, Source]) -> Iterator[Conflict]:
    """A fact for each disagreement; ``texts`` gets the documents that they point into."""
    for found in conflicts(knowledge):
        place, other = (_location(each, texts) for each in (found.place, found.other_place))
        yield Conflict(
            location=place,
            topic=found.topic,
            subject=found.subject,
            says=found.says,
            other_says=found.other_says,
            other_place=found.other_place.told,
            evidence={"says": Evidence((place,)), "other_says": Evidence((other,))},
        )


def _location(place: Place, texts: MutableMapping[str, Source]) -> Location:
    """The line that says it."""
    if place.filename not in texts and (source := read_text(place.filename)) is not None:
        texts[place.filename] = replace(source, included=False)
    text = texts[place.filename].line(place.line) if place.filename in texts else ""
    end = Position(place.line, len(text) + 1)
    return Location(place.filename, Position(place.line, 1), end)
