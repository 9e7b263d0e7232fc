"""The folder of a batch script, as the script finds it: that of a copy, once it is a job.

slurmd writes a script into a folder of its own and runs that (``slurm_script`` below
``SlurmdSpoolDir``; ``src/slurmd/slurmstepd/mgr.c``, ``_make_batch_script``), so that nothing that
lies next to the script is next to ``$0``.
"""

from __future__ import annotations

from collections.abc import Iterator

from doctor.base.regex import regex
from doctor.facts.jobs import OwnFolder
from doctor.shell.tree import AndOr, Block, Group, Parameter, Pipeline, Simple, Substitution, Word
from doctor.shell.walk import commands, parameters, substituted, words
from doctor.trace.readers.scene import Scene

_OWN = frozenset({"0", "BASH_SOURCE"})
#: What tells a job where its script was submitted from, or lies.
_KNOWS_BETTER = regex(r"SLURM_SUBMIT_DIR|\bscontrol\s+(?:\S+\s+)*show\s+job\b|\bsacct\b")
_PRINTS = frozenset({"echo", "printf", ":"})
_TESTS = frozenset({"[", "test"})


def read(scene: Scene) -> Iterator[OwnFolder]:
    """Where a batch script surely goes by its own folder, and knows of no other one."""
    if not scene.is_batch or _KNOWS_BETTER.search(scene.source.text):
        return
    for command in _always(scene.script.body):
        for word in words(command):
            if _finds_own_folder(word) and _is_used(command, scene.script.body):
                yield OwnFolder(location=scene.source.location(*word.span))
                return


def _always(block: Block) -> Iterator[Simple]:
    """The simple commands that are run whatever happens, those on a branch left out."""
    for statement in block:
        command = statement.command
        if isinstance(command, AndOr) and set(command.operators) == {"&&"}:
            command = command.commands[0]
        if isinstance(command, Simple):
            yield command
        elif isinstance(command, Group):
            yield from _always(command.body)


def _finds_own_folder(word: Word) -> bool:
    """Whether a word is made of ``$(dirname "$0")`` or ``${0%/*}``, and not only by default."""
    for part in word.parts:
        if isinstance(part, Parameter) and part.name in _OWN and part.operator in ("%", "%%"):
            return True
        if isinstance(part, Substitution) and any(
            inner.words[0].literal == "dirname" and any(map(_names_itself, inner.words[1:]))
            for inner in commands(part.body)
            if isinstance(inner, Simple) and inner.words
        ):
            return True
    return False


def _names_itself(word: Word) -> bool:
    inside = (parameter for block in substituted(word) for parameter in parameters(block))
    own = (part for part in word.parts if isinstance(part, Parameter))
    return any(parameter.name in _OWN for parameter in (*own, *inside))


def _is_used(command: Simple, script: Block) -> bool:
    """Whether a command, or what follows it, goes by the folder, and nobody looks whether it may.

    A variable that is given another value as well, or is tested, is for both ways to run.
    """
    if command.words:
        return command.words[0].literal not in _PRINTS | _TESTS
    names = {assignment.name for assignment in command.assignments}
    if len(names) != 1:
        return False
    used = False
    for each in commands(script):
        named = any(names & _names(word) for word in words(each))
        if isinstance(each, Simple):
            if each is not command and names & {given.name for given in each.assignments}:
                return False
            first = each.words[0].literal if each.words else None
            if named and first in _TESTS:
                return False
            used = used or (named and first not in _PRINTS)
        elif named and not isinstance(each, (Pipeline, AndOr)):
            return False
    return used


def _names(word: Word) -> set[str]:
    return {part.name for part in word.parts if isinstance(part, Parameter)}
