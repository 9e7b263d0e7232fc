"""A machine in miniature on which a script runs: see the package."""

from __future__ import annotations

import ctypes
import os
import shutil
import stat
import subprocess
import tempfile
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ME, COLLEAGUE, ROOT = 1001, 1002, 0
HOME = "/home/me"
#: Longer than this no script of ours takes, in seconds.
PATIENCE = 60
_CAPABILITIES = "+dac_override,+fowner"  # with which all files can be deleted
_PLACES = {"tmp": "/tmp", "var-tmp": "/var/tmp", "shm": "/dev/shm", "home": "/home"}
_SHARED = ("tmp", "var-tmp", "shm")
_NEWNS, _RDONLY, _REMOUNT, _BIND, _REC, _PRIVATE = 0x20000, 1, 32, 4096, 0x4000, 0x40000

#: What stand-ins do beside recording: `srun`, `sudo` and `ssh` run what they are given.
_DOES = {
    "srun": 'while [ "${1#-}" != "$1" ]; do shift; done\n[ $# -eq 0 ] || exec "$@"',
    "sudo": 'while [ "${1#-}" != "$1" ]; do shift; done\nexec "$@"',
    "ssh": 'shift\nexec sh -c "$*"',
    "mail": "",
    "false-alarm": "exit 1",
}
STAND_INS = ("vllm", "docker", "curl", "nvidia-smi", "sbatch", "salloc", "pip", *_DOES)
_VARIABLES = ("VLLM_USE_V1", "VLLM_USE_RAY_SPMD_WORKER", "MODEL", "KEPT")
#: A record is one line: the words, and after \x1d what surrounds them, each between \x1f.
_STAND_IN = """#!/bin/sh
IFS= given=
[ "${0##*/}" = mail ] && given=$(cat | tr '\\n' ' ')
line="${0##*/}"
for word; do line="$line\x1f$word"; done
line="$line\x1d%s\x1f$PWD"
line="$line\x1f$(readlink "/proc/$$/fd/1")\x1f$(readlink "/proc/$$/fd/2")\x1f$given"
printf '%%s\\n' "$line" >> /home/records
unset IFS
echo "${0##*/} says"
echo "${0##*/} complains" >&2
%s
"""


@dataclass(frozen=True)
class Call:
    """A program as it was called; ``out`` and ``err`` are where its streams end."""

    words: tuple[str, ...]
    variables: tuple[str, ...]
    folder: str
    out: str
    err: str
    given: str

    @property
    def program(self) -> str:
        return self.words[0]


@dataclass(frozen=True)
class Run:
    """What a script did: the files that are gone and those that were its user's, and the rest."""

    calls: Counter[Call]
    gone: frozenset[str]
    own: frozenset[str]
    files: Mapping[str, str]
    out: Counter[str]
    code: int


@cache
def missing_part() -> str | None:
    """What this machine lacks, as a reason to skip a test; None if it can do it."""
    if os.geteuid() != 0:
        return "missing part: root, who alone makes files of other users"
    if any(shutil.which(name) is None for name in ("bash", "setpriv", "find", "timeout")):
        return "missing part: bash, find, setpriv and timeout"
    try:
        with tempfile.TemporaryDirectory() as folder:
            works = Host(Path(folder)).run("#!/bin/bash\nid -u\n").out == Counter({str(ME): 1})
    except (OSError, subprocess.SubprocessError):
        works = False
    return None if works else "missing part: the right to mount in a namespace of one's own"


