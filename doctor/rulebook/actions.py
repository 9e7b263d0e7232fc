"""What a rule may say is to be done about its fault: a closed list of actions.

Rules name them; the stage that makes fixes (`doctor.fix`) carries them out.
"""

from __future__ import annotations

from collections.abc import Mapping

from doctor.base.record import Record


class Action(Record):
    """One of the things that a fix may do to a script.

    ``places`` are the parameters that name an attribute, whose text it changes or stands next to;
    ``values`` those that are a text, a number or a reference; ``optional`` may be left out.
    ``everywhere`` if it changes a path wherever the script uses it, ``last`` if it waits for the
    fixes that may move what it would rename. ``joins`` if it makes one command of two.
    """

    doc: str
    places: tuple[str, ...] = ()
    values: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    everywhere: bool = False
    last: bool = False
    joins: bool = False

    @property
    def parameters(self) -> tuple[str, ...]:
        return (*self.places, *self.values)


ACTIONS: Mapping[str, Action] = {
    "replace-value": Action(
        "Write the value `by` where the value of the attribute `of` is written.",
        places=("of",),
        values=("by",),
    ),
    "add-flag": Action(
        "Give the server `flag`, with `value` if it takes one, before its flag `beside`.",
        values=("flag", "value", "beside"),
        optional=("value",),
    ),
    "rewrite-flag": Action(
        "Write `to`, in which `VALUE` stands for the flag's value, in place of the flag and its "
        "value; take them out where `to` is empty.",
        values=("to",),
    ),
    "rename-flag": Action("Write `to` in place of the flag's name.", values=("to",)),
    "export-variable": Action("Export the variable where it is assigned."),
    "rename-variable": Action("Write `to` in place of the variable's name.", values=("to",)),
    "rewrite-variable": Action(
        "Take the assignment of the server's variable out, and give the flag `to` instead, in "
        "which `VALUE` stands for the variable's value; none where `to` is empty.",
        values=("to",),
    ),
    "exclude-nodes": Action("Let the allocation exclude `nodes` too.", values=("nodes",)),
    "drop-nodes": Action("Take `nodes` out of the nodes that are asked for.", values=("nodes",)),
    "delete-own-only": Action("Delete only what belongs to the user, of what the pattern matches."),
    "name-user": Action(
        "Put `${USER}` into the path of the attribute `of`, wherever the script names it.",
        places=("of",),
        everywhere=True,
        last=True,
    ),
    "separate-caches": Action(
        "Give each server a cache of its own, by what varies between them, before it starts."
    ),
    "keep-cache": Action(
        "Put the cache below the user's home, where it lasts.", places=("of",), everywhere=True
    ),
    "add-option": Action(
        "Give the program whose name is the attribute `after` the option `option`.",
        places=("after",),
        values=("option",),
    ),
    "keep-log": Action(
        "Put the log where it can be read after the job, with the job's number in its name.",
        everywhere=True,
    ),
    "write-log": Action("Write what the server says to a log below the user's home."),
    "kill-own-only": Action("Let `pkill` end only what the script itself has started."),
    "join-errors": Action("Send standard error to where standard output goes."),
    "write-line": Action(
        "Write the line `text` before the command in which the server starts.", values=("text",)
    ),
    "join-lines": Action("Let a command line go on where it breaks off.", joins=True),
    "write-directive": Action("Write the directive as sbatch reads it."),
    "use-pattern": Action("Write Slurm's own pattern for the variable in a file name."),
    "wait-at-end": Action("Let the script wait at its end for what it started."),
    "separate-ports": Action("Give each server a port of its own, by what varies between them."),
    "pin-release": Action(
        "Write the release `to` in the place of the one that the attribute `of` pins.",
        places=("of",),
        values=("to",),
    ),
    "drop-suppression": Action("Take out of a comment what suppresses nothing."),
}
