"""Rule to text, with no parenthesis more than the meaning needs."""

from __future__ import annotations

from protocord.criteria.tree import (
    And,
    Call,
    Compare,
    Duration,
    Expression,
    Flag,
    If,
    Implies,
    Measure,
    Named,
    Not,
    Null,
    Number,
    Or,
    Parameter,
)

# How tightly each kind binds, loosest first; as in grammar.lark. An `if` binds loosest: inside another operator it needs parentheses.
_IF, _IMPLIES, _OR, _AND, _EQUALITY, _INEQUALITY, _NOT, _TERM = range(8)


def to_text(expression: Expression) -> str:
    """This will return the rule's text on one line; `parse` makes the same tree of it again."""
    return _write(expression)[0]


def _within(part: Expression, at_least: int) -> str:
    said, binding = _write(part)
    return said if binding >= at_least else f"({said})"


def _infix(left: Expression, operator: str, right: Expression, binding: int) -> tuple[str, int]:
    # All operators group to the left: an equal one on the right needs parentheses.
    return f"{_within(left, binding)} {operator} {_within(right, binding + 1)}", binding


def _write(expression: Expression) -> tuple[str, int]:
    match expression:
        case If(condition, then, otherwise):
            return f"if {to_text(condition)} then {to_text(then)} else {to_text(otherwise)}", _IF
        case Implies(left, right):
            return _infix(left, "implies", right, _IMPLIES)
        case Or(left, right):
            return _infix(left, "or", right, _OR)
        case And(left, right):
            return _infix(left, "and", right, _AND)
        case Compare(operator, left, right):
            return _infix(left, operator, right, _EQUALITY if operator in ("=", "!=") else _INEQUALITY)
        case Not(operand):
            return f"not {_within(operand, _NOT)}", _NOT
        case _:
            return _term(expression), _TERM


def _quoted(text: str, mark: str) -> str:
    return mark + text.replace("\\", "\\\\").replace(mark, "\\" + mark) + mark


def _term(expression: Expression) -> str:
    match expression:
        case Call(function, arguments):
            return f"{function}({', '.join(to_text(argument) for argument in arguments)})"
        case Named(name):
            return _quoted(name, '"')
        case Parameter(name):
            return name
        case Measure(value, unit):
            return f"{value:f} " + _quoted(unit, "'")
        case Number(value):
            return f"{value:f}"
        case Duration(count, unit):
            return f"{count} {unit}" if count == 1 else f"{count} {unit}s"
        case Flag(value):
            return "true" if value else "false"
        case Null():
            return "null"
        case _:
            message = f"not a term: {expression!r}"
            raise TypeError(message)
