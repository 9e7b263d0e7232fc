"""Each action that a rule may name can be carried out, and no other."""

from __future__ import annotations

from doctor.fix.offer import HOW
from doctor.rulebook.actions import ACTIONS


def test_every_action_is_carried_out_by_one_function() -> None:
    assert HOW.keys() == ACTIONS.keys()
