"""Slurm's own programs, as a survey uses them: sinfo, sbatch, squeue and scancel."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path

from doctor.base.errors import DoctorError
from doctor.base.record import Record
from doctor.base.regex import regex
from doctor.cluster.commands import Ended, run
from doctor.cluster.steps import ANSWERING, for_slurm, own_command
from doctor.cluster.survey import JobState, SlurmNode
from doctor.node.bounds import clipped

#: By this name a survey knows its jobs, and those of another one.
JOB_NAME = "vllm-doctor-cluster"
_GPUS = regex(r"\bgpu(?::[^:,()]+)?:(\d+)")
_SAYS = regex(r"^.*?(?:error|fatal): ")


class Request(Record):
    """What each job asks for: ``gpus`` of its node (None for all), so many ``minutes``.

    ``arguments`` are those of `vllm-doctor` there, and ``folder`` is where its output goes.
    """

    arguments: Sequence[str]
    folder: Path
    minutes: int
    gpus: int | None
    options: Sequence[str]


def nodes(partition: str | None, names: str | None) -> list[SlurmNode]:
    """The nodes of the cluster, or of a partition, or those that are named; in order."""
    words = ["sinfo", "--noheader", "--Node", "--format=%N|%T|%G|%P|%E"]
    words += [f"--partition={partition}"] if partition else []
    words += [f"--nodes={names}"] if names else []
    found: dict[str, SlurmNode] = {}
    for line in _asked(words).splitlines():
        name, state, gres, of, reason = (line.split("|", 4) + [""] * 4)[:5]
        gpus = sum(int(count) for count in _GPUS.findall(gres))
        reason = "" if reason == "none" else reason
        found.setdefault(name, SlurmNode(name, state, gpus, reason, of.rstrip("*")))
    if not found:
        raise DoctorError("Slurm has no such nodes: sinfo lists none")
    return [found[name] for name in sorted(found)]


def others() -> list[str]:
    """One's own jobs of another survey that has not ended."""
    states = "--states=PENDING,CONFIGURING,RUNNING"
    words = ["squeue", "--noheader", _own(), f"--name={JOB_NAME}", states, "--format=%i"]
    return _asked(words).split()


class Programs:
    """A survey's Slurm: the real one."""

    def __init__(self, request: Request) -> None:
        self.request = request

    def submit(self, node: SlurmNode) -> str:
        """As for ``survey.Slurm``; a site that doesn't give all GPUs is asked for one."""
        counts = [node.gpus if self.request.gpus is None else self.request.gpus]
        counts += [1] if self.request.gpus is None and node.gpus > 1 else []
        for count in counts:
            ended = _run(self.command(node, count))
            if ended.code == 0 and ended.output.strip():
                return ended.output.strip().partition(";")[0]
        raise DoctorError(f"sbatch refuses: {_said(ended)}")

    def command(self, node: SlurmNode, gpus: int) -> list[str]:
        """The sbatch line of a node."""
        output = self.request.folder / node.name
        return [
            "sbatch",
            "--parsable",
            f"--job-name={JOB_NAME}",
            f"--nodelist={node.name}",
            f"--partition={node.partition}",
            "--nodes=1",
            "--ntasks=1",
            f"--time={self.request.minutes}",
            *([f"--gres=gpu:{gpus}"] if gpus else []),
            "--no-requeue",
            f"--output={output}.json",
            f"--error={output}.err",
            *self.request.options,
            f"--wrap=exec {shlex.join(own_command(self.request.arguments))}",
        ]

    def states(self) -> Mapping[str, JobState] | None:
        """As for ``survey.Slurm``."""
        words = ["squeue", "--noheader", _own(), f"--name={JOB_NAME}", "--states=all"]
        ended = _run([*words, "--format=%i|%T|%r"])
        if ended.code != 0:
            return None
        rows = (line.split("|", 2) for line in ended.output.splitlines() if line.count("|") >= 2)
        return {job: JobState(state, reason) for job, state, reason in rows}

    def cancel(self, jobs: Sequence[str]) -> None:
        """As for ``survey.Slurm``."""
        _run(["scancel", *jobs])


def told_by(folder: Path, node: str) -> Ended:
    """What a node's job wrote."""
    texts = []
    for end in ("json", "err"):
        try:
            texts.append((folder / f"{node}.{end}").read_text("utf-8", errors="replace"))
        except OSError:
            texts.append("")
    return Ended(texts[0], texts[1], 0)


def _own() -> str:
    return f"--user={os.getuid()}"


def _asked(words: Sequence[str]) -> str:
    ended = _run(words)
    if ended.code is None:
        raise DoctorError(f"{words[0]}: Slurm's controller gave no answer in {ANSWERING:g} s")
    if ended.code:
        raise DoctorError(f"{words[0]} says: {_said(ended)}")
    return ended.output


def _run(words: Sequence[str]) -> Ended:
    try:
        return run(words, ANSWERING, for_slurm(os.environ))
    except OSError as error:
        raise DoctorError(f"{words[0]} can't be run: {error.strerror}") from None


def _said(ended: Ended) -> str:
    if ended.code is None:
        return f"no answer in {ANSWERING:g} s"
    return clipped(_SAYS.sub("", ended.last_words) or f"exit code {ended.code}")
