"""Rules drawn backwards from their types over a study's own concepts: what can give a truth, and what a number?"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal
from random import Random
from typing import Any

from protocord.concepts import Concepts
from protocord.criteria import CheckedRule, check, parse, to_text
from protocord.criteria import tree as t
from protocord.criteria.functions import FUNCTIONS, Gives
from protocord.errors import Place
from protocord.exchange.cql.codes import CodeSets
from protocord.exchange.cql.writer import Writer

NODES = tuple(t.Expression.__args__)
OPERATORS = ("=", "!=", "<", "<=", ">", ">=")
PARAMETERS: dict[str, str | bool] = {"window": "21 days", "limit": "16", "yes": True}
_COUNTS = {"day": (0, 1, 3, 7, 14, 21), "week": (1, 2, 6), "month": (1, 2, 12), "year": (1, 2)}


@dataclass(frozen=True)
class Rules:
    """Draws rules that ask only of the concepts named."""

    random: Random
    concepts: Concepts
    asked: Collection[str]
    value_sets: Mapping[str, Collection[str]]

    def pick(self, *these: Any) -> Any:
        return self.random.choice(these)

    def length(self, *units: str) -> t.Expression:
        if self.random.random() < 0.1:
            return t.Parameter("window")
        unit = self.pick(*(units or _COUNTS))
        return t.Duration(self.pick(*_COUNTS[unit]), unit)

    def call(self, name: str) -> t.Call:
        arguments: list[t.Expression] = []
        for argument in FUNCTIONS[name].arguments:
            if argument.optional and self.random.random() < 0.5:
                break
            match argument.takes:
                case "concept":
                    kinds = argument.kinds
                    fitting = [one for one in self.asked if not kinds or self.concepts[one].kind in kinds]
                    arguments.append(t.Named(self.pick(*fitting)))
                case "length":
                    arguments.append(self.length())
                case "value set":
                    arguments.append(t.Named(self.pick(*self.value_sets)))
                case _:
                    arguments.append(t.Number(Decimal(self.pick("0", "1", "2", "1.5"))))
        return t.Call(name, tuple(arguments))

    def limit(self, asked: t.Call, depth: int) -> t.Expression:
        if depth and self.random.random() < 0.2:
            return t.If(self.truth(depth - 1), self.limit(asked, depth - 1), self.limit(asked, depth - 1))
        if self.random.random() < 0.05:
            return t.Null()
        gives, first = FUNCTIONS[asked.function].gives, asked.arguments[0] if asked.arguments else None
        concept = self.concepts[first.name] if gives is Gives.QUANTITY and isinstance(first, t.Named) else None
        if concept is not None and not concept.is_pure_number:
            return t.Measure(Decimal(self.pick("0.5", "1", "1.0", "20", "53.04", "75")), self.pick(*concept.units))
        years, results = ("0", "1", "15.5", "16", "17", "18"), ("0", "0.5", "1", "1.5", "3", "50")
        if gives is Gives.NUMBER and self.random.random() < 0.15:
            return t.Parameter("limit")
        return t.Number(Decimal(self.pick(*(years if gives is Gives.NUMBER else results))))

    def leaf(self, name: str, depth: int = 0) -> t.Expression:
        asked = self.call(name)
        if FUNCTIONS[name].gives is Gives.TRUTH:
            return asked
        sides = (asked, self.limit(asked, depth))
        return t.Compare(self.pick(*OPERATORS), *self.pick(sides, sides[::-1]))

    def truth(self, depth: int) -> t.Expression:
        if depth == 0 or self.random.random() < 0.15:
            if self.random.random() < 0.12:
                said: t.Expression = self.pick(t.Flag(True), t.Flag(False), t.Null(), t.Parameter("yes"))
                return said
            return self.leaf(self.pick(*FUNCTIONS), depth)
        match self.random.randrange(6):
            case 0:
                return t.Not(self.truth(depth - 1))
            case 1:
                return t.If(self.truth(depth - 1), self.truth(depth - 1), self.truth(depth - 1))
            case 2:
                return t.Implies(self.truth(depth - 1), self.truth(depth - 1))
            case 3:
                return t.Or(self.truth(depth - 1), self.truth(depth - 1))
            case 4:
                return self.leaf(self.pick(*(name for name, one in FUNCTIONS.items() if one.gives is not Gives.TRUTH)), depth)
            case _:
                return t.And(self.truth(depth - 1), self.truth(depth - 1))


def drawn(rules: Rules, leaves: int, nested: int) -> dict[str, tuple[t.Expression, CheckedRule]]:
    """Rules by name with the tree that was drawn: `leaves` of each function, and `nested` of all kinds.

    A rule that CQL cannot repeat is refused by name, which has its own test; it is left out here.
    """
    trees = [rules.leaf(name) for name in FUNCTIONS for _ in range(leaves)] + [rules.truth(3) for _ in range(nested)]
    found = {}
    for number, tree in enumerate(trees):
        text = parse(to_text(tree))
        rule = check(text, concepts=rules.concepts, parameters=PARAMETERS, value_sets=rules.value_sets, sense=False)
        writer = Writer(rules.concepts, CodeSets({}, {}))
        writer.condition(rule.plan, "At", lambda _spot: Place())
        if not writer.problems:
            found[f"R{number:03d}"] = (tree, rule)
    return found
