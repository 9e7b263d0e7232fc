"""The options of sbatch, salloc and srun.

Made from ``slurm_cli_opt_t`` in ``src/common/slurm_opt.c`` of Slurm's sources
(https://github.com/SchedMD/slurm), branches slurm-22.05 to slurm-25.11, all of them together;
where releases differ, an option takes an optional value. The plugin's options are those of
pyxis (``args.c`` of https://github.com/NVIDIA/pyxis), CSCS's ``--environment`` and those of Shifter
(``extra/slurm/shifterSpank.c`` of https://github.com/NERSC/shifter).
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from functools import cache

from doctor.base.errors import closest
from doctor.base.record import Record


class Takes(Enum):
    """Whether an option takes a value: an optional one must be in the same word."""

    NONE = ""
    REQUIRED = ":"
    OPTIONAL = "::"


class Spec(Record):
    """One option: its long name, its letter if it has one, and whether it takes a value."""

    name: str
    letter: str
    takes: Takes


# `name|letter` as for getopt: `:` after it for a value, `::` for an optional one.
_EVERY = """
    account|A: acctg-freq: autocomplete: bb: bbf: begin|b: chdir|D: cluster:
    cluster-constraint: clusters|M: comment: consolidate-segments constraint|C: container:
    container-id: context: contiguous core-spec|S: cores-per-socket: cpu-freq: cpus-per-gpu:
    cpus-per-task|c: deadline: delay-boot: dependency|d: distribution|m: exclude|x:
    exclusive:: extra: extra-node-info|B: gid: gpu-bind: gpu-freq: gpus|G: gpus-per-node:
    gpus-per-socket: gpus-per-task: gres: gres-flags: help|h hint: hold|H job-name|J:
    licenses|L: mail-type: mail-user: mcs-label: mem: mem-bind: mem-per-cpu: mem-per-gpu:
    mincpus: network: nice:: no-kill|k:: nodefile|F: nodelist|w: nodes|N: ntasks|n:
    ntasks-per-core: ntasks-per-gpu: ntasks-per-node: ntasks-per-socket: ntasks-per-tres:
    oom-kill-step:: overcommit|O oversubscribe|s partition|p: power: prefer: priority:
    profile: qos|q: quiet|Q reboot reservation: resources: resv-ports:: segment: signal:
    sockets-per-node: spread-job spread-segments stepmgr switches: tasks-per-node:
    thread-spec: threads-per-core: time|t: time-min: tmp: tres-bind: tres-per-task: uid:
    usage use-min-nodes verbose|v version|V wckey:
"""
_PLUGINS = """
    container-image: container-mounts: container-workdir: container-name: container-save:
    container-mount-home no-container-mount-home container-remap-root no-container-remap-root
    container-entrypoint no-container-entrypoint container-entrypoint-log container-writable
    container-readonly container-env: environment: image: volume: module:
"""
_OWN = {
    "sbatch": """
        array|a: batch: error|e: export: export-file: external get-user-env:: ignore-pbs
        input|i: kill-on-invalid-dep: no-requeue open-mode: output|o: parsable propagate::
        requeue:: test-only wait|W wait-all-nodes: wrap:
    """,
    "salloc": """
        bell get-user-env:: immediate|I:: kill-command|K:: no-bell no-shell wait-all-nodes:
        x11::
    """,
    "srun": """
        accel-bind: bcast:: bcast-exclude: compress:: cpu-bind: cpu_bind: debugger-test
        disable-status|X epilog: error|e: exact export: external-launcher:: het-group:
        immediate|I:: input|i: interactive jobid: kill-on-bad-exit|K:: label|l mpi:
        msg-timeout: multi-prog no-allocate|Z open-mode: output|o: overlap:: pack-group:
        preserve-env|E prolog: propagate:: pty:: quit-on-interrupt relative|r: send-libs::
        slurmd-debug: task-epilog: task-prolog: test-only threads|T: treewidth: unbuffered|u
        wait|W: wait-for-children whole x11::
    """,
}
_ALIASES = {
    "cpu_bind": "cpu-bind",
    "pack-group": "het-group",
    "tasks-per-node": "ntasks-per-node",
}

_PER_COMPONENT = """
    accel-bind bb bcast bcast-exclude compress consolidate-segments constraint contiguous
    core-spec cores-per-socket cpu-bind cpu-freq cpus-per-gpu cpus-per-task distribution
    exclusive extra-node-info gpu-bind gpu-freq gpus gpus-per-node gpus-per-socket
    gpus-per-task gres gres-flags hint licenses mail-type mail-user mem-bind mem-per-cpu
    mem-per-gpu mincpus network nodefile nodelist nodes ntasks ntasks-per-core ntasks-per-gpu
    ntasks-per-node ntasks-per-socket ntasks-per-tres overcommit oversubscribe partition power
    relative resources resv-ports segment send-libs sockets-per-node spread-job
    spread-segments switches thread-spec threads-per-core tmp tres-bind tres-per-task
    use-min-nodes
"""
#: Options that count for one component of a heterogeneous job only (``reset_each_pass``);
#: the others, ``--exclude`` among them, go on to the components that follow.
PER_COMPONENT = frozenset(_PER_COMPONENT.split())


def find_long(program: str, written: str) -> Spec | None:
    """The option that ``--written`` means: its name, or a beginning that no other has."""
    names = options(program)
    if written in names:
        return names[written]
    own = {spec for name, spec in names.items() if name.startswith(written)}
    own -= _plugin_specs()
    return own.pop() if len(own) == 1 else None


#: What options of Slurm's are called by other batch systems and launchers.
_ELSEWHERE_CALLED = {
    "memory": "mem",
    "name": "job-name",
    "ngpus": "gpus",
    "num-gpus": "gpus",
    "num-nodes": "nodes",
    "num-tasks": "ntasks",
    "queue": "partition",
    "stderr": "error",
    "stdout": "output",
    "walltime": "time",
}


def is_ambiguous(program: str, written: str) -> bool:
    """Whether ``--written`` is the beginning of several options, and none itself."""
    names = options(program)
    begun = {spec for name, spec in names.items() if name.startswith(written)}
    return written not in names and len(begun) > 1


def nearest(program: str, written: str) -> str | None:
    """The option that ``--written`` was surely meant to be: one misspelt, or by another name."""
    called = _ELSEWHERE_CALLED.get(written)
    return called or closest(written, tuple(options(program)), 0.85)


def find_letter(program: str, letter: str) -> Spec | None:
    """The option that ``-letter`` means."""
    return _by_letter(program).get(letter)


def _read(table: str) -> dict[str, Spec]:
    specs = {}
    for entry in table.split():
        option = entry.rstrip(":")
        name, _, letter = option.partition("|")
        specs[name] = Spec(_ALIASES.get(name, name), letter, Takes(entry[len(option) :]))
    return specs


@cache
def options(program: str) -> Mapping[str, Spec]:
    """The options of sbatch, salloc or srun by their long names, a plugin's among them."""
    return _read(_EVERY) | _read(_PLUGINS) | _read(_OWN[program])


@cache
def _by_letter(program: str) -> Mapping[str, Spec]:
    return {spec.letter: spec for spec in options(program).values() if spec.letter}


@cache
def _plugin_specs() -> frozenset[Spec]:
    return frozenset(_read(_PLUGINS).values())
