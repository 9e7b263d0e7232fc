"""Fixes of deletions that also reach what belongs to others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from doctor.base.regex import regex
from doctor.diagnostic import Edit
from doctor.fix.finds import ends_alike, unguarded
from doctor.fix.removals import removal, with_find
from doctor.fix.texts import standing
from doctor.fix.work import How, NoFixError, Work
from doctor.trace.programs import find
from doctor.trace.programs.invocation import Invocation

#: Torch's own folder in /tmp is named after the user, `torchinductor_NAME`.
_TORCH = regex(r"((?:/[\w.-]+)+/torchinductor_)\*(/\*)?")
#: Programs around a deletion under which the user and the files are those of the script.
_TRANSPARENT = frozenset(
    {"srun", "nohup", "env", "nice", "ionice", "timeout", "time", "setsid", "numactl", "taskset"}
)
#: They show the host's folders, but have programs of their own.
_CONTAINERS = frozenset({"apptainer", "singularity"})


def delete_own_only(work: Work) -> Iterator[Edit]:
    """`delete-own-only`: what `find -user` finds, or else the folder with one's own name."""
    program = getattr(work.fact, "program", "")
    around = {w.words[0] for each in _deletions(work) for w in each.context.wrappers}
    if not around <= _TRANSPARENT | _CONTAINERS or any(e.context.remote for e in _deletions(work)):
        raise NoFixError("another user may do it, or on another host")
    if program == "find":
        yield from _with_owner_test(work)
        return
    try:
        yield from with_find(removal(work))
    except NoFixError as reason:
        yield _by_name(work, reason)


def is_harmless(work: Work) -> bool:
    """Whether the fix surely changes nothing but whose files go.

    `rm` without `-f` fails where nothing matches, and find doesn't. A folder's name in place of
    the pattern may leave some of one's own, and a loop over them may do more than delete.
    """
    if getattr(work.fact, "program", "") == "find":
        return _is_search_harmless(work)
    try:
        return removal(work).is_harmless
    except NoFixError:
        return False


def _deletions(work: Work) -> list[Invocation]:
    """The programs that delete, on all ways through the script."""
    program = getattr(work.fact, "program", "")
    return [each for each in work.invocations() if each.program == program]


# --- find ------------------------------------------------------------------------------------


def _with_owner_test(work: Work) -> Iterator[Edit]:
    """`find … -user "$(id -u)" -delete`."""
    place = standing(work)
    starts = set()
    for invocation in _deletions(work):
        for action in unguarded(find.read(invocation.arguments[1:])):
            location = action.words[0].location
            if location is None:
                raise NoFixError("the action does not stand there literally")
            starts.add(place.word_at(location).span.start)
    for start in sorted(starts):
        yield Edit(place.stretch(start, start), f"{place.owner_test} ")


def _is_search_harmless(work: Work) -> bool:
    """Whether find searches only in folders that the rule speaks of, and ends as it did."""
    shared = {f"{getattr(fact, 'folder', '')}/" for fact in work.facts}
    for invocation in _deletions(work):
        search = find.read(invocation.arguments[1:])
        if search is None or not ends_alike(search):
            return False
        folders = (f"{folder.display}/" for folder in search.folders)
        if not all(any(map(folder.startswith, shared)) for folder in folders):
            return False
    return True


# --- a folder by its name --------------------------------------------------------------------


def _by_name(work: Work, otherwise: NoFixError) -> Edit:
    """Torch's folder, which has the user's name, in place of a pattern of such names."""
    location = work.place("path")
    found = _TORCH.fullmatch(work.written(location))
    if found is None or not _stands_free(work, location.start.offset):
        raise otherwise
    return Edit(location, f'"{found[1]}${{USER:-$(id -un)}}"{found[2] or ""}')


def _stands_free(work: Work, offset: int) -> bool:
    """Whether a word begins at an offset, outside of any quotes of its line and of heredocs."""
    line = work.source.text[work.line_start(offset) : offset]
    if line.count('"') % 2 or line.count("'") % 2:
        return False
    return any(word.span.start == offset for word in work.words())


HOW: Mapping[str, How] = {
    "delete-own-only": How(delete_own_only, is_harmless),
}
