"""The cells of a row of a table, read as what their column holds."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from doctor.base.errors import DoctorError, nearest
from doctor.base.record import Record
from doctor.base.regex import regex
from doctor.knowledge.place import Place

_CODE = regex(r"`([^`]+)`")
_LINK = regex(r"\[([^\[\]]*)\]\([^()]*\)")
_RELEASE = regex(r"\d+(?:\.\d+)+(?:\.?(?:post|rc|a|b|dev)\d+)?")
_CLAUSE = regex(r"(==|!=|<=|>=|<|>|~=)\s*v?([\w.]+?)(\.\*)?")
_BUILT_IN = regex(r"built[ -]in|native|内置|自带", re.IGNORECASE)
_TRUTHS = {"yes": True, "是": True, "no": False, "否": False}
_NOTHING = frozenset(("", "-", "–", "—", "n/a"))  # noqa: RUF001


class Cells(Record):
    """One row of a recognised table; releases are checked against those that exist."""

    place: Place
    cells: Sequence[str]
    columns: Mapping[str, int]
    releases: Collection[str]

    def error(self, message: str) -> DoctorError:
        """The error that refuses this row."""
        return DoctorError(message, self.place.filename, self.place.line)

    def text(self, column: str) -> str | None:
        """The cell as plain text, or None if it is empty or there is no such column."""
        index = self.columns.get(column)
        if index is None or index >= len(self.cells):
            return None
        text = _LINK.sub(r"\1", self.cells[index]).replace("**", "").strip()
        return None if text in _NOTHING else text

    def needed(self, column: str) -> str:
        """The cell, which may not be empty."""
        text = self.text(column)
        if text is None:
            raise self.error(f"the row has no {column.replace('-', ' ')}")
        return text

    def names(self, column: str) -> tuple[str, ...]:
        """The names in the cell: its code spans, or else what commas separate."""
        text = self.text(column) or ""
        found = _CODE.findall(text) or text.split(",")
        return tuple(name.strip() for name in found if name.strip())

    def name(self, column: str) -> str | None:
        """The one name in the cell."""
        names = self.names(column)
        if len(names) > 1:
            raise self.error(f"one {column.replace('-', ' ')} is expected, not {len(names)}")
        return names[0] if names else None

    def drafter(self) -> str | None:
        """The drafter's name, or None where the cell says that it is built in."""
        text = self.needed("drafter")
        built_in = "`" not in text and "/" not in text and _BUILT_IN.search(text)
        return None if built_in else self.name("drafter")

    def number(self, column: str) -> int | None:
        """The cell as a whole number."""
        text = self.text(column)
        if text is None:
            return None
        if not re.fullmatch(r"\d{1,9}", text):
            raise self.error(f"{column.replace('-', ' ')}: {text!r} is not a whole number")
        return int(text)

    def truth(self, column: str) -> bool:
        """The cell as yes or no; an empty one says no."""
        text = (self.text(column) or "no").lower()
        if text not in _TRUTHS:
            raise self.error(f"{column.replace('-', ' ')}: {text!r} is neither yes nor no")
        return _TRUTHS[text]

    def value(self, column: str) -> Any:
        """The cell as JSON reads it (number, truth, list, quoted text), or else as text."""
        index = self.columns[column]
        text = self.cells[index].strip() if index < len(self.cells) else ""
        code = _CODE.fullmatch(text)
        text = code[1].strip() if code else text
        try:
            return json.loads(text)
        except (ValueError, RecursionError):
            if text[:1] in ("[", "{", '"'):
                raise self.error(f"{column}: {text!r} is not JSON") from None
        return text

    def release(self, column: str) -> str | None:
        """The cell as the first of the releases that it speaks of: ``>= 0.10.2``, ``0.9.2+``."""
        text = self.text(column)
        if text is None:
            return None
        word = text.strip("`").removeprefix("≥").removeprefix(">=").strip().removesuffix("+")
        return self._known(word.strip().removeprefix("v"), text)

    def specifier(self, column: str) -> str:
        """The cell as a version specifier: ``0.12.0``, ``0.11.x`` and ``>=0.10.2,<0.13`` are."""
        text = self.needed(column).strip("`")
        series = re.fullmatch(r"v?(\d+(?:\.\d+)*)\.[x*]", text)
        if series:
            return f"=={series[1]}.*"
        if text[0] not in "=!<>~":
            return f"=={self._known(text.removeprefix('v'), text)}"
        clauses = []
        for clause in text.split(","):
            found = _CLAUSE.fullmatch(clause.strip())
            if found is None:
                raise self.error(f"{text!r} is neither a release of vLLM nor a version specifier")
            release = found[2] if found[3] else self._known(found[2], text, exact=False)
            clauses.append(f"{found[1]}{release}{found[3] or ''}")
        return ",".join(clauses)

    def _known(self, release: str, text: str, exact: bool = True) -> str:
        """The release, if it exists or is newer than all that are known."""
        for form in (release, f"{release}.0"):
            if form in self.releases:
                return form
        if _RELEASE.fullmatch(release):
            if _number(release) > max(map(_number, self.releases)):
                return release
            if not exact:
                return release
        hint = nearest(release, list(self.releases))
        raise self.error(f"{text!r} is not a release of vLLM{hint}")


def _number(release: str) -> list[int]:
    return [int(part[:9]) for part in re.findall(r"\d+", release)]
