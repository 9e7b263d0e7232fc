"""What options ask for."""

from __future__ import annotations

from typing import Any

import pytest

from doctor.base.unknown import UNKNOWN
from doctor.slurm.allocation import is_step, read_allocation

from .reading import header, line

MANY = "$@…"


def asked(command: str) -> Any:
    (given,) = line(command)
    return read_allocation(given, given.program)


@pytest.mark.parametrize(
    ("options", "asks", "per_node"),
    [
        ("", False, None),
        ("--gres=gpu:8", True, 8),
        ("--gres=gpu", True, 1),
        ("--gres=gpu:h100", True, 1),
        ("--gres=gpu:h100:4", True, 4),
        ("--gres=gpu:h100=4", True, 4),
        ("--gres=gres/gpu:2", True, 2),
        ("--gres=gpu:a100:2,gpu:h100:2,nvme:1", True, 4),
        ("--gres=gpu:4(S:0-1)", True, 4),
        ("--gres=gpu:0", False, None),
        ("--gres=nvme:1", False, None),
        ("--gres=none", False, None),
        ("--gres=gpumem:1", False, None),
        ("--gres=gpu:$N", True, UNKNOWN),
        ("--gres=$GRES", UNKNOWN, UNKNOWN),
        ("--gpus-per-node=8", True, 8),
        ("--gpus-per-node=h100:8", True, 8),
        ("--gpus-per-node=$N", True, UNKNOWN),
        ("--gpus-per-node=0", False, None),
        ("-G 1", True, 1),
        ("-G 4", True, UNKNOWN),
        ("-G 4 -N1", True, 4),
        ("-G 4 -n1", True, 4),
        ("-G 4 -N2", True, UNKNOWN),
        ("-G 2 -N2", True, 1),
        ("--gpus-per-task=2 -n1", True, 2),
        ("--gpus-per-task=2 -N2", True, 2),
        ("--gpus-per-task=2 -n2 -N2", True, 2),
        ("--gpus-per-task=2 -n3 -N2", True, UNKNOWN),
        ("--gpus-per-task=2 -n4 -N1", True, 8),
        ("--gpus-per-task=1 --ntasks-per-node=4 -N2", True, 4),
        ("--tres-per-task=cpu=4,gres/gpu=2 -n1", True, 2),
        ("--tres-per-task=cpu=4", False, None),
        ("--gpus-per-socket=2", True, UNKNOWN),
        ("--partition=gpu", UNKNOWN, UNKNOWN),
        ("--exclusive", UNKNOWN, UNKNOWN),
        (MANY, UNKNOWN, UNKNOWN),
        ("--gres=gpu:8 " + MANY, True, 8),
    ],
)
def test_gpus(options: str, asks: object, per_node: object) -> None:
    request = asked(f"salloc {options}")
    assert (request.asks_gpus, request.gpus_per_node) == (asks, per_node)


@pytest.mark.parametrize(
    ("options", "gpu_type"),
    [
        ("", None),
        ("--gres=gpu:8", None),
        ("--gres=gpu", None),
        ("--gres=nvme:1", None),
        ("--gres=gpu:h100", "h100"),
        ("--gres=gpu:h100:4", "h100"),
        ("--gres=gpu:h100=4", "h100"),
        ("--gres=gpu:1080:2", "1080"),
        ("--gres=gres/gpu:2", None),
        ("--gres=gpu:a100:4(S:0-1),nvme:1", "a100"),
        ("--gres=gpu:a100:2,gpu:h100:2", UNKNOWN),
        ("--gres=gpu:a100:$N", "a100"),
        ("--gres=gpu:$TYPE:4", UNKNOWN),
        ("--gres=gpu:$N", UNKNOWN),
        ("--gres=$GRES", UNKNOWN),
        ("--gpus-per-node=h100:8", "h100"),
        ("--gpus-per-node=$N", UNKNOWN),
        ("--gpus=4 --gres=gpu:a100:4", "a100"),
        ("--gpus=h100:4 --gres=gpu:a100:4", UNKNOWN),
        ("-G a100:2,v100:2", UNKNOWN),
        ("--gpus-per-task=l40s", "l40s"),
        ("--tres-per-task=cpu=4,gres/gpu:a40=2", "a40"),
        (MANY, UNKNOWN),
        ("--gres=gpu:h100:4 " + MANY, "h100"),
    ],
)
def test_gpu_type(options: str, gpu_type: object) -> None:
    assert asked(f"salloc {options}").gpu_type == gpu_type


@pytest.mark.parametrize(
    ("options", "memory"),
    [
        ("", None),
        ("--mem=0", 0),
        ("--mem=4000", 4000),
        ("--mem=64G", 65536),
        ("--mem=64gb", 65536),
        ("--mem=1T", 1 << 20),
        ("--mem=1500K", 2),
        ("--mem=much", UNKNOWN),
        ("--mem=$MEM", UNKNOWN),
        (MANY, UNKNOWN),
    ],
)
def test_memory(options: str, memory: object) -> None:
    assert asked(f"salloc {options}").memory_per_node == memory


def test_what_a_site_asks_about() -> None:
    request = asked("sbatch -p gpu -A team -q long -C a100 -c 16 job.sh")
    assert (request.partition, request.account, request.qos) == ("gpu", "team", "long")
    assert (request.constraint, request.cpus_per_task) == ("a100", 16)
    assert asked("sbatch -p $P -c $N job.sh").partition is UNKNOWN
    assert asked("sbatch job.sh").partition is None


