"""How often each rule spoke, the most frequent first, in place of the diagnostics."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator

from doctor.diagnostic import Applicability
from doctor.report.report import Report

#: The formats of a scan's report that statistics have, too.
FORMATS = ("text", "json")


def render(report: Report, format_name: str) -> Iterator[str]:
    """A line, or an object, for each rule that is shown; JSON counts infos too."""
    found = report.diagnostics if format_name == "json" else report.shown
    counted = Counter((each.code, each.name, each.severity.value) for each in found)
    fixable = Counter(each.code for each in found if each.fix is not None)
    safe = Counter(
        each.code for each in found if each.fix and each.fix.applicability is Applicability.SAFE
    )
    rows = sorted(counted.items(), key=lambda row: (-row[1], row[0]))
    if format_name == "json":
        objects = [
            {"code": code, "name": name, "severity": severity, "count": count,
             "fixable": fixable[code], "safely_fixable": safe[code]}
            for (code, name, severity), count in rows
        ]  # fmt: skip
        yield from json.dumps(objects, indent=2).splitlines()
        return
    width = len(str(rows[0][1])) if rows else 0
    for (code, name, severity), count in rows:
        star = "[*]" if safe[code] else "   "
        yield f"{count:>{width}}  {code}  {severity:<7}  {star} {name}"
