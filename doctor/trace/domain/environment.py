"""What is known of variables that the environment holds and no script sets."""

from __future__ import annotations

from doctor.values.value import (
    ARRAY_TASK,
    HOST,
    JOB,
    PROCESS,
    RANDOM,
    TASK,
    USER,
    Origin,
    Unknown,
    Vary,
)

#: Between what the values of well-known variables surely differ.
_KINDS: tuple[tuple[set[Vary], str], ...] = (
    ({USER}, "USER LOGNAME UID EUID HOME USERNAME SLURM_JOB_USER SLURM_JOB_UID"),
    ({JOB, USER, ARRAY_TASK}, "SLURM_JOB_ID SLURM_JOBID SLURM_TMPDIR"),
    ({JOB, USER}, "SLURM_ARRAY_JOB_ID PBS_JOBID"),
    ({TASK}, "SLURM_PROCID SLURM_LOCALID SLURM_TASK_PID PMI_RANK PMIX_RANK RANK LOCAL_RANK"),
    ({TASK}, "OMPI_COMM_WORLD_RANK OMPI_COMM_WORLD_LOCAL_RANK"),
    ({ARRAY_TASK}, "SLURM_ARRAY_TASK_ID"),
    ({HOST}, "HOSTNAME HOST SLURM_NODEID SLURMD_NODENAME SLURM_TOPOLOGY_ADDR"),
    ({RANDOM}, "RANDOM SRANDOM EPOCHREALTIME"),
    ({PROCESS}, "$ BASHPID PPID"),
)
_VARIES = {name: frozenset(kinds) for kinds, names in _KINDS for name in names.split()}

#: Where sites tell a job of a scratch folder of its own, if they have one.
SCRATCH = frozenset("TMPDIR TMP TEMP SCRATCH LOCAL_SCRATCH LSCRATCH SNIC_TMP JOBSCRATCH".split())

#: The script itself, and the folder that it lies in.
SCRIPT, SCRIPT_FOLDER = "$0", "$(dirname $0)"
#: Folders from which a script that is being read may name other files.
BASES = frozenset({SCRIPT_FOLDER, "$SLURM_SUBMIT_DIR", "$PWD", "$(pwd)"})


#: What every job has.
_OF_A_JOB = frozenset("SLURM_SUBMIT_DIR SLURM_JOB_NODELIST SLURM_JOB_NAME SLURM_NNODES".split())
#: What Slurm surely sets in a batch script (sbatch(1), "Output environment variables").
SET_IN_JOB = _OF_A_JOB | frozenset(
    "SLURM_JOB_ID SLURM_JOBID SLURM_NODELIST SLURM_JOB_NUM_NODES SLURM_JOB_PARTITION "
    "SLURM_JOB_USER SLURM_SUBMIT_HOST SLURM_CLUSTER_NAME SLURMD_NODENAME SLURM_CPUS_ON_NODE "
    "SLURM_JOB_CPUS_PER_NODE SLURM_TASKS_PER_NODE".split()
)
#: And in each task of an array.
SET_IN_ARRAY = frozenset("SLURM_ARRAY_JOB_ID SLURM_ARRAY_TASK_ID".split())
#: Variables that hold a number.
_NUMBERS = frozenset("SLURM_JOB_ID SLURM_JOBID SLURM_ARRAY_JOB_ID SLURM_ARRAY_TASK_ID UID".split())


def is_number(unknown: Unknown) -> bool:
    """Whether what is unknown is a number, be it which it may."""
    return unknown.name.removeprefix("$") in _NUMBERS


def is_always_set(name: str) -> bool:
    """Whether a variable is taken to be set wherever a script that reads it runs.

    ``${USER:-user}`` and ``${SLURM_JOB_ID:-local}`` are written for tests on one's own machine.
    """
    return name in _VARIES or name in _OF_A_JOB


def inherited(
    name: str,
    origin: Origin | None = None,
    many: bool = False,
    since: int = 0,
    filled: bool = False,
) -> Unknown:
    """The unknown that a variable of the environment stands for.

    ``since`` is the moment at which something that can't be known may have set it; ``filled``:
    it surely is set.
    """
    if filled or is_always_set(name):  # none of these holds a list, and nobody sets them
        return Unknown(f"${name}", _VARIES.get(name, frozenset()), origin=origin, filled=filled)
    return Unknown(f"${name}", many=many, origin=origin, which=since, since=since)