@pytest.mark.parametrize(
    ("options", "nodes", "tasks"),
    [
        ("", None, None),
        ("-N2", 2, None),
        ("-N2-4", 2, None),
        ("-N1,2,4", 1, None),
        ("-N1k", 1024, None),
        ("-N$N", UNKNOWN, None),
        ("-n8", None, 8),
        ("-n1", 1, 1),
        ("-n8 --ntasks-per-node=4", 2, 8),
        ("-N2 --ntasks-per-node=4", 2, 8),
        ("--ntasks-per-node=4", None, 4),
        ("--ntasks-per-node=4 -N$N", UNKNOWN, UNKNOWN),
        ("-w gpu[1-3]", 3, None),
        ("-N two", UNKNOWN, None),
        (MANY, UNKNOWN, UNKNOWN),
    ],
)
def test_nodes_and_tasks(options: str, nodes: object, tasks: object) -> None:
    request = asked(f"salloc {options}")
    assert (request.nodes, request.tasks) == (nodes, tasks)


@pytest.mark.parametrize(
    ("options", "excluded"),
    [
        ("", set()),
        ("-x a,b", {"a", "b"}),
        ("-x a -x b", {"b"}),
        ("-x a --exclude=", set()),
        ("-x $BAD", UNKNOWN),
        ("-x a,$BAD", UNKNOWN),
        ("-x n[1-999999999]", UNKNOWN),
        ("-x ./list", UNKNOWN),
        (MANY, UNKNOWN),
        (f"-x a {MANY}", {"a"}),
    ],
)
def test_excluded(options: str, excluded: object) -> None:
    assert asked(f"salloc {options}").excluded == excluded


@pytest.mark.parametrize(
    ("options", "pinned"),
    [
        ("", False),
        ("-w a,b", True),
        ("-w a,b -N2", True),
        ("-w a,b -N3", False),
        ("-w a -N1-2", False),
        ("-w a -N$N", UNKNOWN),
        ("-w $A", UNKNOWN),
    ],
)
def test_pinned(options: str, pinned: object) -> None:
    assert asked(f"sbatch {options} job.sh").nodes_pinned is pinned


@pytest.mark.parametrize(
    ("options", "misread", "meant"),
    [
        ("-x=gpu01", "=gpu01", "gpu01"),
        ("--exclude==gpu[01-02]", "=gpu[01-02]", "gpu01 gpu02"),
        ("--exclude=gpu{01,02}", "gpu{01,02}", "gpu01 gpu02"),
        ("--exclude=gpu[01-02", "gpu[01-02", "gpu01 gpu02"),
        ("--exclude=gpu01]", "gpu01]", ""),
        ("--exclude==$NODE", "=$NODE", ""),
        ("--exclude=gpu[$NODE", None, ""),
        ("-xgpu01", None, ""),
        ("", None, ""),
    ],
)
def test_misread(options: str, misread: str | None, meant: str) -> None:
    request = asked(f"sbatch {options} job.sh")
    assert request.misread == misread
    assert request.meant >= set(meant.split())
    assert request.excluded == frozenset() or misread is None


@pytest.mark.parametrize(
    ("array", "tasks", "at_once"),
    [
        ("0-7", 8, None),
        ("0-7%4", 8, 4),
        ("1,3,5-9:2", 5, None),
        ("0-15:4", 4, None),
        ("1,1-2", 2, None),
        ("[1-3]", 3, None),
        ("0-999999999", 1_000_000_000, None),
        ("0-$N", UNKNOWN, UNKNOWN),
        ("5-1", UNKNOWN, None),
        ("0-99999999,1", UNKNOWN, None),
        ("0-7%x", 8, UNKNOWN),
    ],
)
def test_array(array: str, tasks: object, at_once: object) -> None:
    request = asked(f"sbatch --array={array} job.sh")
    assert (request.array_tasks, request.array_at_once) == (tasks, at_once)


@pytest.mark.parametrize(
    ("time", "minutes"),
    [
        ("30", 30),
        ("30:30", 31),
        ("2:00:00", 120),
        ("1-12", 36 * 60),
        ("1-0:30", 24 * 60 + 30),
        ("1-00:00:01", 24 * 60 + 1),
        ("UNLIMITED", None),
        ("soon", UNKNOWN),
        ("$T", UNKNOWN),
    ],
)
def test_time(time: str, minutes: object) -> None:
    assert asked(f"sbatch --time={time} job.sh").time_minutes == minutes


def test_other_values() -> None:
    request = asked("srun -o %j.out -e $LOG --export=ALL,A=1 --container-image=x.sqsh run")
    assert request.output == "%j.out"
    assert request.error is UNKNOWN
    assert (request.export, request.container_image) == ("ALL,A=1", "x.sqsh")


@pytest.mark.parametrize(
    ("command", "inside_job", "step"),
    [
        ("srun -N1 run", False, False),
        ("srun -N1 run", True, True),
        ("srun --jobid=7 run", False, True),
        ("salloc -N1", True, False),
        ("sbatch job.sh", True, False),
    ],
)
def test_steps(command: str, inside_job: bool, step: bool) -> None:
    assert is_step(line(command)[0], inside_job) is step


def test_evidence_is_the_option_that_counts() -> None:
    (given,) = header("#!/bin/bash\n#SBATCH -x a -N2\n#SBATCH -x b\n")
    evidence = read_allocation(given, "header").evidence
    (exclude,) = evidence["excluded"]
    assert exclude.value is not None
    assert exclude.value.text == "b"
    assert set(evidence) == {"excluded", "misread", "nodes", "nodes_pinned"}
