"""Which files git says have changed: the one question that a scan asks another program."""

from __future__ import annotations

import os
import subprocess

from doctor.base.errors import DoctorError

#: How long git may take for an answer, in seconds.
_DEADLINE = 60.0


def changed(revision: str) -> frozenset[str]:
    """The real paths of the files that differ from where the branch left a revision.

    What is not committed counts, and so do new files that git does not ignore. Raises
    ``DoctorError`` outside of a repository, and for what is no revision.
    """
    top = _git("rev-parse", "--show-toplevel").removesuffix("\n")
    wanted = f"{revision}^{{commit}}"
    code, commit = _ran("rev-parse", "--verify", "--quiet", "--end-of-options", wanted)
    if code:
        named = os.path.exists(revision)
        hint = f"; to name what to scan: --changed HEAD {revision}" if named else ""
        raise DoctorError(f"--changed: git knows no revision {revision!r}{hint}")
    code, base = _ran("merge-base", commit.strip(), "HEAD")
    since = (commit if code else base).strip()
    names = _git("-C", top, "diff", "--name-only", "-z", "--diff-filter=d", since, "--")
    names += _git("-C", top, "ls-files", "-z", "--others", "--exclude-standard")
    return frozenset(
        os.path.realpath(os.path.join(top, name)) for name in names.split("\0") if name
    )


def _git(*arguments: str) -> str:
    """What git prints; refused if it fails."""
    code, output = _ran(*arguments)
    if code:
        raise DoctorError(f"--changed: git says: {output.strip() or f'exit code {code}'}")
    return output


def _ran(*arguments: str) -> tuple[int, str]:
    """Git's exit code, and what it prints: the last line of its complaints if it fails."""
    words = ["git", "-c", "core.fsmonitor=false", *arguments]
    environment = {**os.environ, "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C"}
    try:
        done = subprocess.run(
            words, capture_output=True, check=False, timeout=_DEADLINE, env=environment
        )
    except FileNotFoundError:
        raise DoctorError("--changed needs git, which is not here") from None
    except subprocess.TimeoutExpired:
        raise DoctorError(f"--changed: git gave no answer in {_DEADLINE:g} s") from None
    if done.returncode:
        return done.returncode, os.fsdecode(done.stderr).strip().rpartition("\n")[2]
    return 0, os.fsdecode(done.stdout)
