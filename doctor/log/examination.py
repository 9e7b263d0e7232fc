"""Several logs examined, each with the script that wrote it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from doctor.base.errors import DoctorError
from doctor.base.record import Record
from doctor.config import Config
from doctor.diagnostic import Diagnostic, Source
from doctor.log import folder, settings
from doctor.log.examine import examine
from doctor.log.settings import Script, read_script
from doctor.log.signature import Signature


class Examination(Record):
    """What was found, in the order of the logs.

    ``sources`` are the logs, and the ``scripts`` that have to do with it, by name; ``problems``
    are sentences about what could not be read.
    """

    diagnostics: tuple[Diagnostic, ...]
    sources: Mapping[str, Source]
    scripts: tuple[str, ...]
    problems: tuple[str, ...]


def examined(
    paths: Sequence[str], config: Config, signatures: Sequence[Signature], script: str | None
) -> Examination:
    """Examine logs, and of folders all logs; ``script`` wrote them, where that is known."""
    given = read_script(script, config) if script else None
    work = _Work(config, signatures)
    problems: list[str] = []
    for path in paths:
        try:
            if path != "-" and Path(path).is_dir():
                work.read_folder(path, given)
            else:
                work.read(path, given)
        except DoctorError as error:
            problems.append(str(error))
    told = tuple(dict.fromkeys(work.told))
    return Examination(told, {**work.logs, **work.scripts}, tuple(work.scripts), tuple(problems))


class _Work:
    """What was found so far."""

    def __init__(self, config: Config, signatures: Sequence[Signature]) -> None:
        self._config, self._signatures = config, signatures
        self.told: list[Diagnostic] = []
        self.logs: dict[str, Source] = {}
        self.scripts: dict[str, Source] = {}

    def read(self, path: str, script: Script | None) -> None:
        """Examine one log, with the script that wrote it."""
        examined = examine(path, self._signatures, self._config.vllm_version)
        name = examined.source.filename
        self.logs[name] = examined.source
        told = [*examined.diagnostics]
        told += settings.by_own_word(name, examined.verdict, self._config)
        if script is not None and told:
            told = settings.in_script(script, examined.verdict, told)
            self.scripts[script.source.filename] = script.source
        self.told += told

    def read_folder(self, path: str, given: Script | None) -> None:
        """Examine the logs in a folder, each with the one script there that writes such a log."""
        found, listed = folder.logs(path), folder.written(path, self._config)
        for log in found:
            self.read(log, given or folder.writer(log, listed))
        for each, told in folder.overwritten(found, listed):
            self.scripts[each.script.source.filename] = each.script.source
            self.told.append(told)
