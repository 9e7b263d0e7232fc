"""Programs that run another one in a container: what it sees of the environment and the folders."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from doctor.base.regex import regex
from doctor.trace.domain.state import Content
from doctor.trace.programs.invocation import Container, Start
from doctor.trace.programs.options import Unwrapped, Wrapper, names
from doctor.trace.programs.program import Program, Sink, Trait
from doctor.values.value import Value, known

_DOCKER = ("docker", "podman", "podman-hpc", "nerdctl")
_APPTAINER = ("apptainer", "singularity")
#: What is surely an image of Apptainer's, or one of vLLM's for docker.
_IMAGE = regex(
    r"\.(?:sif|simg)$|^(?:docker|oras|library|docker-archive)://|(?:^|/)vllm-openai:|vllm/vllm-"
)
#: Options whose value may well be such a file.
_TAKES_IMAGE = frozenset("-B --bind --mount -v --volume -o --overlay --env -e --label -l".split())
#: What is the name of an image and no path, whatever option it follows.
_OFFICIAL = regex(r"(?:[\w.-]+/)*vllm-openai[\w-]*:[\w.-]+")
_VLLM_IMAGES = ("vllm-openai", "vllm/vllm")
#: What enroot, and pyxis by it, makes anew for a container (conf/mounts/10-system.fstab).
_ENROOT = ("/tmp",)
#: How the names of variables begin that Apptainer hands on without that beginning.
CONTAINER_PREFIXES = ("APPTAINERENV_", "SINGULARITYENV_")
#: What people start in such an image in place of a server, to work in it or to keep it there.
_NO_SERVER = frozenset("bash sh zsh env sleep tail python python3 pip nvidia-smi".split())
#: The variable in which Shifter's plug-in for Slurm leaves the image of ``--image``.
SHIFTER_IMAGE = "SHIFTER_IMAGE"
#: The whole of a docker container's file system is its own, but for what is bound.
EVERYTHING = ("/",)


def _is_vllm(image: Value | None) -> bool:
    return image is not None and any(name in image.display for name in _VLLM_IMAGES)


def pyxis(image: Value, mounts: Sequence[Value] = (), own_home: bool = False) -> Container:
    """The container of ``--container-image``: of a step, or of a whole batch script.

    ``mounts`` are the values of ``--container-mounts``; with ``--no-container-mount-home`` it has
    a home of its own. NVIDIA/pyxis' wiki, "Frequently asked questions": from pyxis 0.12 on sbatch
    takes it, too.
    """
    private = (*_ENROOT, "$HOME") if own_home else _ENROOT
    return Container("pyxis", image, private, tuple(_binds([*mounts])))


def image_of_entrypoint() -> Container:
    """The container of a script that an image starts with: all that it sees is the image's."""
    return Container("docker", None, EVERYTHING)


def pyxis_of(unwrapped: Unwrapped) -> Container | None:
    """The container that the options of srun or sbatch ask for."""
    images = unwrapped.values("--container-image")
    mounts = unwrapped.values("--container-mounts")
    own_home = unwrapped.given("--no-container-mount-home")
    return pyxis(images[-1], mounts, own_home) if images else None


def _docker_run(unwrapped: Unwrapped, start: Start) -> Start:
    unwrapped, start = _with_image(unwrapped, start)
    image = unwrapped.operands[0] if unwrapped.operands else None
    environment: dict[str, tuple[Content, ...]] = {}
    for value in unwrapped.values("-e", "--env"):
        name, equals, _ = value.display.partition("=")
        if equals:
            environment[name] = (value.slice(len(name) + 1),)
        elif name in start.environment:
            environment[name] = start.environment[name]
    binds = (*_binds(unwrapped.values("-v", "--volume")), *_mounts(unwrapped))
    networks = [value.text for value in unwrapped.values("--network", "--net")]
    own_network = networks[-1:] != ["host"]
    container = Container(unwrapped.words[0], image, EVERYTHING, binds, own_network, True)
    arguments = start.arguments
    entrypoint = unwrapped.values("--entrypoint")
    if entrypoint:
        arguments = (entrypoint[-1], *arguments) if entrypoint[-1].pieces else arguments
    elif image is not None and _is_vllm(image):
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


