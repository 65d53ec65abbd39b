"""The rule language: parse, check, evaluate with reasons, the days on which an answer can change, and the words for it.

expression = parse(text)                                  # RuleProblem: what, where, did you mean
rule = check(expression, concepts=…, parameters=…, value_sets=…)   # RuleProblem: everything wrong at once
rule.evaluate(FactIndex(record, concepts), Anchors(reference, known_on))  -> Evaluation
rule.breakpoints(index, known_on, lead)                   -> the only days on which the answer can change
"""

from protocord.criteria.answers import Anchors, Evaluation, Truth, UsedFact
from protocord.criteria.check import CheckedRule, check
from protocord.criteria.index import FactIndex
from protocord.criteria.parse import parse
from protocord.criteria.problems import RuleProblem, Slip
from protocord.criteria.tree import Expression
from protocord.criteria.wording import in_words, reference
from protocord.criteria.write import to_text

__all__ = [
    "Anchors",
    "CheckedRule",
    "Evaluation",
    "Expression",
    "FactIndex",
    "RuleProblem",
    "Slip",
    "Truth",
    "UsedFact",
    "check",
    "in_words",
    "parse",
    "reference",
    "to_text",
]
