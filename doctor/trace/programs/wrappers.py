"""Programs that start another program, as a table.

For each: which of its options take a value (so that it is known where the inner command
begins), how many words of its own stand before that command, and what it changes for it. What
only a few of them do (environments, containers, tasks) is in ``containers`` and ``external``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from doctor.base.record import Record
from doctor.base.regex import regex
from doctor.slurm.table import Takes, options
from doctor.values.value import Value


class Wrapper(Record):
    """How to read a wrapper's command line.

    ``short`` and ``long`` are the options that take a value, ``operands`` the words between
    the options and the inner command (a duration, a host, an image). ``detaches`` are options
    with which the inner command goes on in the background. ``text`` is true if what follows is
    a shell command line and not a list of words; ``line`` are options whose value is such a line,
    before the operands or after them.
    """

    short: str = ""
    long: frozenset[str] = frozenset()
    operands: int = 0
    detaches: frozenset[str] = frozenset()
    text: bool = False
    line: frozenset[str] = frozenset()


def _longs(names: str) -> frozenset[str]:
    return frozenset(names.split())


_APPTAINER = Wrapper(
    "BHWS",
    _longs(
        "add-caps apply-cgroups app bind blkio-weight cpus cpuset-cpus device dns docker-login "
        "drop-caps env env-file fusemount home hostname memory mount network network-args "
        "no-mount nv-ccli overlay pwd security scratch shell workdir cwd pem-path"
    ),
    operands=1,
)
_DOCKER_RUN = Wrapper(
    "ehvpwuclma",
    _longs(
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
    detaches=frozenset({"-d", "--detach"}),
)


def slurm_wrapper(program: str) -> Wrapper:
    """How to read the command line of srun, salloc or sbatch, by Slurm's own table of options."""
    valued = {name: spec for name, spec in options(program).items() if spec.takes is Takes.REQUIRED}
    return Wrapper("".join(spec.letter for spec in valued.values()), frozenset(valued))


