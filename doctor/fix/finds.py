"""Where `find` is told to let only one's own files through, and when that changes nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
    if "-L" in search.links or names & {"-follow", "-quit", "-ok", "-okdir", ""}:
        raise NoFixError("find would then do something else with other files, too")
    if _goes_into_what_was_gone(primaries, targets) or not _keeps(search, primaries, targets):
        raise NoFixError("what is not your own would then be met by another part of find")
    return targets


def _goes_into_what_was_gone(primaries: Sequence[Primary], targets: Sequence[Primary]) -> bool:
    """Whether find acts on what lies in folders that `-exec rm -r {} \\;` took away before."""
    shallow = any(
        each.name == "-maxdepth" and each.value is not None and each.value.text in ("0", "1")
        for each in primaries
    )
    at_once = any(each.runs and each.words[-1].text == ";" for each in targets)
    return at_once and not shallow and any(e.acts and e not in targets for e in primaries)


def _keeps(search: Search, primaries: Sequence[Primary], targets: Sequence[Primary]) -> bool:
    """Whether everything else is done with the same files, whatever the tests say of them.

    Of others' files less may be printed. Who deletes only what is *not* somebody's means that.
    """
    open_ones = [each for each in primaries if all(each.outcomes)]
    if len(open_ones) > MAX_TESTS:
        return False
    owned = {each.at for each in primaries if is_owner_test(each)}
    deleted: dict[int, set[int]] = {each.at: set() for each in targets}
    for outcomes in product((True, False), repeat=len(open_ones)):
        truth = {each.at: each.outcomes[0] for each in primaries}
        truth |= {each.at: outcome for each, outcome in zip(open_ones, outcomes, strict=True)}
        before = set(_acts(search.expression, truth, ())[1])
        after = set(_acts(search.expression, truth, targets)[1])
        for each in before.intersection(targets):
            deleted[each.at] |= {at for at in owned if truth[at]}
        lost = before - after - set(targets)
        if not after <= before or any(each.runs or each.name == "-prune" for each in lost):
            return False
    return all(found == owned for found in deleted.values())


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
