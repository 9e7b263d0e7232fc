"""The scene: all that the readers may ask about one script."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import field
from functools import cached_property
from typing import TYPE_CHECKING, TypeAlias, TypeVar

from doctor.base.bounds import MAX_SERVER_WORDS, WORDS_A_SERVER
from doctor.base.failure import spared
from doctor.base.record import Record
from doctor.base.regex import regex
from doctor.diagnostic import Source
from doctor.facts.base import Fact
from doctor.knowledge import Knowledge
from doctor.shell.tree import Script
from doctor.trace.machine.journal import Walk
from doctor.trace.programs.invocation import Invocation
from doctor.trace.programs.program import Trait
from doctor.trace.programs.table import is_a
from doctor.trace.programs.wrappers import unwrap
from doctor.trace.readers.concurrency import JobShape
from doctor.trace.readers.jobs import (
    Job,
    Request,
    node_shared,
    requests,
    shows_slurm,
    written_jobs,
)
from doctor.values.value import UnknownType, Value

if TYPE_CHECKING:
    from doctor.trace.readers.requirements import Asked
    from doctor.trace.readers.servers import Started
    from doctor.vllm.tables import Tables

_CLIENT = regex(r"client|bench|health|http\.server|wait_for|request", re.IGNORECASE)
_RAY = regex(r"(?<![a-z])ray(?![a-z])", re.IGNORECASE)
_IN_JOB = regex(r"\$\{?SLURM_(JOB|PROC|NODE|LOCAL|ARRAY|STEP|TASK|NTASKS)")
_Found = TypeVar("_Found")


class Settings(Record):
    """What the site's pages and settings tell the trace; one for all scripts of a scan.

    ``slurm`` says that every script is for Slurm, ``vllm_version`` which release they run on,
    ``gpu_types`` which type of GPU a partition has.
    """

    knowledge: Knowledge
    vllm_version: str | None = None
    slurm: bool = False
    gpu_types: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def tables(self) -> Tables:
        """The tables of vLLM's releases, read only for scripts that name vLLM."""
        from doctor.vllm.tables import Tables

        return Tables(self.knowledge.releases, self.knowledge.migrations)