#: Wrappers by the words that begin them.
WRAPPERS: Mapping[tuple[str, ...], Wrapper] = {
    ("srun",): slurm_wrapper("srun"),
    ("salloc",): slurm_wrapper("salloc"),
    ("timeout",): Wrapper("ks", _longs("kill-after signal"), operands=1),
    ("nohup",): Wrapper(),
    ("time",): Wrapper("fo", _longs("format output")),
    ("env",): Wrapper("uCS", _longs("unset chdir split-string")),
    ("setsid",): Wrapper(),
    ("nice",): Wrapper("n", _longs("adjustment")),
    ("ionice",): Wrapper("cnpPu", _longs("class classdata")),
    ("chrt",): Wrapper("TPD", operands=1),
    ("taskset",): Wrapper("p", operands=1),
    ("numactl",): Wrapper(
        "iCNmpP",
        _longs("interleave cpunodebind physcpubind membind preferred preferred-many"),
    ),
    ("stdbuf",): Wrapper("ioe", _longs("input output error")),
    ("unbuffer",): Wrapper(),
    ("command",): Wrapper(),
    ("sudo",): Wrapper("ugCDhpRTUrt", _longs("user group chdir host prompt chroot")),
    ("flock",): Wrapper(
        "wEc", _longs("timeout conflict-exit-code"), operands=1, line=frozenset({"-c", "--command"})
    ),
    ("watch",): Wrapper("nq", _longs("interval equexit"), text=True),
    ("script",): Wrapper(
        "cEIOBTmot",
        _longs("command echo log-in log-out log-io log-timing logging-format output-limit"),
        operands=1,
        line=frozenset({"-c", "--command"}),
    ),
    ("catchsegv",): Wrapper(),
    ("strace",): Wrapper("eopsuEaIOPSXb"),
    ("nsys", "profile"): Wrapper(
        "otcswyde",
        _longs(
            "output trace capture-range sample wait delay duration export force-overwrite stats "
            "cuda-graph-trace cuda-memory-usage trace-fork-before-exec capture-range-end"
        ),
    ),
    ("mpirun",): Wrapper("nHx", _longs("np host hostfile map-by bind-to mca ppn npernode")),
    ("mpiexec",): Wrapper("nHx", _longs("np host hostfile map-by bind-to mca ppn")),
    ("uv", "run"): Wrapper(
        "pmw",
        _longs(
            "python with with-editable with-requirements extra group env-file directory project "
            "index index-url default-index extra-index-url package only-group no-group "
            "torch-backend"
        ),
    ),
    ("uvx",): Wrapper("pw", _longs("python with from with-editable index torch-backend")),
    ("conda", "run"): Wrapper("np", _longs("name prefix cwd")),
    ("mamba", "run"): Wrapper("np", _longs("name prefix cwd")),
    ("micromamba", "run"): Wrapper("nprea", _longs("name prefix root-prefix cwd env")),
    ("poetry", "run"): Wrapper(),
    ("pixi", "run"): Wrapper("e", _longs("environment manifest-path")),
    ("apptainer", "exec"): _APPTAINER,
    ("singularity", "exec"): _APPTAINER,
    ("apptainer", "run"): _APPTAINER,
    ("singularity", "run"): _APPTAINER,
    ("docker", "run"): _DOCKER_RUN,
    ("podman", "run"): _DOCKER_RUN,
    ("podman-hpc", "run"): _DOCKER_RUN,
    ("nerdctl", "run"): _DOCKER_RUN,
    ("docker", "exec"): Wrapper(
        "euw", _longs("env env-file user workdir"), 1, frozenset({"-d", "--detach"})
    ),
    ("podman", "exec"): Wrapper(
        "euw", _longs("env env-file user workdir"), 1, frozenset({"-d", "--detach"})
    ),
    ("enroot", "start"): Wrapper("cem", _longs("conf env mount rc"), operands=1),
    ("shifter",): Wrapper("ieVmE", _longs("image env volume module workdir")),
    ("xargs",): Wrapper("IinPLdEsa", _longs("max-args max-procs replace delimiter arg-file")),
    ("ssh",): Wrapper(
        "BbcDEeFIiJLlmOopQRSWw",
        operands=1,
        detaches=frozenset({"-f"}),
        text=True,
    ),
    ("tmux", "new-session"): Wrapper(
        "cefnstxyF", operands=0, detaches=frozenset({"-d"}), text=True
    ),
    ("tmux", "new"): Wrapper("cefnstxyF", operands=0, detaches=frozenset({"-d"}), text=True),
    ("tmux", "new-window"): Wrapper("cenFt", detaches=frozenset({"new-window"}), text=True),
    ("tmux", "split-window"): Wrapper("celFpt", detaches=frozenset({"split-window"}), text=True),
    ("tmux", "send-keys"): Wrapper("tN", detaches=frozenset({"send-keys"}), text=True),
    ("tmux", "send"): Wrapper("tN", detaches=frozenset({"send"}), text=True),
    ("screen",): Wrapper("cehpsStTX", detaches=frozenset({"-dm", "-dmS", "-d"})),
    ("systemd-run",): Wrapper("pEtu", _longs("unit property setenv slice uid gid")),
    ("ray", "job", "submit"): Wrapper(
        "",
        _longs(
            "address working-dir runtime-env runtime-env-json job-id submission-id "
            "entrypoint-num-cpus entrypoint-num-gpus entrypoint-memory entrypoint-resources "
            "metadata-json headers"
        ),
        detaches=frozenset({"--no-wait"}),
    ),
}
#: What people call a variable that holds options.
_OPTION_LIST = regex(r"ARG|OPT|FLAG|BIND|MOUNT|ENVS|EXTRA|:\+", re.IGNORECASE)
_LONGEST = max(len(words) for words in WRAPPERS)


class Unwrapped(Record):
    """A wrapper's command line taken apart.

    ``options`` are its options by name (``-n``, ``--name``) with their values in order;
    ``operands`` the words of its own; ``inner`` the words of the command within.
    """

    words: tuple[str, ...]
    wrapper: Wrapper
    options: tuple[tuple[str, Value | None], ...]
    operands: tuple[Value, ...]
    inner: tuple[Value, ...]

    def values(self, *names: str) -> list[Value]:
        """The values given to an option under any of its names."""
        return [value for name, value in self.options if name in names and value is not None]

    def given(self, *names: str) -> bool:
        return any(name in names for name, _ in self.options)

    @property
    def text(self) -> bool:
        """Whether a shell reads what is within as a line."""
        return self.wrapper.text or self.given(*self.wrapper.line)

    @property
    def detached(self) -> bool:
        spellings = {name for name, _ in self.options} | set(self.words)
        return bool(self.wrapper.detaches & spellings)


