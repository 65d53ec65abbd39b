"""Tree to plan: resolve names, check arguments, kinds, types and units; collect every slip."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from protocord.concepts import Concept, Concepts
from protocord.criteria import tree
from protocord.criteria.answers import Truth
from protocord.criteria.functions import FUNCTIONS, Argument, Function, Gives
from protocord.criteria.lengths import Length
from protocord.criteria.plan import (
    Asked,
    Choice,
    Comparing,
    Constant,
    Junction,
    Negation,
    NumberChoice,
    NumberPlan,
    Plan,
    Written,
)
from protocord.criteria.problems import Slip
from protocord.criteria.tree import Expression, Spot
from protocord.criteria.wording import in_words
from protocord.values.quantities import Quantity
from protocord.values.reasons import Reason
from protocord.values.text import Text

_NUMERIC = (Gives.NUMBER, Gives.RATIO, Gives.QUANTITY)
_WHAT = {
    tree.Number: "a number", tree.Measure: "a quantity", tree.Duration: "a length of time", tree.Named: "a name", tree.Flag: "a truth",
    tree.Null: "null", tree.Call: "the answer of a function", tree.Compare: "a comparison", tree.Parameter: "a parameter",
}  # fmt: skip


def _what(expression: Expression) -> str:
    return _WHAT.get(type(expression), "a condition")


def _near(written: str, known: Iterable[str]) -> str:
    by_small = {word.casefold(): word for word in known}
    near = difflib.get_close_matches(written.casefold(), by_small, n=1, cutoff=0.6)
    return f"Did you mean {by_small[near[0]]}?" if near else ""


def _asks(expression: Expression) -> bool:
    return any(isinstance(part, tree.Call) for part in tree.walk(expression))


def _told(value: Any) -> str:
    """A value as part of a term: sets in order, since they have none of their own."""
    return str(sorted(value)) if isinstance(value, frozenset) else str(value)


class Compiler:
    """Makes the plan of one rule; what is wrong gathers in `slips`, and the plan is then of no use."""

    def __init__(
        self, concepts: Concepts, parameters: Mapping[str, tree.Constant], value_sets: Mapping[str, Collection[str]]
    ) -> None:
        self.concepts = concepts
        self.parameters = parameters
        self.value_sets = value_sets
        self.slips: list[Slip] = []
        self.asked_concepts: set[str] = set()
        self.asked_parameters: set[str] = set()
        self.asked_value_sets: set[str] = set()

    def slip(self, at: Spot, what: str, remedy: str = "") -> None:
        """This will note one slip."""
        self.slips.append(Slip(at.line, at.column, what, remedy))

    def condition(self, expression: Expression) -> Plan:
        """This will return the plan of an expression that must be true or false."""
        at = expression.at
        match expression:
            case tree.Flag(value):
                return Constant(Truth.TRUE if value else Truth.FALSE, at)
            case tree.Null():
                return Constant(Truth.UNKNOWN, at)
            case tree.Not(operand):
                return Negation(self.condition(operand), at)
            case tree.And(left, right):
                return Junction(Truth.FALSE, self.condition(left), self.condition(right), at)
            case tree.Or(left, right):
                return Junction(Truth.TRUE, self.condition(left), self.condition(right), at)
            case tree.Implies(left, right):
                return Junction(Truth.TRUE, Negation(self.condition(left), left.at), self.condition(right), at)
            case tree.If(condition, then, otherwise):
                return Choice(self.condition(condition), self.condition(then), self.condition(otherwise), at)
            case tree.Compare():
                return self._comparison(expression)
            case tree.Call():
                return self._asked_truth(expression)
            case tree.Parameter(name):
                return self._parameter_truth(name, at)
            case _:
                self.slip(
                    at, f"a condition, true or false, is needed here; this is {_what(expression)}.", "Compare it with something."
                )
                return Constant(Truth.UNKNOWN, at)

    def _asked_truth(self, call: tree.Call) -> Plan:
        asked = self._call(call)
        if asked is not None and asked.function.gives is not Gives.TRUTH:
            self.slip(
                call.at,
                f"{call.function} gives a number, and a condition is needed here.",
                f"Compare it: {call.function}(…) >= …",
            )
        return asked or Constant(Truth.UNKNOWN, call.at)

    def _parameter_truth(self, name: str, at: Spot) -> Plan:
        value = self._parameter(name, at)
        if isinstance(value, (tree.Flag, tree.Null)):
            return self.condition(value)
        if value is not None:
            self.slip(at, f"a condition is needed here; the parameter {name} is {_what(value)}.", "Compare it with something.")
        return Constant(Truth.UNKNOWN, at)

    def _parameter(self, name: str, at: Spot) -> tree.Constant | None:
        if name in self.parameters:
            self.asked_parameters.add(name)
            return self.parameters[name]
        if name in FUNCTIONS:
            self.slip(at, f"{name} is a function.", f"Write {FUNCTIONS[name].signature}.")
        elif name in self.concepts:
            self.slip(
                at, f"there is no parameter {name}; it is a concept.", f'Write "{name}" in double quotes, inside a function.'
            )
        else:
            known = (
                f"The parameters are: {', '.join(self.parameters)}." if self.parameters else "This study declares no parameters."
            )
            self.slip(at, f"there is no parameter {name}.", _near(name, [*self.parameters, *FUNCTIONS]) or known)
        return None

    # --- comparisons

    def _comparison(self, node: tree.Compare) -> Plan:
        for side in (node.left, node.right):
            if isinstance(side, tree.Not):
                self.slip(side.at, "'not' binds tighter than a comparison.", "Write not (… >= …).")
                return Constant(Truth.UNKNOWN, node.at)
            if isinstance(side, tree.Compare):
                self.slip(side.at, "comparisons do not chain.", "Write a <= b and b <= c.")
                return Constant(Truth.UNKNOWN, node.at)
        measured = self._measured(node.left) or self._measured(node.right)
        # What is asked comes first: with a slip in it, its unit is not known, and the other side cannot be judged.
        asked_left = isinstance(node.left, tree.Call) or (not isinstance(node.right, tree.Call) and _asks(node.left))
        before = len(self.slips)
        first = self._number(node.left if asked_left else node.right, measured)
        if len(self.slips) > before:
            return Constant(Truth.UNKNOWN, node.at)
        second = self._number(node.right if asked_left else node.left, measured)
        left, right = (first, second) if asked_left else (second, first)
        return Comparing(node.operator, left, right, self._about(node.left if asked_left else node.right), node.at)

    def _about(self, asked: Expression) -> Text:
        """What is asked for, in words: `ANC (latest of the last 7 days)`."""
        said = tree.substituted(asked, self.parameters)
        return Text(in_words(said, self.concepts, "en"), in_words(said, self.concepts, "zh"))

    def _measured(self, expression: Expression) -> Concept | None:
        """The concept whose unit an expression is in: that of its first function that gives a quantity."""
        for part in (expression,) if not isinstance(expression, tree.If) else (expression.then, expression.otherwise):
            if isinstance(part, tree.If):
                found = self._measured(part)
                if found is not None:
                    return found
            if isinstance(part, tree.Call) and part.function in FUNCTIONS and FUNCTIONS[part.function].gives is Gives.QUANTITY:
                first = part.arguments[0] if part.arguments else None
                return self.concepts.get(first.name) if isinstance(first, tree.Named) else None
        return None

    def _number(self, expression: Expression, measured: Concept | None) -> NumberPlan:
        at = expression.at
        unit = (measured.unit if measured else None) or "1"
        match expression:
            case tree.Number() | tree.Measure():
                return self._written(expression, measured, at)
            case tree.Null():
                return Written.of(None, unit, at)
            case tree.If(condition, then, otherwise):
                return NumberChoice(
                    self.condition(condition), self._number(then, measured), self._number(otherwise, measured), at
                )
            case tree.Call():
                asked = self._call(expression)
                self._check_unit(expression, asked, measured)
                return asked or Written.of(None, unit, at)
            case tree.Parameter(name):
                value = self._parameter(name, at)
                if isinstance(value, (tree.Number, tree.Measure)):
                    return self._written(value, measured, at)
                if value is not None:
                    self.slip(at, f"a number is needed here; the parameter {name} is {_what(value)}.")
                return Written.of(None, unit, at)
            case _:
                self.slip(
                    at, f"a number is needed here; this is {_what(expression)}.", "Only numbers and quantities can be compared."
                )
                return Written.of(None, unit, at)

    def _check_unit(self, call: tree.Call, asked: Asked | None, measured: Concept | None) -> None:
        if asked is None:
            return
        gives = asked.function.gives
        if gives not in _NUMERIC:
            self.slip(
                call.at, f"{call.function} gives true or false, which cannot be compared.", "Use it as it stands, or with 'not'."
            )
        elif gives is Gives.QUANTITY:
            own = self.concepts[asked.arguments[0]]
            if measured is not None and own.unit != measured.unit:
                self.slip(
                    call.at, f"{own.id} is measured in {own.unit}, {measured.id} in {measured.unit}.", "Compare like with like."
                )
        elif measured is not None:
            self.slip(call.at, f"{call.function} gives a plain number, {measured.id} is a quantity.", "Compare like with like.")

    def _written(self, literal: tree.Number | tree.Measure, measured: Concept | None, at: Spot) -> NumberPlan:
        """A literal in the unit of what it is compared with, converted exactly."""
        if measured is None:
            if isinstance(literal, tree.Measure) and literal.unit != "1":
                self.slip(at, f"{literal.value:f} '{literal.unit}' is compared with a plain number.", f"Write {literal.value:f}.")
            return Written.of(literal.value, "1", at)
        quantity = Quantity(literal.value, literal.unit if isinstance(literal, tree.Measure) else None)
        standard = self.concepts.standard(measured, quantity)
        if not isinstance(standard, Reason):
            return Written.of(standard.value, standard.unit or "1", at)
        accepted = ", ".join(measured.units) or "nothing: it has no unit"
        if quantity.unit is None:
            remedy = f"Write {literal.value:f} '{measured.unit}'."
            self.slip(at, f"{literal.value:f} has no unit, and {measured.id} is measured in {measured.unit}.", remedy)
        else:
            self.slip(at, f"the unit '{quantity.unit}' is not one that {measured.id} accepts.", f"It accepts: {accepted}.")
        return Written.of(literal.value, measured.unit or "1", at)

    # --- calls

    def _call(self, call: tree.Call) -> Asked | None:
        function = FUNCTIONS.get(call.function)
        if function is None:
            remedy = _near(call.function, FUNCTIONS) or f"The functions are: {', '.join(sorted(FUNCTIONS))}."
            self.slip(call.at, f"there is no function {call.function}.", remedy)
            return None
        needed = sum(not argument.optional for argument in function.arguments)
        if not needed <= len(call.arguments) <= len(function.arguments):
            self.slip(
                call.at,
                f"{call.function} has the wrong number of arguments ({len(call.arguments)}).",
                f"Write {function.signature}.",
            )
            return None
        before = len(self.slips)
        values: list[Any] = []
        for argument, given in zip(function.arguments, call.arguments, strict=False):
            values.extend(self._argument(function, argument, given, call))
        if len(self.slips) > before:
            return None
        return Asked(function, tuple(values), f"{function.name}{tuple(_told(value) for value in values)}", call.at)

    def _argument(self, function: Function, argument: Argument, given: Expression, call: tree.Call) -> tuple[Any, ...]:
        match argument.takes:
            case "concept":
                return (self._concept(function, argument, given),)
            case "value set":
                return self._value_set(call, given)
            case "length":
                value = self._parameter(given.name, given.at) if isinstance(given, tree.Parameter) else given
                if isinstance(value, tree.Duration):
                    return (Length.of(value),)
                self._wrong_argument(value, function, argument, given, "a length of time, such as 7 days,")
            case _:
                value = self._parameter(given.name, given.at) if isinstance(given, tree.Parameter) else given
                if isinstance(value, tree.Number) or (isinstance(value, tree.Measure) and value.unit.startswith("{")):
                    return (value.value,)
                self._wrong_argument(value, function, argument, given, "a plain number")
        return (None,)

    def _wrong_argument(
        self, value: Expression | None, function: Function, argument: Argument, given: Expression, wanted: str
    ) -> None:
        if value is not None:  # an unknown parameter was already noted
            what = f"{function.name} needs {wanted} as its {argument.name}; this is {_what(value)}."
            self.slip(given.at, what, f"Write {function.signature}.")

    def _concept(self, function: Function, argument: Argument, given: Expression) -> str:
        if not isinstance(given, tree.Named):
            what = f"{function.name} needs the name of a concept in double quotes here; this is {_what(given)}."
            self.slip(given.at, what, f"Write {function.signature}.")
            return ""
        known = self.concepts.get(given.name)
        if known is None:
            remedy = self.concepts.suggest(given.name) or "Add it to the study's concepts.yaml."
            self.slip(given.at, f'there is no concept "{given.name}".', remedy)
            return given.name
        self.asked_concepts.add(known.id)
        if argument.kinds and known.kind not in argument.kinds:
            wanted = " or ".join(sorted(argument.kinds))
            fitting = [one.name for one in FUNCTIONS.values() if one.arguments and known.kind in one.arguments[0].kinds]
            remedy = (
                f"For a concept of kind {known.kind} there are: {', '.join(fitting) or 'Recorded, AgeInYearsAt, OnOrBefore'}."
            )
            self.slip(
                given.at, f"{function.name} asks for a concept of kind {wanted}; {known.id} is of kind {known.kind}.", remedy
            )
        return known.id

    def _value_set(self, call: tree.Call, given: Expression) -> tuple[Any, ...]:
        """The codes of a value set of the study, or one code out of the concept's own list, with the name to show."""
        if not isinstance(given, tree.Named):
            self.slip(
                given.at, "the name of a value set in double quotes is needed here.", 'Write CodeIn("concept", "value set").'
            )
            return (frozenset(), "")
        first = call.arguments[0]
        asked = self.concepts.get(first.name) if isinstance(first, tree.Named) else None
        own = asked.values if asked else {}
        if given.name in self.value_sets:
            self.asked_value_sets.add(given.name)
            named = self.concepts.get(given.name)  # a study may name its value sets among its concepts, for both languages
            return (frozenset(self.value_sets[given.name]), named.name if named else given.name)
        if given.name in own:
            return (frozenset((given.name,)), own[given.name])
        names = [*own, *self.value_sets]
        known = f"There are: {', '.join(names)}." if names else "This study has no value sets."
        self.slip(given.at, f'there is no value set "{given.name}".', _near(given.name, names) or known)
        return (frozenset(), given.name)
