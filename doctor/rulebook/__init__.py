"""Rules as data: files read into a rulebook, which makes diagnostics of facts."""

from doctor.rulebook.answer import Answer, answer
from doctor.rulebook.engine import check, judge
from doctor.rulebook.loader import Rulebook, load, read
from doctor.rulebook.rule import Rule
from doctor.rulebook.scope import Knowledge
from doctor.rulebook.verdict import Repair, Verdict

__all__ = [
    "Answer",
    "Knowledge",
    "Repair",
    "Rule",
    "Rulebook",
    "Verdict",
    "answer",
    "check",
    "judge",
    "load",
    "read",
]
