"""How far the text reaches that a fix changes: whether it is used only where the rule speaks."""

from __future__ import annotations

from doctor.facts.base import Evidence, Fact
from doctor.facts.servers import GivenFlag, GivenVariable
from doctor.rulebook.verdict import Verdict
from doctor.trace.programs.program import Trait
from doctor.trace.programs.table import is_a
from doctor.trace.programs.wrappers import unwrap
from doctor.trace.trace import Traced
from doctor.values.assumption import EMPTY, Question

#: Programs to which vLLM's variables mean nothing, beside those that end at once.
_INDIFFERENT = frozenset({"cd", "curl", "exit", "kill", "pip", "set", "trap", "wait"})


def is_judged_everywhere(verdict: Verdict, traced: Traced) -> bool:
    """Whether the rule speaks on all ways through the script on which a command uses the text.

    `--tool-call-parser hermes` is wrong for the model that `${MODEL:-openai/gpt-oss-20b}` has by
    default, and may be right for the one that somebody gives.
    """
    fact = verdict.facts[0]
    if isinstance(fact, GivenVariable) and _reaches_others(fact.name, verdict, traced):
        return False
    attribute = _attribute(verdict, fact)
    # All that a flag's fact tells is about that flag, so nothing else can be chosen with it.
    if not isinstance(fact, GivenFlag) and is_chosen_with_another(fact, attribute):
        return False
    place = _place(fact, attribute)
    return all(
        other in verdict.facts
        for other in traced.facts
        if other.kind == fact.kind and _place(other, attribute) == place
    )


def is_chosen_with_another(fact: Fact, attribute: str) -> bool:
    """Whether one default decides on the text and on something else that the fact tells.

    The arm `*) PARSER=hermes` is taken for the model that `${MODEL:-…}` has by default, and for
    whatever model somebody gives.
    """
    own = fact.evidence.get(attribute, Evidence())
    return any(
        assumption.about is Question.GIVEN and assumption.choice == EMPTY
        for other in fact.evidence.values()
        if other.locations != own.locations
        for assumption in own.assumes & other.assumes
    )


def _reaches_others(name: str, verdict: Verdict, traced: Traced) -> bool:
    """Whether a program that may want the variable is given it, and is not what is judged."""
    judged = {fact.location for fact in verdict.facts}
    return any(
        name in invocation.environment
        and invocation.program not in _INDIFFERENT
        and not is_a(invocation.program, Trait.QUICK)
        and unwrap(invocation.arguments) is None
        and invocation.origin.location not in judged
        for invocation in traced.walk.invocations
        if invocation.arguments
    )


def _attribute(verdict: Verdict, fact: Fact) -> str:
    """The attribute whose text is changed, or next to whose text something is put in."""
    operands = verdict.repair.operands if verdict.repair else {}
    named = next((operands[name] for name in ("of", "beside", "after") if name in operands), None)
    if named is None:
        named = next((name for name in ("name", "path") if name in fact.evidence), "")
    return str(named).lstrip("-").replace("-", "_")


def _place(fact: Fact, attribute: str) -> object:
    """Where the text stands; the fact's command if that has no such text of its own."""
    return next(iter(fact.evidence.get(attribute, Evidence()).locations), fact.location)
