"""Design slips that types cannot find, and the list of what a sponsor must still confirm.

A check is a function of the protocol that yields problems; `@check` registers it. To add one, write it in the module of its
subject, with a right and a wrong snippet in its test.
"""

from protocord.protocol.check import blood, calendar, criteria, limits, unused, words
from protocord.protocol.check.confirm import ToConfirm, to_confirm
from protocord.protocol.check.registry import CHECKS, check_design

__all__ = ["CHECKS", "ToConfirm", "blood", "calendar", "check_design", "criteria", "limits", "to_confirm", "unused", "words"]
