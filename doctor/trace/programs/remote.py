"""Programs that start another one elsewhere: on another host, in a cluster, as a service."""

from __future__ import annotations

from dataclasses import replace

from doctor.trace.programs.invocation import Context, Start
from doctor.trace.programs.options import Unwrapped, Wrapper, names
from doctor.trace.programs.program import Place, Program, Sink, Trait

_ENDS_OTHERS = frozenset({Trait.ENDS_OTHERS})


def _ssh(unwrapped: Unwrapped, start: Start) -> Start:
    return replace(
        start, context=replace(start.context, remote=True), environment={}, directory=None
    )


def _ssh_place(unwrapped: Unwrapped, context: Context) -> Place:
    host = " ".join(value.display for value in unwrapped.operands)
    return Place("remote", f"on {host} (ssh)", unwrapped.operands)


def _pdsh_place(unwrapped: Unwrapped, context: Context) -> Place:
    hosts = tuple(unwrapped.values("-w", "-H", "--host"))
    shown = " ".join(value.display for value in hosts)
    return Place("remote", f"on {shown} ({unwrapped.words[0]})", hosts)


def _ray_place(unwrapped: Unwrapped, context: Context) -> Place:
    return Place("cluster", "by Ray, on a node of its cluster (ray job submit)")


def _ray_log(unwrapped: Unwrapped, descriptor: int) -> Sink:
    return Sink("container", "the log of Ray's job (ray job logs)")


def _journal(unwrapped: Unwrapped, descriptor: int) -> Sink:
    return Sink("container", "the system's journal (journalctl)")


PROGRAMS = (
    Program(
        ("ssh",),
        wraps=Wrapper("BbcDEeFIiJLlmOopQRSWw", operands=1, detaches=frozenset({"-f"}), text=True),
        enters=_ssh,
        places=_ssh_place,
    ),
    Program(
        ("pdsh", "clush"),
        wraps=Wrapper("wxlfutRgCPXo", text=True),
        enters=_ssh,
        places=_pdsh_place,
    ),
    Program(
        ("pssh", "parallel-ssh"),
        wraps=Wrapper(
            "hHlpoetOxg", names("hosts host user par outdir errdir timeout options"), text=True
        ),
        enters=_ssh,
        places=_pdsh_place,
    ),
    Program(
        ("ray",),
        ("job submit",),
        wraps=Wrapper(
            "",
            names(
                "address working-dir runtime-env runtime-env-json job-id submission-id "
                "entrypoint-num-cpus entrypoint-num-gpus entrypoint-memory entrypoint-resources "
                "metadata-json headers"
            ),
            detaches=frozenset({"--no-wait"}),
        ),
        sends=_ray_log,
        places=_ray_place,
    ),
    Program(("ray",), ("stop", "kill"), is_a=_ENDS_OTHERS),
    Program(
        ("systemd-run",),
        wraps=Wrapper("pEtu", names("unit property setenv slice uid gid")),
        sends=_journal,
    ),
)
