"""A trace as text: the job, a table of the servers, what they share, and what is not known."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

from doctor.base.numbers import is_digits
from doctor.report import sentences
from doctor.report.folding import fold
from doctor.report.style import Styled, cells, paint, visible
from doctor.report.table import Table
from doctor.trace import Traced
from doctor.trace.readers.jobs import Request
from doctor.trace.summary.summary import Otherwise, Row, rows
from doctor.trace.summary.unknowns import missing
from doctor.values.value import UNKNOWN, Unknown, Value

#: The options of a request that are told: the words for each, and for its value.
_ASKED = (
    ("nodes", "nodes", "{}"),
    ("on", "nodelist", "{}"),
    ("on", "nodefile", "the nodes in {}"),
    ("not on", "exclude", "{}"),
    ("GPUs", "gpus-per-node", "{} on each node"),
    ("GPUs", "gres", "{} on each node"),
    ("GPUs", "gpus", "{} in all"),
    ("GPUs", "gpus-per-task", "{} for each task"),
    ("GPUs", "gpus-per-socket", "{} for each socket"),
    ("tasks", "ntasks", "{}"),
    ("tasks", "ntasks-per-node", "{} on each node"),
    ("exclusive", "exclusive", "{}"),
    ("time", "time", "{}"),
    ("partition", "partition", "{}"),
    ("array", "array", "{}"),
    ("image", "container-image", "{}"),
    ("output", "output", "{}"),
    ("error", "error", "{}"),
)
#: A table's columns: the traits in them.
_COLUMNS = (
    ("model", ("model",)),
    ("GPUs", ("devices", "parallel")),
    ("port", ("port",)),
    ("memory", ("memory",)),
    ("vLLM", ("releases",)),
)
#: What is told below a server's line in the table.
_BELOW = (
    ("where", "where"),
    ("cache", "cache"),
    ("log", "log"),
    ("speculates", "speculation"),
    ("vLLM from", "because"),
)
#: Traits by the names that people know them by.
_NAMES = {"devices": "GPUs", "parallel": "GPUs", "releases": "vLLM"}
_LABEL = 12


class TraceText:
    """Writes traces for a terminal of some width."""

    def __init__(self, width: int, colour: bool) -> None:
        self.width = max(40, width)
        self.colour = colour

    def render(self, traced: Traced) -> Iterator[str]:
        """The lines about one script."""
        found = rows(traced)
        yield self._heading(traced.source.filename)
        yield ""
        yield from self._requests(traced)
        yield from self._servers(found, traced)
        yield from self._facts(traced)
        yield from self._unknowns(found, traced)

    def _heading(self, text: str) -> str:
        return paint([Styled(visible(text), "bold")], self.colour)

    def _item(self, label: str, text: str, indent: int = 2) -> Iterator[str]:
        """A labelled text, wrapped to the right of its label."""
        room = self.width - indent - _LABEL - 1
        wrapped = textwrap.wrap(visible(text), room, break_on_hyphens=False) or [""]
        for index, line in enumerate(wrapped):
            name = label if index == 0 else ""
            pad = " " * max(1, _LABEL + 1 - cells(name))
            yield paint(
                [Styled(" " * indent), Styled(name, "dim"), Styled(pad + line)], self.colour
            )

    # --- requests for nodes ------------------------------------------------------------------

    def _requests(self, traced: Traced) -> Iterator[str]:
        requests = list({request.location: request for request in traced.requests}.values())
        if not any(request.asks.by == "header" for request in requests):
            yield "This is not a batch job: it has no #SBATCH lines."
            yield ""
        for request in requests:
            yield self._heading(_asked_by(request))
            shown = list(_options(request))
            for label, text in shown:
                yield from self._item(label, text)
            if not shown:
                yield "  nothing in particular"
            yield ""

    # --- servers -----------------------------------------------------------------------------

    def _servers(self, found: Sequence[Row], traced: Traced) -> Iterator[str]:
        if not found:
            yield "It starts no vLLM server that can be seen."
            yield ""
            return
        yield self._heading(_servers_heading(found))
        several = any(row.how_many for row in found)
        head = ["line", *(["how many"] if several else []), *(name for name, _ in _COLUMNS)]
        body = [_cells(row, several) for row in found]
        table = Table(head, body, self.width - 2)
        yield from self._line(table.head, "bold")
        for row, lines in zip(found, table.rows, strict=True):
            for line in lines:
                yield from self._line(line)
            yield from self._below(row)
            yield ""

    def _line(self, text: str, style: str = "") -> Iterator[str]:
        yield paint([Styled("  "), Styled(visible(text), style)], self.colour)

    def _below(self, row: Row) -> Iterator[str]:
        for label, name in _BELOW:
            texts = row.traits[name]
            if any(texts):
                yield from self._item(label, fold(texts), indent=8)
        if row.conditions:
            yield from self._item("if", "; ".join(row.conditions), indent=8)
        given = [
            f"{_variable(o.given)} ({_NAMES.get(o.trait, o.trait)})"
            for o in row.otherwise
            if o.given
        ]
        if given:
            yield from self._item("or as given", ", ".join(dict.fromkeys(given)), indent=8)
        for other in row.otherwise:
            if other.given is None and other.trait != "because":
                condition = f", if {' and '.join(other.conditions)}" if other.conditions else ""
                yield from self._item("or", _other_trait(other) + condition, indent=8)

    # --- the rest ----------------------------------------------------------------------------

    def _facts(self, traced: Traced) -> Iterator[str]:
        said = sentences.also(traced)
        if said:
            yield self._heading("Also")
            for sentence in said:
                yield from self._bullet(sentence)
            yield ""

    def _unknowns(self, found: Sequence[Row], traced: Traced) -> Iterator[str]:
        unknowns = [u for row in found for u in (*row.unknowns, *row.open_arguments)]
        unknowns += _of_requests(traced.requests)
        said = [
            f"{unknown.name}: {unknown.source}{sentences.at(unknown.place)}"
            for unknown in missing(unknowns, traced.source.text)
        ]
        said += sentences.unread(traced)
        for region in traced.script.unparsed:
            place = traced.source.location(*region.span)
            said.append(f"a statement that could not be read{sentences.at(place)}: {region.reason}")
        said += (f"all of the script: {what}" for what in traced.walk.not_followed)
        if traced.walk.narrowed:
            said.append("the less likely ways through the script: they are too many to follow")
        if traced.walk.passed_over:
            said.append(
                "what functions start that are called often, or late: some are not followed"
            )
        if said:
            yield self._heading("Not known")
            for sentence in dict.fromkeys(said):
                yield from self._bullet(sentence)
            yield ""

    def _bullet(self, sentence: str) -> Iterator[str]:
        lines = textwrap.wrap(visible(sentence), self.width - 4, break_on_hyphens=False)
        for index, line in enumerate(lines):
            yield ("  - " if index == 0 else "    ") + line


def _other_trait(other: Otherwise) -> str:
    if other.trait == "speculation" and not other.text:
        return "no speculation"
    if other.trait == "releases" and not is_digits(other.text[:1]):
        return other.text
    return f"{_NAMES.get(other.trait, other.trait)} {other.text or 'default'}"


def _servers_heading(found: Sequence[Row]) -> str:
    if len(found) == 1:
        return "The vLLM server"
    apart = any(one.excludes(other) for one in found for other in found)
    return f"{len(found)} vLLM servers" + (", of which one run does not start all" if apart else "")


def _variable(name: str) -> str:
    return f"argument {name}" if is_digits(name) else name


def _cells(row: Row, several: bool) -> list[str]:
    begin = [str(row.place.start.row), *([row.how_many or "1"] if several else [])]
    return begin + [_joined(row, names) for _, names in _COLUMNS]


def _joined(row: Row, names: Sequence[str]) -> str:
    return "; ".join(text for name in names if (text := fold(row.traits[name])))


def _asked_by(request: Request) -> str:
    if request.asks.by == "header":
        return "The job asks Slurm for (#SBATCH lines)"
    return f"{request.asks.by} asks Slurm for (line {request.location.start.row})"


def _options(request: Request) -> Iterator[tuple[str, str]]:
    told: dict[str, list[str]] = {label: [] for label, _, _ in _ASKED}
    for label, name, words in _ASKED:
        option = request.given.last(name)
        if option is not None:
            value = option.value.display if option.value is not None else "yes"
            told[label].append(words.format(value))
    if request.asks.asks_gpus is not True:
        unsure = request.asks.asks_gpus is UNKNOWN
        told["GPUs"] = ["none by name; the partition may bring some" if unsure else "none"]
    if request.given.open:
        told["and more"] = ["options that can't be seen"]
    return ((label, "; ".join(texts)) for label, texts in told.items() if texts)


def _of_requests(requests: Sequence[Request]) -> Iterator[Unknown]:
    values: list[Value] = [
        option.value
        for request in requests
        for _, name, _ in _ASKED
        for option in (request.given.last(name),)
        if option is not None and option.value is not None
    ]
    return (p for value in values for p in value.pieces if isinstance(p, Unknown))
