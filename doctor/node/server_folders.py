"""The probe of the folders that variables, or their defaults, give to a server."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Literal

from doctor.base.numbers import whole_number
from doctor.base.record import Record
from doctor.base.unknown import UNKNOWN
from doctor.facts.node.folders import ServerFolder
from doctor.node.folder import HANGS, Folder, look
from doctor.node.probe import Probe, Situation

_Holds = Literal["compiled-code", "kernels", "models", "temporary-files"]
#: Below these, what lies on a node's own disk is not kept for the next job.
_TEMPORARY = ("/tmp", "/var/tmp")
_OF_THE_JOB = ("SLURM_TMPDIR", "TMPDIR", "LOCAL_SCRATCH")
_REASON = ("writable", "blocked_at", "lost", "network")


class Wanted(Record):
    """A folder that a server would use; ``setting`` is the variable that moves it alone."""

    variable: str
    setting: str
    holds: _Holds
    path: str
    is_default: bool


#: Of each folder: the variables that may put it somewhere, with what follows below, in the order
#: in which they are looked at. The first moves it alone, and of the last the default is made.
_FOLDERS: tuple[tuple[_Holds, tuple[tuple[str, str], ...]], ...] = (
    (
        "compiled-code",
        (("VLLM_CACHE_ROOT", ""), ("XDG_CACHE_HOME", "vllm"), ("HOME", ".cache/vllm")),
    ),
    (
        "models",
        (
            ("HF_HUB_CACHE", ""),
            ("HF_HOME", "hub"),
            ("XDG_CACHE_HOME", "huggingface/hub"),
            ("HOME", ".cache/huggingface/hub"),
        ),
    ),
    (
        "kernels",
        (("TRITON_CACHE_DIR", ""), ("TRITON_HOME", ".triton/cache"), ("HOME", ".triton/cache")),
    ),
    (
        "kernels",
        (("FLASHINFER_WORKSPACE_BASE", ".cache/flashinfer"), ("HOME", ".cache/flashinfer")),
    ),
    ("kernels", (("TORCHINDUCTOR_CACHE_DIR", ""),)),
    ("temporary-files", (("TMPDIR", ""),)),
)


def wanted(environment: Mapping[str, str]) -> Iterator[Wanted]:
    """The folders that a server started here would use."""
    for holds, places in _FOLDERS:
        for variable, below in places:
            if environment.get(variable):
                path = os.path.abspath(os.path.expanduser(environment[variable]))
                path = os.path.join(path, below) if below else path
                yield Wanted(variable, places[0][0], holds, path, variable == "HOME")
                break


def nodes_of_job(environment: Mapping[str, str]) -> int:
    """How many nodes this job has; 1 outside a job."""
    count = environment.get("SLURM_JOB_NUM_NODES") or environment.get("SLURM_NNODES") or ""
    return whole_number(count) or 1


def _probe(situation: Situation) -> Iterator[ServerFolder]:
    environment = situation.environment
    folders = list(wanted(environment))
    seen = look(each.path for each in folders)
    for each in folders:
        yield _fact(each, seen.get(each.path), environment)


def _fact(each: Wanted, folder: Folder | None, environment: Mapping[str, str]) -> ServerFolder:
    if folder is None:
        hangs = HANGS.format(each.path)
        return ServerFolder(
            variable=each.variable,
            setting=each.setting,
            is_default=each.is_default,
            holds=each.holds,
            path=each.path,
            nodes=nodes_of_job(environment),
            reasons=dict.fromkeys(_REASON, hangs),
        )
    network = folder.mount.on_network
    missing = each.holds == "temporary-files" and not folder.exists  # nobody makes that one
    blocked = folder.blocked_at or (each.path if missing else None)
    return ServerFolder(
        variable=each.variable,
        setting=each.setting,
        is_default=each.is_default,
        holds=each.holds,
        path=each.path,
        writable=blocked is None,
        blocked_at=blocked,
        lost=_lost(folder, environment),
        network=UNKNOWN if network is None else network,
        nodes=nodes_of_job(environment),
        reasons={"network": f"{folder.mount.type} may lie on the network or here"},
    )


def _lost(
    folder: Folder, environment: Mapping[str, str]
) -> Literal["memory", "node-local", "job"] | None:
    if folder.mount.in_memory:
        return "memory"
    job = environment.get("SLURM_JOB_ID")
    parts = (*folder.path.split("/"), *folder.mount.root.split("/"))
    if job and any(job in part.replace("-", ".").split(".") for part in parts):
        return "job"
    temporary = [*_TEMPORARY, *(environment.get(name, "") for name in _OF_THE_JOB)]
    below = any(name and f"{folder.path}/".startswith(f"{name.rstrip('/')}/") for name in temporary)
    return "node-local" if below and not folder.mount.on_network else None


PROBE = Probe("server-folders", (ServerFolder,), _probe)