def _mounts(unwrapped: Unwrapped) -> Iterator[tuple[str, Value]]:
    """``--mount type=bind,source=OUTSIDE,target=INSIDE`` as such pairs."""
    for value in unwrapped.values("--mount"):
        items = [(item.display.partition("=")[0], item) for item in value.split(",")]
        said = {name: item.slice(len(name) + 1) for name, item in items}
        outside = said.get("source") or said.get("src")
        inside = said.get("target") or said.get("dst") or said.get("destination")
        if outside is not None and inside is not None:
            yield inside.display.rstrip("/") or "/", outside


def _with_image(unwrapped: Unwrapped, start: Start) -> tuple[Unwrapped, Start]:
    """The same with the image where it belongs, if an option took it for its value.

    With ``--pwd $DIR image.sif bash`` and an empty DIR, which is to be filled in, `bash` would be
    the image.
    """
    operands = unwrapped.operands
    if operands and _IMAGE.search(operands[0].display):
        return unwrapped, start
    for at, (name, value) in enumerate(unwrapped.options):
        if value is None or not _is_image(name, value.display):
            continue
        shown = replace(unwrapped, options=unwrapped.options[:at], operands=(value,))
        taken = [*_words(unwrapped.options[at + 1 :], value), *operands]
        return shown, replace(start, arguments=(*taken, *start.arguments))
    return unwrapped, start


def _is_image(option: str, value: str) -> bool:
    """Whether what an option took for its value is surely an image."""
    if _OFFICIAL.fullmatch(value):
        return True
    return option not in _TAKES_IMAGE and _IMAGE.search(value) is not None


def _words(options: Sequence[tuple[str, Value | None]], image: Value) -> Iterator[Value]:
    """The words of options that turned out to be the program's own."""
    for name, value in options:
        yield known(name, image.origin)
        if value is not None:
            yield value


def _apptainer(unwrapped: Unwrapped, start: Start) -> Start:
    """Apptainer shows the host's /tmp and home unless an option forbids it, and its environment."""
    unwrapped, start = _with_image(unwrapped, start)
    contained = unwrapped.given("-c", "--contain", "-C", "--containall")
    private: list[str] = ["/tmp", "/var/tmp", "/dev/shm"] if contained else []
    own_home = contained or unwrapped.given("--no-home")
    private += ["$HOME"] if own_home and not unwrapped.given("-H", "--home") else []
    for value in unwrapped.values("--no-mount"):
        private += [f"/{item.strip('/')}" for item in value.display.split(",")]
    binds = (*_binds(unwrapped.values("-B", "--bind")), *_mounts(unwrapped))
    private += [inside for inside, outside in binds if outside.display != inside]
    cleaned = unwrapped.given("-e", "--cleanenv", "-C", "--containall")
    environment = {} if cleaned else dict(start.environment)
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
        begins = arguments[0].display.startswith("-") if arguments else True
        if _is_vllm(image) and begins:
            arguments = (known("vllm"), known("serve"), *arguments)
    container = Container(unwrapped.words[0], image, tuple(private), binds, own_environment=cleaned)
    context = replace(start.context, container=container)
    return replace(start, arguments=arguments, context=context, environment=environment)


def _docker_exec(unwrapped: Unwrapped, start: Start) -> Start:
    """In a container that runs already: which image that is nobody says."""
    container = Container(unwrapped.words[0], None, EVERYTHING, own_environment=True)
    return replace(start, context=replace(start.context, container=container), environment={})


def _enroot(unwrapped: Unwrapped, start: Start) -> Start:
    """Its variables come in, and those of its options, which outrank them."""
    image = unwrapped.operands[0] if unwrapped.operands else None
    environment = dict(start.environment)
    for value in unwrapped.values("-e", "--env"):
        name, equals, _ = value.display.partition("=")
        if equals:
            environment[name] = (value.slice(len(name) + 1),)
    binds = tuple(_binds(unwrapped.values("-m", "--mount")))
    inside = _in_container(start, Container("enroot", image, _ENROOT, binds))
    return replace(inside, environment=environment)


