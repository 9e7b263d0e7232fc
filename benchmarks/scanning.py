"""What the benchmarks share: scan many scripts, spread over processes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import chain
from pathlib import Path

from doctor.config import Config
from doctor.diagnostic import Diagnostic, Source
from doctor.scan import scan
from doctor.sources import discover

CHUNK = 40


@dataclass(frozen=True)
class Finding:
    """A diagnostic, and the line that it points at."""

    diagnostic: Diagnostic
    line: str

    @property
    def path(self) -> str:
        return self.diagnostic.location.filename

    @property
    def row(self) -> int:
        return self.diagnostic.location.start.row

    @property
    def alarms(self) -> bool:
        """Whether it is worse than an info."""
        return self.diagnostic.severity.rank > 0

    def __str__(self) -> str:
        found = self.diagnostic
        return f"{self.path}:{self.row}: {found.code} {found.severity.value}: {found.message}"


def scripts(paths: Sequence[Path]) -> list[str]:
    """The scripts that a scan of these files and folders would examine."""
    found = discover([str(path) for path in paths], Config())
    return [source.filename for source in found if isinstance(source, Source)]


def findings(paths: Sequence[str], config: Config | None = None) -> list[Finding]:
    """Every diagnostic in these files, ordered as the files are."""
    chunks = [paths[start : start + CHUNK] for start in range(0, len(paths), CHUNK)]
    with ProcessPoolExecutor() as pool:
        return list(chain.from_iterable(pool.map(partial(_scan, config or Config()), chunks)))


def _scan(config: Config, paths: Sequence[str]) -> list[Finding]:
    result = scan(paths, config)
    return [Finding(found, _line(result.sources, found)) for found in result.diagnostics]


def _line(sources: Mapping[str, Source], found: Diagnostic) -> str:
    source = sources.get(found.location.filename)
    return source.line(found.location.start.row).strip() if source else ""
