"""Facts about logs: the files that a job and its servers write their output to."""

from __future__ import annotations

from typing import ClassVar, Literal, TypeAlias

from doctor.base.unknown import UnknownType
from doctor.facts.base import Fact, attribute

LostAtEnd: TypeAlias = Literal["node-local", "memory"]
FolderFault: TypeAlias = Literal["made-in-job", "never-made"]


class LogFile(Fact, kw_only=True):
    """A file for the output of a job (`--output`, `--error`) or of a vLLM server."""

    kind: ClassVar[str] = "log"

    whose: Literal["job", "server"] = attribute("`job` or `server`")
    path: str = attribute("the file, unknowns by their names")
    folder: str = attribute("its folder, empty where the path names none")
    lost: LostAtEnd | UnknownType | None = attribute(
        "why it can't be read after the job: `node-local`, `memory`, or null where it can; "
        "unknown where the script may copy or show it"
    )
    folder_fault: FolderFault | UnknownType | None = attribute(
        "why its folder is not there: `made-in-job` (Slurm opens the file before), `never-made` "
        "(it is named after the job, and nothing makes it), or null"
    )
    deleted: bool | UnknownType = attribute(
        "whether the script itself deletes it and keeps no copy", False
    )
    overwritten: bool | UnknownType = attribute("whether the next job writes the same file anew")


FACTS: tuple[type[Fact], ...] = (LogFile,)
