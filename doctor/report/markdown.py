"""A Markdown page for people: as it is, or typeset for a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from doctor.base.regex import regex
from doctor.report.style import visible

#: A wider table can't be read on a terminal; it is cut to its first columns.
_COLUMNS = 5
#: Code without a background, which would be black on a light terminal.
_NO_BOXES = {"markdown.code": "bold cyan", "markdown.code_block": "cyan"}
_CELL_BORDER = regex(r"(?<!\\)\|")


def plain(text: str) -> Iterator[str]:
    """The page's lines."""
    return map(visible, text.splitlines())


def typeset(text: str, width: int, colour: bool) -> Iterator[str]:
    """The page as a terminal shows it best."""
    import io

    from rich.console import Console
    from rich.markdown import Markdown
    from rich.theme import Theme

    narrow = "\n".join(_narrow(line) for line in plain(text))
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


def _narrow(line: str) -> str:
    """A row of a wide table without its last columns."""
    cells = _CELL_BORDER.split(line)
    if not line.startswith("|") or len(cells) - 2 <= _COLUMNS:
        return line
    return "|".join(cells[: _COLUMNS + 1]) + "|"
