"""Rules as data: files read into a rulebook, which turns facts into diagnostics."""

from doctor.rulebook.engine import Knowledge, check, judge
from doctor.rulebook.loader import Rulebook, load, read
from doctor.rulebook.rule import Rule
from doctor.rulebook.verdict import Repair, Verdict

__all__ = ["Knowledge", "Repair", "Rule", "Rulebook", "Verdict", "check", "judge", "load", "read"]
