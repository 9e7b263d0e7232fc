"""Rules as data: files read into a rulebook, which turns facts into diagnostics."""

from doctor.rulebook.engine import Knowledge, check
from doctor.rulebook.loader import Rulebook, load, read
from doctor.rulebook.rule import Rule

__all__ = ["Knowledge", "Rule", "Rulebook", "check", "load", "read"]
