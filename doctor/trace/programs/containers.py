"""Containers and steps: what a command inside them sees of the environment and the folders."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from doctor.base.numbers import whole_number
from doctor.trace.domain.state import Content
from doctor.trace.programs.invocation import JOB_NODES, JOB_TASKS, Container, Context, Copies
from doctor.trace.programs.wrappers import Unwrapped
from doctor.values.value import HOST, TASK, Value, known

if TYPE_CHECKING:
    from doctor.trace.programs.invocation import Start

_DOCKER = frozenset({"docker", "podman", "podman-hpc", "nerdctl"})
_APPTAINER = frozenset({"apptainer", "singularity"})
_VLLM_IMAGES = ("vllm-openai", "vllm/vllm")
#: What enroot, and pyxis by it, makes anew for a container (conf/mounts/10-system.fstab).
_ENROOT = ("/tmp",)
#: How the names of variables begin that Apptainer hands on without that beginning.
CONTAINER_PREFIXES = ("APPTAINERENV_", "SINGULARITYENV_")
#: What people start in such an image in place of a server, to work in it or to keep it there.
_NO_SERVER = frozenset("bash sh zsh env sleep tail python python3 pip nvidia-smi".split())
#: The whole of a docker container's file system is its own, but for what is bound.
EVERYTHING = ("/",)


def enter(unwrapped: Unwrapped, start: Start) -> Start:
    """What stands inside a container; the same command if the wrapper is none."""
    engine = unwrapped.words[0]
    if engine in _DOCKER and unwrapped.words[1:] == ("run",):
        return _docker_run(unwrapped, start)
    if engine in _APPTAINER:
        return _apptainer(unwrapped, start)
    if engine in _DOCKER:
        container = Container(engine, None, EVERYTHING)
        return replace(start, context=replace(start.context, container=container), environment={})
    if engine in ("enroot", "shifter"):
        private = _ENROOT if engine == "enroot" else ()
        image = unwrapped.operands[0] if unwrapped.operands else None
        container = Container(engine, image, private)
        return replace(start, context=replace(start.context, container=container))
    return start


def pyxis(image: Value) -> Container:
    """The container of ``--container-image``: of a step, or of a whole batch script.

    NVIDIA/pyxis' wiki, "Frequently asked questions": from pyxis 0.12 on sbatch takes it, too.
    """
    return Container("pyxis", image, _ENROOT)


def _docker_run(unwrapped: Unwrapped, start: Start) -> Start:
    image = unwrapped.operands[0] if unwrapped.operands else None
    environment: dict[str, tuple[Content, ...]] = {}
    for value in unwrapped.values("-e", "--env"):
        name, equals, _ = value.display.partition("=")
        if equals:
            environment[name] = (value.slice(len(name) + 1),)
        elif name in start.environment:
            environment[name] = start.environment[name]
    binds = tuple(_binds(unwrapped.values("-v", "--volume")))
    networks = [value.text for value in unwrapped.values("--network", "--net")]
    own_network = networks[-1:] != ["host"]
    container = Container(unwrapped.words[0], image, EVERYTHING, binds, own_network)
    arguments = start.arguments
    entrypoint = unwrapped.values("--entrypoint")
    if entrypoint:
        arguments = (entrypoint[-1], *arguments) if entrypoint[-1].pieces else arguments
    elif image is not None and any(name in image.display for name in _VLLM_IMAGES):
        if not arguments or arguments[0].display.rpartition("/")[2] not in _NO_SERVER:
            arguments = (known("vllm", image.origin), known("serve", image.origin), *arguments)
    elif arguments and arguments[0].display.startswith("-"):
        arguments = ()
    context = replace(start.context, container=container)
    return replace(start, arguments=arguments, context=context, environment=environment)


def _binds(values: list[Value]) -> list[tuple[str, Value]]:
    """``OUTSIDE:INSIDE[:options]`` as pairs of the path inside and the value outside."""
    found = []
    for value in values:
        for item in value.split(","):
            outside, _, rest = item.display.partition(":")
            inside = rest.partition(":")[0] or outside
            found.append((inside.rstrip("/") or "/", item.slice(0, len(outside))))
    return found


def _apptainer(unwrapped: Unwrapped, start: Start) -> Start:
    """Apptainer shows the host's /tmp and home unless told otherwise, and its environment."""
    contained = unwrapped.given("-c", "--contain", "-C", "--containall")
    private: list[str] = ["/tmp", "/var/tmp", "/dev/shm"] if contained else []
    for value in unwrapped.values("--no-mount"):
        private += [f"/{item.strip('/')}" for item in value.display.split(",")]
    binds = tuple(_binds(unwrapped.values("-B", "--bind")))
    private += [inside for inside, outside in binds if outside.display != inside]
    environment = dict(start.environment)
    if unwrapped.given("-e", "--cleanenv", "-C", "--containall"):
        environment = {}
    for prefix in CONTAINER_PREFIXES:
        for name, alternatives in start.environment.items():
            if name.startswith(prefix):
                environment[name.removeprefix(prefix)] = alternatives
    for value in unwrapped.values("--env"):
        # One assignment is taken whole, commas and all; a list is one of several.
        for item in value.split(",") if value.display.count("=") > 1 else (value,):
            name, equals, _ = item.display.partition("=")
            if equals:
                environment[name] = (item.slice(len(name) + 1),)
    image = unwrapped.operands[0] if unwrapped.operands else None
    arguments = start.arguments
    if unwrapped.words[1:] == ("run",):
        is_vllm = image is not None and any(name in image.display for name in _VLLM_IMAGES)
        begins = arguments[0].display.startswith("-") if arguments else True
        if is_vllm and begins:
            arguments = (known("vllm"), known("serve"), *arguments)
    container = Container(unwrapped.words[0], image, tuple(private), binds)
    context = replace(start.context, container=container)
    return replace(start, arguments=arguments, context=context, environment=environment)


def step(unwrapped: Unwrapped, context: Context) -> Context:
    """How many tasks a step runs, as far as its own options say, and its container."""
    copies: set[Copies] = {JOB_TASKS, JOB_NODES}
    for value in unwrapped.values("-n", "--ntasks", "--ntasks-per-node", "--tasks-per-node"):
        copies.discard(JOB_TASKS)
        if (whole_number(value.text) or 1) > 1:
            copies.add(TASK)
    for value in unwrapped.values("-N", "--nodes"):
        copies.discard(JOB_NODES)
        if (whole_number(value.text) or 1) > 1:
            copies.add(HOST)
    if unwrapped.given("-w", "--nodelist"):
        copies -= {JOB_TASKS, JOB_NODES}
    container = context.container
    images = unwrapped.values("--container-image")
    if images:
        container = pyxis(images[-1])
    return replace(context, copies=frozenset(copies), container=container)
