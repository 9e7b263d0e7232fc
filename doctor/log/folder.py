"""A folder of logs: which script wrote which, and what a later job wrote over."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from doctor.base.record import Record
from doctor.base.regex import regex
from doctor.config import Config
from doctor.diagnostic import Diagnostic, Location, Severity
from doctor.facts.logs import LogFile
from doctor.log.settings import Script, read_script
from doctor.sources import has_suffix

#: How the names of logs end, packed or not.
_ENDINGS = (".log", ".out", ".err")
_PACKED = (".gz", ".zst")
#: How many logs of a folder are read, and how many scripts in it and above it are looked at.
_MOST_LOGS = 1000
_MOST_SCRIPTS = 100
#: What is not known of a log's name before its job runs: Slurm's `%j`, and variables.
_OPEN = regex(r"%\d{0,2}[a-zA-Z%]|\$\{?\w{1,80}\}?")
_JOB_NUMBER = regex(r"%\d{0,2}[jJA]|\$\{?SLURM_(?:JOB_?ID|ARRAY_JOB_ID)\}?")


class Written(Record):
    """A log that a script writes: the pattern of its name, which captures the job's number."""

    script: Script
    fact: LogFile
    pattern: str

    def job(self, log: str) -> str | None:
        """The job that wrote the log, empty if its name doesn't tell; None if none of these did."""
        found = re.fullmatch(self.pattern, posixpath.basename(log))
        return None if found is None else next(filter(None, found.groups()), "")

    @property
    def place(self) -> Location:
        """Where the script names the log."""
        places = self.fact.evidence["path"].locations if "path" in self.fact.evidence else ()
        return (*places, self.fact.location)[0]


def logs(folder: str) -> list[str]:
    """The logs that lie in a folder."""
    names = sorted(path.name for path in Path(folder).iterdir() if path.is_file())
    return [posixpath.join(folder, name) for name in names if _is_log(name)][:_MOST_LOGS]


def written(folder: str, config: Config) -> list[Written]:
    """The logs that the scripts of a folder, and of the one above it, write."""
    found: list[Written] = []
    for place in (Path(folder), Path(folder).absolute().parent):
        for path in sorted(place.iterdir())[:_MOST_SCRIPTS]:
            if has_suffix(path.name) and path.is_file():
                script = read_script(str(path), config)
                facts = (fact for fact in script.facts if isinstance(fact, LogFile))
                found += [Written(script, fact, _pattern(fact.path)) for fact in facts]
    return found


def writer(log: str, listed: Sequence[Written]) -> Script | None:
    """The one script that writes a log of this name; None if none does, or several do."""
    scripts = {each.script.source.filename: each.script for each in listed if _wrote(each, log)}
    return next(iter(scripts.values())) if len(scripts) == 1 else None


def overwritten(
    found: Sequence[str], listed: Sequence[Written]
) -> Iterator[tuple[Written, Diagnostic]]:
    """The logs that each job of a script writes anew, where several jobs have run.

    They are worded as by the rules about such a log in a script.
    """
    for each in listed:
        if each.fact.overwritten is not True:
            continue
        others = [other for other in listed if other.script is each.script]
        jobs = {job for other in others for log in found if (job := other.job(log))}
        *lost, last = sorted(jobs, key=int) or [""]
        for log in (log for log in found if lost and each.job(log) == ""):
            fault = (
                f"{log} is the log of job {last} alone, which wrote over that of {_listed(lost)}."
            )
            remedy = "Put the job's number (%j, $SLURM_JOB_ID) into its name."
            alone = replace(each.fact, lost=None, folder_fault=None, deleted=False)
            for told in each.script.examiner.judged([alone])[:1]:
                told = replace(told, severity=Severity.WARNING, fault=fault, why="", help=remedy)
                yield each, replace(told, location=each.place, related=(), fix=None)


def _wrote(each: Written, log: str) -> bool:
    return each.job(log) is not None


def _listed(jobs: Sequence[str]) -> str:
    return f"job {jobs[0]}" if len(jobs) == 1 else f"jobs {', '.join(jobs)}"


def _is_log(name: str) -> bool:
    for ending in _PACKED:
        name = name.removesuffix(ending)
    return name.endswith(_ENDINGS)


def _pattern(path: str) -> str:
    """The names that a log's path may have, as a regular expression."""
    name, at, parts = posixpath.basename(path), 0, []
    for found in _OPEN.finditer(name):
        parts.append(re.escape(name[at : found.start()]))
        is_number = _JOB_NUMBER.fullmatch(found[0]) is not None
        parts.append(r"(\d{1,12})" if is_number else r"[^/]{0,100}")
        at = found.end()
    return "".join(parts) + re.escape(name[at:]) + r"(?:\.gz|\.zst)?"
