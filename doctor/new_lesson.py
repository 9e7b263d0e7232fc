"""The files of a new lesson: a page, and a rule with examples."""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from doctor.errors import DoctorError

_PAGE = """\
---
id: {id}
title: {title}
codes: [{code}]
checked: "{today}"
---
# {heading}

## Problem
```bash bad {code}
{bad}
```

## Solution
```bash good
{good}
```
"""
_RULE = """\
code: {code}
name: {id}
lesson: {id}
fact: {fact}
severity: {severity}
when: {when}
message: {message}
examples:
  - bad: |
{bad}
  - good: |
{good}
"""


@dataclass(frozen=True)
class Lesson:
    """What somebody says about a lesson; ``when`` is written as in a rule's file."""

    title: str
    fact: str
    when: str
    message: str
    bad: str
    good: str
    severity: str


def write(lesson: Lesson, folder: Path, taken: Collection[str], today: date) -> tuple[Path, Path]:
    """Write page and rule below a folder's ``kb`` and ``rules``; ``taken`` are codes in use."""
    name = "-".join(re.findall(r"[a-z0-9]+", lesson.title.lower()))
    if not re.match(r"[a-z]", name):
        raise DoctorError("the title must begin with a letter from a to z, for the rule's name")
    code = next(f"SITE{n:03}" for n in range(1, 1000) if f"SITE{n:03}" not in taken)
    page = folder / "kb" / f"{name}.md"
    rule = folder / "rules" / f"{code}-{name}.yaml"
    for path in (page, rule):
        if path.exists():
            raise DoctorError("is there already; give the lesson another title", str(path))
        path.parent.mkdir(parents=True, exist_ok=True)
    words = {"code": code, "id": name, "today": today.isoformat()}
    page.write_text(
        _PAGE.format(
            **words, title=json.dumps(lesson.title, ensure_ascii=False), heading=lesson.title,
            bad=lesson.bad.rstrip(), good=lesson.good.rstrip(),
        ),
        "utf-8",
    )  # fmt: skip
    rule.write_text(
        _RULE.format(
            **words, fact=lesson.fact, severity=lesson.severity, when=lesson.when,
            message=json.dumps(lesson.message, ensure_ascii=False),
            bad=_indented(lesson.bad), good=_indented(lesson.good),
        ),
        "utf-8",
    )  # fmt: skip
    return page, rule


def _indented(script: str) -> str:
    return "\n".join(f"      {line}".rstrip() for line in script.rstrip().splitlines())