class Scene(Record):
    """One script, what the walk over it noted, and what most readers make of that.

    ``jobs`` are the texts that sbatch would read, the script's own first; ``requests`` are for
    nodes, its own header's first. What only few readers need is worked out when it is asked for.
    """

    source: Source
    script: Script
    settings: Settings
    walk: Walk
    jobs: tuple[Job, ...]
    requests: tuple[Request, ...]

    @classmethod
    def of(cls, source: Source, script: Script, settings: Settings, walk: Walk, own: Job) -> Scene:
        """``own`` is the script as sbatch would read it."""
        programs = [each for each in walk.invocations if each.arguments]
        written = spared(walk.failures, "the jobs", lambda: written_jobs(programs))
        jobs = (own, *written)
        asked = spared(walk.failures, "the requests", lambda: requests(jobs, programs, walk.load))
        return cls(source, script, settings, walk, jobs, tuple(asked))

    def spared(self, where: str, find: Callable[[], Iterable[_Found]]) -> list[_Found]:
        """What ``find`` finds, until a fault of ours; that is kept for the report."""
        return spared(self.walk.failures, where, find)

    @cached_property
    def invocations(self) -> tuple[Invocation, ...]:
        """The programs that the script starts."""
        return tuple(each for each in self.walk.invocations if each.arguments)

    @property
    def texts(self) -> Iterator[str]:
        """The script, and those that it runs or includes."""
        return (source.text for source in self.walk.scripts.values())

    @cached_property
    def names_ray(self) -> bool:
        """Whether the script names Ray, which another script may have started for it."""
        return any(_RAY.search(text) for text in self.texts)

    @property
    def shared_folders(self) -> tuple[str, ...]:
        """The folders that all users share on this site."""
        return tuple(folder.path for folder in self.settings.knowledge.shared_folders)

    # --- Slurm -------------------------------------------------------------------------------

    @property
    def own(self) -> Job:
        """The script as sbatch would read it."""
        return self.jobs[0]

    @property
    def is_batch(self) -> bool:
        """Whether sbatch would read the script."""
        return bool(self.own.header.effective)

    @cached_property
    def in_job(self) -> bool:
        """Whether it runs in a job, as its header or its use of the job's variables shows."""
        return self.is_batch or _IN_JOB.search(self.own.text) is not None

    @cached_property
    def for_slurm(self) -> bool:
        """Whether it is for Slurm at all."""
        return self.settings.slurm or shows_slurm(self.source.text, self.own.header)

    @property
    def request(self) -> Request | None:
        """What its own header asks for; None without one, or with several components."""
        alone = self.is_batch and len(self.own.header.components) == 1
        return self.requests[0] if alone and self.requests else None

    @cached_property
    def shape(self) -> JobShape:
        """What its own header says about how often its steps run."""
        own = self.requests[0] if self.is_batch and self.requests else None
        return JobShape.of(own.asks if own is not None else None)

    def request_of(self, invocation: Invocation) -> Request | None:
        """What the job asks for that a program runs in; None where it isn't in sight."""
        context = invocation.context
        if context.remote:
            return None
        if context.batch_job is None:
            return self.request
        jobs = [each for each in self.requests if each.batch_job == context.batch_job]
        return jobs[0] if len(jobs) == 1 else None

    @cached_property
    def node_shared(self) -> bool | UnknownType:
        """Whether other jobs may share the nodes of this one."""
        return node_shared(self.requests)

    @property
    def submits(self) -> bool:
        """Whether the script hands in jobs, perhaps itself, so that parts run outside of one."""
        return any(each.program == "sbatch" for each in self.invocations)

    @cached_property
    def reaches_slurm_by_ssh(self) -> bool:
        """Whether it runs on a machine of its user's and reaches Slurm by ssh alone."""
        slurm = [each for each in self.invocations if is_a(each.program, Trait.SLURM)]
        return bool(slurm) and all(each.context.remote for each in slurm) and not self.in_job

    # --- vLLM --------------------------------------------------------------------------------

    @cached_property
    def names_vllm(self) -> bool:
        """Whether the script speaks of vLLM."""
        return "vllm" in self.source.text.lower()

    @cached_property
    def may_serve(self) -> bool:
        """Whether the script, or a program that it starts, names vLLM."""
        return self.names_vllm or any(map(_names_vllm, self.invocations))

    @cached_property
    def asked(self) -> list[Asked]:
        """What the script says about the release of vLLM that runs."""
        from doctor.trace.readers import requirements

        programs, load = self.invocations, self.load
        builds = self.settings.knowledge.builds
        return self.spared("what is installed", lambda: requirements.asked(programs, load, builds))

    @cached_property
    def files(self) -> Mapping[str, Value | None]:
        """What the script writes to files; None where that isn't known."""
        from doctor.trace.readers import configured

        return configured.unchanged(self.walk.files, self.invocations)

    def load(self, path: str, script: Source) -> Source | None:
        """A file that a program reads: one that the script writes on every way, or one that is
        there."""
        name = path.removeprefix("./")
        if name not in self.files:
            return self.walk.load(path, script)
        written = self.files[name]
        text = written.text if written is not None and not written.assumes else None
        return Source(path, text) if text is not None else None

    @cached_property
    def started(self) -> tuple[Started, ...]:
        """The servers that the script starts, as many as are judged."""
        if not self.may_serve:
            return ()
        from doctor.trace.readers import configured, requirements, servers

        settings, load = self.settings, self.walk.load
        builds, release = settings.knowledge.builds, settings.vllm_version
        pins = requirements.Pins(settings.tables, self.asked, builds, release)
        files = self.files
        whole = self.spared(
            "the configuration files",
            lambda: (configured.with_options(each, load, files) for each in self.invocations),
        )
        found = servers.servers(whole, settings.tables, settings.knowledge, pins)
        return tuple(self.spared("the servers", lambda: _within_bounds(found, self.walk)))


def _within_bounds(found: Iterable[Started], walk: Walk) -> Iterator[Started]:
    """The first servers, as many as are judged."""
    left = MAX_SERVER_WORDS
    for each in found:
        left -= WORDS_A_SERVER + len(each.invocation.arguments) + len(each.environment)
        if left < 0:
            walk.leave_out("servers")
            break
        yield each


#: What reads facts off a script.
Reader: TypeAlias = Callable[[Scene], Iterable[Fact]]


def is_light(invocation: Invocation) -> bool:
    """Whether a program takes no GPU, or only starts another one."""
    name = invocation.program
    if name.startswith("python"):
        return any(_CLIENT.search(word.display) for word in invocation.arguments[1:3])
    return is_a(name, Trait.NO_GPU) or unwrap(invocation.arguments) is not None


def _names_vllm(invocation: Invocation) -> bool:
    return any("vllm" in word.display.lower() for word in invocation.arguments[:4])
