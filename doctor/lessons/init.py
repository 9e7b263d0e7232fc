"""`vllm-doctor init`: a commented configuration to start from.

It is the only command that asks Slurm: which of the known bad nodes does this cluster have?
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from doctor.base.errors import DoctorError
from doctor.base.replace import flush, replacing
from doctor.config import FILENAME

_SINFO = ("sinfo", "-h", "-N", "-o", "%N")

_DEADLINE = 5.0

_TEXT = """\
# The configuration of vllm-doctor for this folder and those below it.
# Remove the `#` before a setting to use it.

# Nodes that jobs must not be given, as Slurm writes them. They take the place of the list that
# ships with vllm-doctor; an empty list switches the rules about bad nodes off.
{bad_nodes}

# Folders that all users share, besides /tmp, /var/tmp and /dev/shm.
# shared-folders = ["/scratch"]

# A folder on shared storage in which `vllm-doctor node --record` remembers unfit nodes.
# register = "/shared/vllm-nodes"

# The release of vLLM that your scripts run, where they don't say it themselves.
# vllm-version = "0.11.2"

# true: every script here runs under Slurm, also where it doesn't show.
# slurm = true

# Rules by code, by the beginning of a code or by name. `select` means only these.
# select = ["VD1", "VD2"]
# ignore = ["unparsed-statement"]

# Files and folders to leave alone, written as in .gitignore.
# exclude = ["third_party/"]

# Documents with your own lessons, and folders with your own rules.
# kb = ["docs/cluster-lessons.md"]
# rules = ["lint/rules"]

# error, warning, info or off.
# [severity]
# VD711 = "error"

# [per-file-ignores]
# "experiments/*" = ["VD201"]
"""


def write(folder: Path, force: bool) -> Iterator[str]:
    """Write the configuration; yield what was done, in sentences."""
    path = folder / FILENAME
    if path.exists() and not force:
        raise DoctorError("this configuration is there already; --force writes over it", FILENAME)
    bad_nodes, sentence = _bad_nodes()
    try:
        with replacing(path) as file:
            file.write(_TEXT.format(bad_nodes=bad_nodes).encode())
            flush(file)
    except OSError as error:
        raise DoctorError(f"can't be written: {error.strerror}", str(path)) from None
    yield f"Wrote {FILENAME}."
    yield sentence


def _bad_nodes() -> tuple[str, str]:
    """The setting `bad-nodes`, and a sentence about how it came about."""
    from ClusterShell.NodeSet import NodeSet, NodeSetException

    from doctor import knowledge

    known = NodeSet.fromlist(sorted(knowledge.load().bad_nodes.names))
    commented = f'# bad-nodes = ["{known}"]'
    if shutil.which(_SINFO[0]) is None:
        return commented, (
            "Slurm's sinfo is not here, so nothing was asked about the nodes: bad-nodes is "
            "commented out; set it to the bad nodes of your cluster."
        )
    try:
        cluster = NodeSet.fromlist(_ask_slurm().split())
    except (OSError, subprocess.TimeoutExpired, NodeSetException) as error:
        return commented, (
            f"sinfo did not answer ({_reason(error)}): bad-nodes is commented out; set it to "
            "the bad nodes of your cluster."
        )
    here = known & cluster
    if not here:
        return "bad-nodes = []", (
            f"None of the known bad nodes is among the {len(cluster)} nodes of this cluster: "
            "bad-nodes is empty; put the bad nodes of your cluster there."
        )
    return f'bad-nodes = ["{here}"]', (
        f"Of the known bad nodes, this cluster of {len(cluster)} nodes has {here}: bad-nodes "
        "names them."
    )


def _ask_slurm() -> str:
    """What sinfo prints. It hangs where the controller is dead, hence the deadline."""
    process = subprocess.Popen(
        _SINFO,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        start_new_session=True,
    )
    try:
        output, errors = process.communicate(timeout=_DEADLINE)
    except subprocess.TimeoutExpired:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout=1)
        raise
    if process.returncode != 0 or not output.strip():
        last = errors.strip().splitlines()[-1:] or ["no nodes"]
        raise OSError(last[0])
    return output


def _reason(error: Exception) -> str:
    if isinstance(error, subprocess.TimeoutExpired):
        return f"it took more than {_DEADLINE:.0f} s"
    return str(error)