def unwrap(arguments: Sequence[Value]) -> Unwrapped | None:
    """The command line of a wrapper taken apart; None if it is no wrapper."""
    words = [_program(arguments) if arguments else None]
    words += [value.text for value in arguments[1:_LONGEST]]
    for count in range(min(_LONGEST, len(arguments)), 0, -1):
        key = tuple(word for word in words[:count] if word is not None)
        wrapper = WRAPPERS.get(key) if len(key) == count else None
        if wrapper is not None:
            options, rest = _own_options(arguments[count:], wrapper)
            operands = tuple(rest[: wrapper.operands])
            inner = rest[wrapper.operands :]
            if wrapper.line:  # which may stand after the operand, too
                more, inner = read_options(inner, wrapper.short, wrapper.long)
                options += more
                lines = [v for name, v in options if name in wrapper.line and v is not None]
                inner = lines[-1:] or inner
            return Unwrapped(key, wrapper, tuple(options), operands, tuple(after_dashes(inner)))
    return None


def _own_options(
    arguments: Sequence[Value], wrapper: Wrapper
) -> tuple[list[tuple[str, Value | None]], list[Value]]:
    """A wrapper's options, lists of them that nobody knows included, and the words after them."""
    options, rest = read_options(arguments, wrapper.short, wrapper.long)
    while _is_option_list(rest, wrapper.operands):
        options.append(("…", rest[0]))
        more, rest = read_options(rest[1:], wrapper.short, wrapper.long)
        options += more
    return options, rest


def _is_option_list(words: Sequence[Value], operands: int) -> bool:
    """Whether the first word, ``$SRUN_ARGS``, stands for options and not for an operand."""
    if len(words) <= max(1, operands) or not words[0].many or words[0].prefix:
        return False
    name = words[0].display
    follows = words[1].prefix.startswith("-")
    return operands == 0 or follows or "@" in name or _OPTION_LIST.search(name) is not None


def _program(arguments: Sequence[Value]) -> str | None:
    """A program's name without its folder, known even where the folder is not.

    ``"$CONTAINER" exec IMAGE …`` is taken for Apptainer: no other program is called so.
    """
    name = arguments[0].shadow.rpartition("/")[2]
    runs = len(arguments) > 2 and arguments[1].text in ("exec", "run")
    return "apptainer" if runs and name and not name.strip("\0") else name or None


def is_wrapper(name: str) -> bool:
    """Whether a program of this name starts another one."""
    return any(words[0] == name for words in WRAPPERS)


def after_dashes(inner: Sequence[Value]) -> Sequence[Value]:
    """The words after the ``--`` that ends the options, if there is one."""
    return inner[1:] if inner and inner[0].text == "--" else inner


def read_options(
    arguments: Sequence[Value], short: str, long: frozenset[str]
) -> tuple[list[tuple[str, Value | None]], list[Value]]:
    """Options up to the first other word, and the words from there on.

    ``short`` and ``long`` name the options that take a value; of clustered letters each counts.
    """
    options: list[tuple[str, Value | None]] = []
    rest = list(arguments)
    while rest:
        display = rest[0].display
        if not display.startswith("-") or display in ("-", "--"):
            break
        argument = rest.pop(0)
        if display.startswith("--"):
            name, equals, _ = display.partition("=")
            value = argument.slice(len(name) + 1) if equals else None
            if not equals and name[2:] in long and rest:
                value = rest.pop(0)
            options.append((name, value))
        elif display[1:] in long:
            options.append((f"-{display}", rest.pop(0) if rest else None))
        else:
            _read_letters(argument, short, options, rest)
    return options, rest


def _read_letters(
    argument: Value, short: str, options: list[tuple[str, Value | None]], rest: list[Value]
) -> None:
    letters = argument.display
    for index in range(1, len(letters)):
        name = f"-{letters[index]}"
        if letters[index] not in short:
            options.append((name, None))
            continue
        value = argument.slice(index + 1) if index + 1 < len(letters) else None
        if value is None and rest:
            value = rest.pop(0)
        options.append((name, value))
        return
    if len(letters) > 2:
        options.append((letters, None))
