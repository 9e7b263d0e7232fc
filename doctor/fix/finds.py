"""Where `find` can be made to see only one's own files, and when that changes nothing else."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping, Sequence, Set
from fnmatch import fnmatch, fnmatchcase
from itertools import product

from doctor.fix.work import NoFixError
from doctor.trace.programs.find import Expression, Primary, Search
from doctor.trace.readers.deletions import deletes, is_owner_test

#: How many tests are tried with every outcome that they may have.
MAX_TESTS = 10


def unguarded(search: Search | None) -> list[Primary]:
    """The actions before which an owner test is to be put; raises `NoFixError` if that may do harm.

    What is not one's own is then let through no more. That must lead to no other action: neither
    by an `-o`, a `!` or a `-quit` nor in a folder that was gone before find went into it.
    """
    reached = search.reached() if search is not None else []
    targets = [
        primary
        for primary, held in reached
        if held is not None and deletes(primary) and not any(map(is_owner_test, held))
    ]
    if search is None or not targets:
        raise NoFixError("it is not clear where the test would go")
    primaries = [primary for primary, _ in reached]
    names = {primary.name for primary in primaries}
    if len([each for each in primaries if all(each.outcomes)]) > MAX_TESTS:
        raise NoFixError("find has more tests than can be thought through")
    if "-L" in search.links or names & {"-follow", "-quit", "-ok", "-okdir", ""}:
        raise NoFixError("find would then do something else with other files, too")
    if _goes_into_what_was_gone(primaries, targets) or not _keeps(search, primaries, targets):
        raise NoFixError("what is not your own would then be met by another part of find")
    return targets


def _goes_into_what_was_gone(primaries: Sequence[Primary], targets: Sequence[Primary]) -> bool:
    """Whether find acts on what lies in folders that `-exec rm -r {} \\;` took away before."""
    at_once = any(each.runs and each.words[-1].text == ";" for each in targets)
    others = any(each.acts and each not in targets for each in primaries)
    return at_once and others and not _is_shallow(primaries)


def _keeps(search: Search, primaries: Sequence[Primary], targets: Sequence[Primary]) -> bool:
    """Whether everything else is done with the same files, whatever the tests say of them.

    Of others' files less may be printed. Who deletes only what is *not* somebody's means that.
    """
    owned = {each.at for each in primaries if is_owner_test(each)}
    deleted: dict[int, set[int]] = {each.at: set() for each in targets}
    for truth in _truths(primaries):
        before = set(_acts(search.expression, truth, ())[1])
        after = set(_acts(search.expression, truth, targets)[1])
        for each in before.intersection(targets):
            deleted[each.at] |= {at for at in owned if truth[at]}
        lost = before - after - set(targets)
        if not after <= before or any(each.runs or each.name == "-prune" for each in lost):
            return False
    return all(found == owned for found in deleted.values())


def _truths(
    primaries: Sequence[Primary], failed: Set[int] = frozenset()
) -> Iterator[Mapping[int, bool]]:
    """All that the primaries may be for one file, by their places; the ``failed`` ones false."""
    truth = {each.at: each.outcomes[0] and each.at not in failed for each in primaries}
    open_ones = [each.at for each in primaries if all(each.outcomes) and each.at not in failed]
    for outcomes in product((True, False), repeat=len(open_ones)):
        yield truth | dict(zip(open_ones, outcomes, strict=True))


def _acts(
    expression: Expression, truth: Mapping[int, bool], stopped: Sequence[Primary]
) -> tuple[bool, list[Primary]]:
    """What an expression is for one file, and what it does; before ``stopped`` stands a test."""
    if isinstance(expression, Primary):
        if expression in stopped:
            return False, []
        return truth[expression.at], [expression] if expression.acts else []
    done: list[Primary] = []
    outcome = False
    for part in expression.parts:
        outcome, more = _acts(part, truth, stopped)
        done += more
        if expression.operator == "not":
            outcome = not outcome
        elif (expression.operator, outcome) in (("and", False), ("or", True)):
            break
    return outcome, done


# --- how find ends ---------------------------------------------------------------------------


def ends_alike(search: Search) -> bool:
    """Whether find surely ends with the same exit code once others' files are left alone.

    It may not where it meets the very folder that it searches: to delete that fails, unless it is
    one's own, and `rm -r` empties it at once. Nor where `-delete` meets folders: one's own stays,
    and find fails, if it holds what is somebody else's.
    """
    primaries = [primary for primary, _ in search.reached()]
    deep = not any(each.name == "-mindepth" and each.word not in ("0", "") for each in primaries)
    for folder in search.folders if deep else ():
        failed = {each.at for each in primaries if _excludes(each, folder.display)}
        if any(map(deletes, _met(search, primaries, failed))):
            return False
    if _is_shallow(primaries):
        return True
    failed = {each.at for each in primaries if each.name == "-type" and "d" not in each.word}
    met = _met(search, primaries, failed)
    return not any(each.name == "-delete" or each.runs in ("rmdir", "unlink") for each in met)


def _is_shallow(primaries: Sequence[Primary]) -> bool:
    return any(each.name == "-maxdepth" and each.word in ("0", "1") for each in primaries)


def _met(search: Search, primaries: Sequence[Primary], failed: Set[int]) -> set[Primary]:
    """The actions that may be done to a file for which these tests fail."""
    truths = _truths(primaries, failed)
    return {action for truth in truths for action in _acts(search.expression, truth, ())[1]}


def _excludes(test: Primary, folder: str) -> bool:
    """Whether a test surely fails for the folder that is searched."""
    if test.name in ("-name", "-iname"):
        return bool(test.word) and not fnmatch(posixpath.basename(folder.rstrip("/")), test.word)
    if test.name in ("-path", "-wholename"):
        return bool(test.word) and not fnmatchcase(folder, test.word)
    return test.name == "-type" and bool(test.word) and "d" not in test.word