class Host:
    """A machine below one folder, for one script; ``crowded`` if others have files there, too."""

    def __init__(self, folder: Path, crowded: bool = True) -> None:
        self.folder = folder
        for name in _PLACES:
            (folder / name).mkdir()
            (folder / name).chmod(0o1777)
        for name in _SHARED:
            _fill(folder / name, crowded)
        self.home = folder / "home" / "me"
        for name in ("", "mine", "caches", "bin"):
            (self.home / name).mkdir()
        _fill(self.home / "caches", crowded=False)
        for name in STAND_INS:
            variables = "\x1f".join(f"${{{each}+{each}=${each}}}" for each in _VARIABLES)
            path = self.home / "bin" / name
            path.write_text(_STAND_IN % (variables, _DOES.get(name, "")))
            path.chmod(0o755)
        for path in (self.home, *self.home.iterdir()):
            os.chown(path, ME, ME)

    def run(self, script: str, user: str | None = None) -> Run:
        """Run a script; ``user`` is what `USER` says, if it is set."""
        (self.home / "job.sh").write_text(script)
        before = self._owners()
        environment = {"PATH": f"{HOME}/bin:/usr/local/bin:/usr/bin:/bin", "HOME": HOME}
        environment |= {"SLURM_JOB_ID": "4711", "LC_ALL": "C", "TIMEFORMAT": ""} | (
            {"USER": user} if user else {}
        )
        out, err = self.folder / "home" / "out", self.folder / "home" / "err"
        with out.open("wb") as stdout, err.open("wb") as stderr:
            code = self._started(environment, stdout.fileno(), stderr.fileno())
        left = self._owners().keys()
        return Run(
            calls=self._calls(),
            gone=frozenset(before.keys() - left),
            own=frozenset(_only_of(ME, before)),
            files=self._written(before),
            out=Counter(out.read_text(errors="replace").splitlines()),
            code=code,
        )

    def _started(self, environment: Mapping[str, str], out: int, err: int) -> int:
        command = ["timeout", "--signal=KILL", str(PATIENCE), "setpriv", f"--reuid={ME}"]
        command += [f"--regid={ME}", "--clear-groups"]
        command += [f"--inh-caps={_CAPABILITIES}", f"--ambient-caps={_CAPABILITIES}"]
        command += ["bash", "--norc", "--noprofile", f"{HOME}/job.sh"]
        return subprocess.run(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            preexec_fn=self._isolated,
            check=False,
        ).returncode

    def _isolated(self) -> None:
        """A mount namespace with this host's folders, in which nothing else can be written."""
        libc = ctypes.CDLL(None, use_errno=True)

        def mount(source: str | None, target: str, flags: int) -> None:
            words = [None if each is None else os.fsencode(each) for each in (source, target)]
            if libc.mount(*words, None, flags, None) != 0:
                raise OSError(ctypes.get_errno(), "mount")

        if libc.unshare(_NEWNS) != 0:
            raise OSError(ctypes.get_errno(), "unshare")
        mount(None, "/", _REC | _PRIVATE)
        opened = {place: os.open(self.folder / name, os.O_PATH) for name, place in _PLACES.items()}
        for place, descriptor in opened.items():  # one may hide the path of the next
            mount(f"/proc/self/fd/{descriptor}", place, _BIND)
        mount(None, "/", _REMOUNT | _BIND | _RDONLY)
        os.chdir(HOME)

    def _owners(self) -> dict[str, int]:
        """Every file of the shared folders and of the user's caches, and whose it is."""
        found = {}
        for top in (*(self.folder / name for name in _SHARED), self.home / "caches"):
            for folder, folders, files in os.walk(top):
                for name in (*folders, *files):
                    path = os.path.join(folder, name)
                    found[os.path.relpath(path, self.folder)] = os.lstat(path).st_uid
        return found

    def _written(self, before: Mapping[str, int]) -> dict[str, str]:
        """The files that the script has made, stand-ins' records apart."""
        places = (self.home, *(self.folder / name for name in _SHARED))
        found = {}
        for path in (path for place in places for path in place.rglob("*")):
            name = str(path.relative_to(self.folder))
            regular = stat.S_ISREG(path.lstat().st_mode)
            if regular and name not in before and "/bin/" not in name and path.name != "job.sh":
                found[name] = path.read_text(errors="replace")
        return found

    def _calls(self) -> Counter[Call]:
        records = self.folder / "home" / "records"
        text = records.read_text(errors="replace") if records.exists() else ""
        text = text.replace(f"{self.folder}/", "")
        return Counter(_call(line) for line in text.split("\n") if line)


def _call(line: str) -> Call:
    words, _, rest = line.partition("\x1d")
    *variables, folder, out, err, given = rest.split("\x1f")
    joined = "with out" if out == err and out.startswith("pipe:") else err
    streams = ["pipe" if each.startswith("pipe:") else each for each in (out, joined)]
    named = tuple(each for each in variables if each)
    return Call(tuple(words.split("\x1f")), named, folder, *streams, given)


def _only_of(user: int, owners: Mapping[str, int]) -> set[str]:
    """The paths of a user above and below which nothing is somebody else's."""
    others = [path for path, owner in owners.items() if owner != user]
    shared = {"/".join(path.split("/")[:count]) for path in others for count in range(9)}
    return {
        path
        for path in owners
        if path not in shared | {*others} and not any(path.startswith(f"{o}/") for o in others)
    }


def _fill(folder: Path, crowded: bool) -> None:
    """Files, folders and links of three users, under the names that the scripts' patterns match."""
    people = {"me": ME, "bob": COLLEAGUE, "root": ROOT} if crowded else {"me": ME}
    for owner, number in people.items():
        for name in ("vllm_", "torchinductor_", "keep_", "data_", ".hidden_"):
            (folder / f"{name}{owner}").mkdir()
            (folder / f"{name}{owner}" / "vllm_inside.log").write_text("")
            _own(folder / f"{name}{owner}" / "vllm_inside.log", number)
            (folder / f"{name}{owner}.log").write_text("x")
            _own(folder / f"{name}{owner}", number)
            _own(folder / f"{name}{owner}.log", number)
        (folder / f"vllm_link_{owner}").symlink_to(f"data_{owner}")
        _own(folder / f"vllm_link_{owner}", number)
    if crowded:  # a folder of one's own with a file of a colleague, and the other way round
        for name, (outer, inner) in {"vllm_o": (ME, COLLEAGUE), "vllm_p": (COLLEAGUE, ME)}.items():
            (folder / name).mkdir()
            (folder / name / "a.log").write_text("")
            _own(folder / name / "a.log", inner)
            _own(folder / name, outer)


def _own(path: Path, user: int) -> None:
    os.chown(path, user, user, follow_symlinks=False)
