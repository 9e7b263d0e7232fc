"""The nodes of an allocation, and vllm-doctor run on each of them as a step of its own."""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Iterator, Mapping, Sequence

from doctor.base.errors import DoctorError
from doctor.base.record import Record
from doctor.cluster.commands import Ended, run, run_all
from doctor.slurm import hostlist

#: How long Slurm's controller may take to answer, and a step to begin and to end, in seconds.
ANSWERING, STARTING = 10.0, 6.0
#: What the step ends with where no vllm-doctor is found, and how the same one is tried there: the
#: interpreter that runs us, by its path, and then the command on the node's own PATH.
NOT_FOUND = 127
_TRY = (
    '[ -x "$0" ] && "$0" -c "import doctor.cli" 2>/dev/null && exec "$0" -m doctor "$@"; '
    'command -v vllm-doctor >/dev/null && exec vllm-doctor "$@"; '
    f"exit {NOT_FOUND}"
)


class Allocation(Record):
    """A job that runs, and its nodes in order."""

    job: str
    nodes: tuple[str, ...]


def allocation(job: str | None, environment: Mapping[str, str]) -> Allocation:
    """The job that is named, or the one that we are in."""
    own = environment.get("SLURM_JOB_ID")
    if job is None and own is None:
        raise DoctorError(
            "--all-nodes needs an allocation: run it inside a job, or name one with --jobid"
        )
    named = job or str(own)
    listed = environment.get("SLURM_JOB_NODELIST", "") if job in (None, own) else _asked(named)
    nodes = hostlist.expand(listed)
    if not nodes:
        raise DoctorError(f"which nodes job {named} has can't be told from {listed!r}")
    return Allocation(named, tuple(sorted(nodes)))


def _asked(job: str) -> str:
    """The nodes of a job, of squeue."""
    try:
        ended = run(["squeue", "--noheader", f"--jobs={job}", "--format=%T %N"], ANSWERING)
    except OSError as error:
        raise DoctorError(f"squeue can't be run: {error.strerror}") from None
    if ended.code is None:
        raise DoctorError(f"Slurm's controller gave no answer within {ANSWERING:g} s")
    state, _, nodes = ended.output.strip().partition(" ")
    if ended.code or not state:
        raise DoctorError(f"Slurm knows of no job {job}: {ended.last_words or 'it has ended'}")
    if state != "RUNNING":
        raise DoctorError(f"job {job} is {state.lower()} and not running; it has no nodes yet")
    return nodes


def on_each(
    job: str, nodes: Sequence[str], arguments: Sequence[str], seconds: float, at_once: int = 64
) -> Iterator[tuple[str, Ended]]:
    """Run vllm-doctor on nodes of the job, and tell how each step ended, as they end."""
    return on_each_its_own(job, dict.fromkeys(nodes, arguments), seconds, at_once)


def on_each_its_own(
    job: str, arguments: Mapping[str, Sequence[str]], seconds: float, at_once: int = 64
) -> Iterator[tuple[str, Ended]]:
    """Likewise, with arguments of its own for each node."""
    commands = {node: _srun(job, node, words, seconds) for node, words in arguments.items()}
    try:
        yield from run_all(commands, seconds + STARTING, for_slurm(os.environ), at_once)
    except OSError as error:
        raise DoctorError(f"srun can't be run: {error.strerror}") from None


def _srun(job: str, node: str, arguments: Sequence[str], seconds: float) -> list[str]:
    minutes = math.ceil((seconds + STARTING) / 60)
    return [
        "srun",
        f"--jobid={job}",
        f"--nodelist={node}",
        "--nodes=1",
        "--ntasks=1",
        "--ntasks-per-node=1",
        "--overlap",
        "--kill-on-bad-exit=0",
        "--input=none",
        f"--time={minutes}",
        "--job-name=vllm-doctor",
        *own_command(arguments),
    ]


def own_command(arguments: Sequence[str]) -> list[str]:
    """What runs this vllm-doctor on a node, wherever it lies there."""
    return ["/bin/sh", "-c", _TRY, sys.executable, *arguments]


def for_slurm(environment: Mapping[str, str]) -> dict[str, str]:
    """What Slurm's programs are given: nothing by which a job around us would steer them."""
    kept = ("SLURM_CONF", "SLURM_CLUSTERS")
    return {
        name: value
        for name, value in environment.items()
        if name in kept or not name.startswith(("SLURM_", "SLURMD_", "SBATCH_"))
    }
