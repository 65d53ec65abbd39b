"""Whom time alone may let in: of the criteria that are not met, which could be met on a later day if nothing new were learned.

A bound, not an answer: it never leaves out whom a washout or a birthday would let in, and the row evaluator's date line then says
the day, or that there is none. Facts dated after the day of the assessment are not foreseen.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from protocord.cohort.answers.screened import INELIGIBLE, Screened
from protocord.cohort.plan.program import Ask, Both, Choose, Circuit, Column, Either, Fixed, Not
from protocord.cohort.plan.truths import NOT_MET, Flags
from protocord.criteria import Truth
from protocord.criteria.lengths import Length


@dataclass(frozen=True, slots=True)
class Later:
    """For every person, whether something may be true on this or a later day, and whether it may be false."""

    true: Flags
    false: Flags


def mendable(found: Screened) -> Flags:
    """This will tell of every person whether she is not eligible and each criterion that she does not meet may be met later."""
    may: Flags = found.outcomes == INELIGIBLE
    for column in found.program.chosen:
        not_met = found.answers(column.criterion) == NOT_MET
        if (may & not_met).any():
            may = may & (~not_met | _may_be_met(found, column))
    return may


def _may_be_met(found: Screened, column: Column) -> Flags:
    rule = _later(found, column.rule)
    met = rule.true if column.wanted else rule.false
    if column.review is None:
        return met
    review = _later(found, column.review)
    return (met & review.false) | review.true


def _later(found: Screened, circuit: Circuit) -> Later:
    match circuit:
        case Ask(leaf):
            return _leaf(found, leaf)
        case Fixed(truth):
            rows = found.persons
            return Later(np.full(rows, truth is Truth.TRUE), np.full(rows, truth is Truth.FALSE))
        case Not(operand):
            one = _later(found, operand)
            return Later(one.false, one.true)
        case Both(left, right):
            one, other = _later(found, left), _later(found, right)
            return Later(one.true & other.true, one.false | other.false)
        case Either(left, right):
            one, other = _later(found, left), _later(found, right)
            return Later(one.true | other.true, one.false & other.false)
        case Choose(condition, then, otherwise):
            asked, one, other = _later(found, condition), _later(found, then), _later(found, otherwise)
            true = (asked.true & one.true) | (asked.false & other.true) | (one.true & other.true)
            false = (asked.true & one.false) | (asked.false & other.false) | (one.false & other.false)
            return Later(true, false)


def _leaf(found: Screened, place: int) -> Later:
    leaf = found.program.leaves[place]
    now = found.deciding.truths(Ask(place))
    every = np.ones(found.persons, np.bool_)
    match leaf.function:
        case "Washout":  # an interval passes
            return Later(every, now.false)
        case "AgeInYears" if leaf.operator in (">=", ">"):  # nobody grows younger
            return Later(every, now.false)
        case "AgeInYears" if leaf.operator in ("<=", "<"):
            return Later(now.true, every)
        case "AgeInYears":
            return Later(every, every)
        case "Recorded" if any(isinstance(one, Length) for one in leaf.arguments):  # a record grows too old to count
            return Later(now.true, every)
        case _:
            return Later(now.true, now.false)
