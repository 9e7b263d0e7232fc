"""A Markdown page for people: as it is, or typeset for a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import zip_longest

from doctor.base.regex import regex
from doctor.report.style import cells, visible

#: What a table needs for each column beside its text.
_BORDER = 3
#: Code without a background, which would be black on a light terminal.
_NO_BOXES = {"markdown.code": "bold cyan", "markdown.code_block": "cyan"}
_CELL_BORDER = regex(r"(?<!\\)\|")
_RULER = regex(r"\|[ :|-]+")


def plain(text: str) -> Iterator[str]:
    """The page's lines."""
    return map(visible, text.splitlines())


def typeset(text: str, width: int, colour: bool) -> Iterator[str]:
    """The page as a terminal shows it best."""
    import io

    from rich.console import Console
    from rich.markdown import Markdown
    from rich.theme import Theme

    narrow = "\n".join(_fitting(plain(text), width))
    console = Console(
        file=io.StringIO(),
        force_terminal=True,
        width=width,
        no_color=not colour,
        legacy_windows=False,
        theme=Theme(_NO_BOXES),
    )
    with console.capture() as captured:
        console.print(Markdown(narrow, code_theme="ansi_dark", hyperlinks=False))
    yield from (line.rstrip() for line in captured.get().splitlines())


def _fitting(lines: Iterable[str], width: int) -> Iterator[str]:
    """The lines, with a list in place of each table that is too wide."""
    table: list[str] = []
    in_code = False
    for line in (*lines, ""):
        if line.startswith("|") and not in_code:
            table.append(line)
            continue
        yield from _listed(table) if _is_wide(table, width) else table
        table.clear()
        in_code ^= line.lstrip().startswith("```")
        yield line


def _is_wide(table: Sequence[str], width: int) -> bool:
    """Whether its rows don't fit into lines; narrow columns of broken words are hard to read."""
    if len(table) < 2 or _RULER.fullmatch(table[1]) is None:
        return False
    columns = zip_longest(*map(_cells, (table[0], *table[2:])), fillvalue="")
    needed = [_BORDER + max(map(cells, each)) for each in columns]
    return sum(needed) > width


def _listed(table: Sequence[str]) -> Iterator[str]:
    """An item for each row: its first cell, then what the others say, with their headings."""
    _, *headings = _cells(table[0])
    for row in table[2:]:
        first, *others = _cells(row)
        said = [
            f"{name}: {cell.removesuffix('.')}"
            for name, cell in zip(headings, others, strict=False)
            if cell
        ]
        yield f"- **{first}**{': ' if said else ''}{'; '.join(said)}"


def _cells(row: str) -> list[str]:
    found = [cell.strip().replace("\\|", "|") for cell in _CELL_BORDER.split(row)]
    return found[1:-1] if row.rstrip().endswith("|") else found[1:]
