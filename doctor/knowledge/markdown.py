"""A Markdown page as what can hold knowledge: its front matter, its tables and its lists.

What the tables mean is not known here; see ``reader``. Our own pages and a team's free-form
documents are read alike.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from doctor.base.errors import DoctorError
from doctor.base.record import Record
from doctor.base.regex import regex

if TYPE_CHECKING:
    from markdown_it.token import Token

MAX_BYTES = 1 << 20
#: The parser makes objects of every line and every cell, so that these cost far more than a byte.
MAX_LINES, MAX_BORDERS, MAX_COLUMNS = 20_000, 100_000, 50
MAX_FRONT_MATTER = 1 << 16

_FRONT_MATTER = regex(r"---[ \t]*\n(.*?\n)?(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
_CELL_BORDER = regex(r"(?<!\\)\|")
_BELOW_HEADER = regex(r"[ \t>]*\|?[ \t]*:?-[-:| \t]*")


class Row(Record):
    """A row of a table, or an item of a list, which has one cell."""

    line: int
    cells: Sequence[str]


class Block(Record):
    """A table, or a list (without a header), and the heading that it stands under."""

    heading: str
    line: int
    header: Sequence[str]
    rows: Sequence[Row]


class Document(Record):
    """A page taken apart. ``front_matter`` holds for each key its line and its value."""

    filename: str
    front_matter: Mapping[str, tuple[int, Any]]
    blocks: Sequence[Block]

    def as_json(self) -> Any:
        """Plain data, from which ``from_json`` makes the document again."""
        blocks = [
            [block.heading, block.line, block.header, [[row.line, row.cells] for row in block.rows]]
            for block in self.blocks
        ]
        return [self.front_matter, blocks]

    @classmethod
    def from_json(cls, filename: str, data: Any) -> Document:
        """The document that ``as_json`` wrote."""
        front_matter, blocks = data
        return cls(
            filename,
            {key: (line, value) for key, (line, value) in front_matter.items()},
            [
                Block(heading, line, header, [Row(at, cells) for at, cells in rows])
                for heading, line, header, rows in blocks
            ],
        )


class CodeBlock(Record):
    """A fenced block of code; ``info`` are the words behind the fence: ``bash good``."""

    line: int
    info: Sequence[str]
    text: str


def read(filename: str, text: str) -> Document:
    """Take a page apart."""
    if len(text) > MAX_BYTES:
        raise DoctorError(f"is larger than {MAX_BYTES >> 20} MiB, too large for a page", filename)
    text = text.removeprefix("\ufeff")
    _refuse_costly(filename, text)
    front = _FRONT_MATTER.match(text)
    if front is None:
        return Document(filename, {}, list(_blocks(text)))
    body = "\n" * front[0].count("\n") + text[front.end() :]
    return Document(filename, _front_matter(filename, front[1] or ""), list(_blocks(body)))


def _refuse_costly(filename: str, text: str) -> None:
    if text.count("\n") > MAX_LINES:
        raise DoctorError(f"has more than {MAX_LINES:,} lines", filename, MAX_LINES + 1)
    if text.count("|") > MAX_BORDERS:
        raise DoctorError(f"has more than {MAX_BORDERS:,} borders (|) of cells", filename)
    for number, line in enumerate(text.split("\n"), 1):
        if line.count("|") > MAX_COLUMNS and _BELOW_HEADER.fullmatch(line):
            raise DoctorError(f"the table has more than {MAX_COLUMNS} columns", filename, number)


def prose(text: str) -> str:
    """A page without its front matter."""
    text = text.removeprefix("\ufeff")
    front = _FRONT_MATTER.match(text)
    return text[front.end() :] if front else text


def code_blocks(text: str) -> list[CodeBlock]:
    """The fenced blocks of code in a page."""
    return [
        CodeBlock(token.map[0] + 1, token.info.split(), token.content)
        for token in _tokens(text)
        if token.type == "fence" and token.map is not None
    ]


def _tokens(text: str) -> list[Token]:
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark").enable("table")
    parser.core.ruler.enableOnly(["normalize", "block"])  # what is inside a line isn't needed
    return parser.parse(text)


def _front_matter(filename: str, text: str) -> dict[str, tuple[int, Any]]:
    from doctor.base.document import parse

    if len(text) > MAX_FRONT_MATTER:
        raise DoctorError("the front matter is larger than 64 KiB", filename, 1)
    if not text.strip():
        return {}
    root = parse("\n" + text, filename)  # so that lines count from the `---`
    if root.mapping is None:
        raise root.error("the front matter must be a mapping: `key: value` on each line")
    return {key: (item.line, item.plain) for key, item in root.mapping.items()}


def _blocks(text: str) -> Iterator[Block]:
    lines = text.splitlines()
    tokens = _tokens(text)
    heading = ""
    for index, token in enumerate(tokens):
        if token.type == "heading_open":
            heading = tokens[index + 1].content
        elif token.type == "table_open" and token.map is not None:
            rows = [
                Row(inner.map[0] + 1, _cells(lines[inner.map[0]]))
                for inner in _until(tokens, index, "table_close")
                if inner.type == "tr_open" and inner.map is not None
            ]
            yield Block(heading, rows[0].line, rows[0].cells, rows[1:])
        elif token.type in ("bullet_list_open", "ordered_list_open") and token.level == 0:
            close = token.type.replace("open", "close")
            yield Block(heading, index, (), list(_items(tokens, index, close)))


def _until(tokens: Sequence[Token], start: int, close: str) -> Iterator[Token]:
    for at in range(start, len(tokens)):
        if tokens[at].type == close and tokens[at].level == tokens[start].level:
            return
        yield tokens[at]


def _items(tokens: Sequence[Token], start: int, close: str) -> Iterator[Row]:
    """The first line of each item of a list, and of the lists inside it."""
    waiting = False
    for token in _until(tokens, start, close):
        if token.type == "list_item_open":
            waiting = True
        elif token.type == "inline" and waiting and token.map is not None:
            waiting = False
            yield Row(token.map[0] + 1, (token.content.split("\n", 1)[0],))


def _cells(line: str) -> list[str]:
    """The cells of a table's row, however many; the parser itself drops the superfluous."""
    row = line.strip().lstrip("> ").removeprefix("|")
    cells = [cell.strip().replace("\\|", "|") for cell in _CELL_BORDER.split(row)]
    return cells[:-1] if cells[-1] == "" and len(cells) > 1 else cells
