"""The library: what the commands do, for programs.

    from doctor.api import scan, scan_text, trace

Nothing that is read is executed. A wrong configuration, rule or page raises ``DoctorError``, whose
text is a sentence with the file and the line.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from doctor.base.errors import DoctorError
from doctor.base.unknown import UNKNOWN
from doctor.config import Config, find, from_mapping
from doctor.diagnostic import (
    Applicability,
    Diagnostic,
    Edit,
    Fix,
    Location,
    Position,
    Related,
    Severity,
    Source,
)
from doctor.facts.base import Fact
from doctor.facts.jobs import Allocation, Directive, Step
from doctor.facts.servers import Launch, Requirement
from doctor.scan import Examiner, Result
from doctor.scan import scan as _scan
from doctor.scan import scan_text as _scan_text

__all__ = [
    "UNKNOWN",
    "Allocation",
    "Applicability",
    "Config",
    "Diagnostic",
    "Directive",
    "DoctorError",
    "Edit",
    "Fact",
    "Fix",
    "Launch",
    "Location",
    "Position",
    "Related",
    "Requirement",
    "Result",
    "Severity",
    "Source",
    "Step",
    "scan",
    "scan_text",
    "trace",
]

#: A configuration, or a table with the keys of one; paths in it are seen from where one is.
Settings = Config | Mapping[str, object]


def scan(
    paths: Iterable[str | os.PathLike[str]] = (".",), config: Settings | None = None
) -> Result:
    """Examine the scripts that files and folders mean, as `vllm-doctor scan` does.

    ``config`` takes the place of the files of configuration that would be in force; ``{}`` is none.
    The result's ``problems`` tell what could not be done: paths that don't exist.
    """
    names = [os.fspath(path) for path in paths]
    return _scan(names, find(names) if config is None else _configuration(config))


def scan_text(
    text: str | bytes, filename: str = "script.sh", config: Settings | None = None
) -> list[Diagnostic]:
    """Examine one script that is at hand, under a configuration, or none.

    What it names is looked for below the folder that one is in.
    """
    return _scan_text(text, filename, _configuration(config or {}))


def trace(
    text: str, filename: str = "script.sh", config: Settings | None = None
) -> tuple[Fact, ...]:
    """What one script would do: the facts that rules go by, in the order of the script.

    `vllm-doctor explain launch` (or `step`, `allocation`, …) tells the attributes of each kind; one
    that can't be known is ``UNKNOWN``.
    """
    examiner = Examiner(_configuration(config or {}))
    return tuple(examiner.trace(Source(filename, text)).facts)


def _configuration(config: Settings) -> Config:
    return config if isinstance(config, Config) else from_mapping(config, Path.cwd())
