"""Facts about the other commands of a script, and about what it holds."""

from __future__ import annotations

from typing import ClassVar, Literal, TypeAlias

from doctor.base.unknown import UnknownType
from doctor.facts.base import Fact, attribute

Means: TypeAlias = Literal["redirection", "tee", "mkdir", "variable", "option"]
FoundBy: TypeAlias = Literal["name", "port", "gpu", "ray", "user"]
BrokenBy: TypeAlias = Literal["blank", "comment", "empty-line", "doubled", "nothing"]


class Command(Fact, kw_only=True):
    """A program that the script starts, whichever it is: for what no other kind of fact tells."""

    kind: ClassVar[str] = "command"

    program: str = attribute("the program's name without its folder: `pip`")
    line: str = attribute(
        "the name and the words behind it with a blank between them, unknowns by their names: "
        "`module load cuda/11.8`; of an unknown in it only `*` is sure to match all"
    )
    around: frozenset[str] = attribute(
        "the programs that it is started through: `srun`, `timeout`, `sudo`, `ssh`, `apptainer`, …",
        frozenset(),
    )
    in_job: bool | UnknownType = attribute(
        "whether it runs in a job: in a batch script, what such a script runs, or a step; unknown "
        "where the script doesn't show it, and on another machine"
    )
    in_loop: bool | UnknownType = attribute(
        "whether it is in a loop; unknown in a function that nothing in sight calls"
    )
    conditional: bool | UnknownType = attribute(
        "whether it runs only if a condition or another command has a certain outcome; unknown in "
        "a function that nothing in sight calls"
    )
    container: str | None = attribute(
        "what runs the container that it is in: `apptainer`, `docker`, `pyxis`, …; null where it "
        "is in none",
        None,
    )
    in_background: bool = attribute("whether the script goes on while it runs", False)


class Deletion(Fact, kw_only=True):
    """One path or pattern that a command deletes."""

    kind: ClassVar[str] = "deletion"

    path: str = attribute("the path or pattern, unknowns by their names")
    folder: str | UnknownType = attribute("the shared folder that it lies in")
    folder_sharing: Literal["all-users", "private"] | UnknownType = attribute(
        "`all-users` or `private`"
    )
    reaches_others: bool | UnknownType = attribute("whether it matches paths that other users own")
    node_shared: bool | UnknownType = attribute(
        "whether other jobs may run beside this one; false with `--exclusive`"
    )
    program: str = attribute("the command that deletes: `rm`, `find`, `rsync`, …")


class WrittenPath(Fact, kw_only=True):
    """A path below a shared folder that the script writes."""

    kind: ClassVar[str] = "path"

    path: str = attribute("the path, unknowns by their names")
    folder: str = attribute("the shared folder that it lies in")
    owned: bool | UnknownType = attribute(
        "whether its name holds the user, the job, the process or something random"
    )
    met_by_others: bool | UnknownType = attribute(
        "false where no other user's job can meet it: the job has whole nodes and deletes it again"
    )
    in_place_of: str | None = attribute(
        "the variable by which sites tell a job of its own scratch folder (`TMPDIR`, "
        "`LOCAL_SCRATCH`, …), if the path counts only where that isn't set",
        None,
    )
    how: Means = attribute("`redirection`, `tee`, `mkdir`, `variable` or `option`")


class NamedKill(Fact, kw_only=True):
    """A command that ends what it finds on its node: by name, by a port, by a GPU, all of Ray."""

    kind: ClassVar[str] = "kill"

    program: str = attribute(
        "what finds them: `pkill`, `killall`, `pgrep`, `ps`, `lsof`, `fuser`, `ray stop`, …"
    )
    by: FoundBy = attribute(
        "what they are found by: `name`, `port`, `gpu`, `ray`, or the `user` alone", "name"
    )
    pattern: str = attribute("the name, pattern, port or user, unknowns by their names")
    selective: bool = attribute(
        "whether a parent, session, terminal or something of the job's own narrows it", False
    )
    node_shared: bool | UnknownType = attribute(
        "whether other jobs may run on the node: false in a job with whole nodes"
    )


class ServerWait(Fact, kw_only=True):
    """A loop that waits for a server of the script, which nothing ends but its answer.

    There is no count, no clock and no look at the server's process.
    """

    kind: ClassVar[str] = "endless-wait"


class BrokenLine(Fact, kw_only=True):
    """A command line that ends before its last option, or is given a blank as well."""

    kind: ClassVar[str] = "broken-line"

    by: BrokenBy = attribute(
        "what stands where the line should go on: a `blank` behind the backslash, a `comment`, an "
        "`empty-line`, a `doubled` backslash, or `nothing`"
    )
    option: str | None = attribute(
        "the option that the shell runs as a command; null where a server is given the blank alone"
    )


class PaneCapture(Fact, kw_only=True):
    """A `tmux capture-pane`."""

    kind: ClassVar[str] = "pane-capture"

    prints: bool = attribute("whether it prints what it captures", False)
    history: bool = attribute("whether it is asked for more than the visible pane", False)


class Secret(Fact, kw_only=True):
    """A password or token that is written into a script; the fact itself doesn't hold it."""

    kind: ClassVar[str] = "secret"

    what: str = attribute("what it is, in a few words: `a Hugging Face token`")


FACTS: tuple[type[Fact], ...] = (
    Command,
    Deletion,
    WrittenPath,
    NamedKill,
    ServerWait,
    BrokenLine,
    PaneCapture,
    Secret,
)