def _shifter(unwrapped: Unwrapped, start: Start) -> Start:
    """The image is that of its option, or of Slurm's ``--image``, which is left in a variable.

    ``--env NAME=VALUE`` sets a variable beside those of the host.
    """
    images: Sequence[Content] = unwrapped.values("-i", "--image")
    images = images or start.environment.get(SHIFTER_IMAGE, ())
    image = images[-1] if len(images) == 1 and isinstance(images[-1], Value) else None
    environment = dict(start.environment)
    for value in unwrapped.values("-e", "--env"):
        name, equals, _ = value.display.partition("=")
        if equals:
            environment[name] = (value.slice(len(name) + 1),)
    return _in_container(replace(start, environment=environment), Container("shifter", image))


def _in_container(start: Start, container: Container) -> Start:
    return replace(start, context=replace(start.context, container=container))


def _log(unwrapped: Unwrapped, descriptor: int) -> Sink | None:
    """A container in the background keeps its outputs itself."""
    if not unwrapped.detached:
        return None
    engine = unwrapped.words[0]
    return Sink("container", f"the container's log ({engine} logs)")


_DETACHES = frozenset({"-d", "--detach"})
_BY_DOCKER = "`-e NAME`"
_BY_APPTAINER = "`--env NAME=…` or as `APPTAINERENV_NAME`"
_DOCKER_RUN = Wrapper(
    "ehvpwuclma",
    names(
        "add-host attach cap-add cap-drop cgroup-parent cgroupns cidfile cpu-period cpu-quota "
        "cpu-shares cpus cpuset-cpus cpuset-mems device device-cgroup-rule dns dns-opt dns-search "
        "entrypoint env env-file expose gpus group-add health-cmd health-interval health-retries "
        "health-timeout hostname ip ipc isolation label label-file link log-driver log-opt "
        "mac-address memory memory-reservation memory-swap mount name net network network-alias "
        "oom-score-adj pid pids-limit platform publish pull restart runtime security-opt shm-size "
        "stop-signal stop-timeout storage-opt sysctl tmpfs ulimit user userns uts volume "
        "volume-driver volumes-from workdir annotation hooks-dir"
    ),
    operands=1,
    detaches=_DETACHES,
)
_DOCKER_EXEC = Wrapper("euw", names("env env-file user workdir"), 1, _DETACHES)
_APPTAINER_RUN = Wrapper(
    "BHWS",
    names(
        "add-caps apply-cgroups app bind blkio-weight cpus cpuset-cpus device dns docker-login "
        "drop-caps env env-file fusemount home hostname memory mount network network-args "
        "no-mount nv-ccli overlay pwd security scratch shell workdir cwd pem-path"
    ),
    operands=1,
)

PROGRAMS = (
    Program(_DOCKER, is_a=frozenset({Trait.DAEMON})),
    Program(
        _DOCKER,
        ("run",),
        wraps=_DOCKER_RUN,
        enters=_docker_run,
        sends=_log,
        passes=_BY_DOCKER,
    ),
    Program(
        _DOCKER,
        ("exec", "compose exec", "compose run"),
        wraps=_DOCKER_EXEC,
        enters=_docker_exec,
        sends=_log,
        passes=_BY_DOCKER,
    ),
    Program(_DOCKER, ("pull",), is_a=frozenset({Trait.PULLS})),
    Program(_DOCKER, ("stop", "kill", "rm"), is_a=frozenset({Trait.ENDS_OTHERS})),
    Program(
        _APPTAINER,
        ("exec", "run"),
        wraps=_APPTAINER_RUN,
        enters=_apptainer,
        passes=_BY_APPTAINER,
    ),
    Program(_APPTAINER, ("pull", "build"), is_a=frozenset({Trait.PULLS})),
    Program(_APPTAINER, ("instance",), is_a=frozenset({Trait.ENDS_OTHERS})),
    Program(
        ("enroot",),
        ("start",),
        wraps=Wrapper("cem", names("conf env mount rc"), operands=1),
        enters=_enroot,
    ),
    Program(("enroot",), ("import",), is_a=frozenset({Trait.PULLS})),
    Program(
        ("shifter",),
        wraps=Wrapper("ieVmE", names("image env volume module workdir")),
        enters=_shifter,
    ),
)
