"""Text to rule; refuses what the language lacks, and says where."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from functools import cache
from importlib import resources
from typing import cast

from lark import Lark, Token, Tree
from lark.exceptions import UnexpectedInput, UnexpectedToken

from protocord.concepts.documents import did_you_mean
from protocord.criteria import tree
from protocord.criteria.problems import RuleProblem, Slip
from protocord.criteria.tree import Expression, Spot

# The parser's names for what may come next, in a reader's words; several mean the same to a reader.
_EXPECTED = {
    "NAME": "a function or parameter", "QUOTED": 'a "name"', "NUMBER": "a number", "LPAR": "'('", "RPAR": "')'", "COMMA": "','",
    "IF": "'if'", "THEN": "'then'", "ELSE": "'else'", "NOT": "'not'", "AND": "'and'", "OR": "'or'", "IMPLIES": "'implies'",
    "EQUALITY": "a comparison", "INEQUALITY": "a comparison", "UNIT": "a 'unit'", "CALENDAR": "days, weeks, months or years",
    "TRUE": "true, false or null", "FALSE": "true, false or null", "NULL": "true, false or null", "$END": "the end of the rule",
}  # fmt: skip
_VALUES = {"NAME", "QUOTED", "NUMBER", "LPAR"}
# What people write who know other languages.
_INSTEAD = {
    "==": "=", "<>": "!=", "≥": ">=", "≤": "<=", "≠": "!=", "&&": "and", "&": "and", "||": "or", "|": "or", "!": "not",
    "（": "(", "）": ")", "，": ",", "“": '"', "”": '"', "‘": "'", "’": "'",
}  # fmt: skip
_WORDS = ("and", "or", "not", "if", "then", "else", "implies", "true", "false", "null", "days", "weeks", "months", "years")
_ARITHMETIC = "+-*/"
_JOINED: dict[str, Callable[[Expression, Expression, Spot], Expression]] = {
    "implies": tree.Implies,
    "or_": tree.Or,
    "and_": tree.And,
}


@cache
def _parser() -> Lark:
    grammar = resources.files("protocord.criteria").joinpath("grammar.lark").read_text("utf-8")
    return Lark(grammar, parser="lalr", lexer="basic", propagate_positions=True, maybe_placeholders=False)


def parse(text: str) -> Expression:
    """This will return the rule as a tree. Raises RuleProblem with line, column, what was expected and a likely remedy."""
    if not text.strip():
        raise RuleProblem(Slip(1, 1, "the rule is empty.", "Write an expression, such as AgeInYears() < 18."))
    try:
        parsed = _parser().parse(text)
    except UnexpectedInput as wrong:
        raise RuleProblem(_slip(text, wrong)) from None
    return _build(parsed)


def _spot(node: Tree[Token]) -> Spot:
    return Spot(node.meta.line, node.meta.column)


def _unquoted(token: Token) -> str:
    return re.sub(r"\\(.)", r"\1", token[1:-1])


def _build(node: Tree[Token]) -> Expression:
    at = _spot(node)
    parts = node.children
    match node.data:
        case "if_":
            condition, then, otherwise = map(_build, cast("list[Tree[Token]]", parts))
            return tree.If(condition, then, otherwise, at)
        case "implies" | "or_" | "and_":
            left, right = map(_build, cast("list[Tree[Token]]", parts))
            return _JOINED[node.data](left, right, at)
        case "compare":
            before, operator, after = parts
            place = Spot(cast("Token", operator).line or 1, cast("Token", operator).column or 1)
            compared = _build(cast("Tree[Token]", before)), _build(cast("Tree[Token]", after))
            return tree.Compare(cast("tree.Comparison", str(operator)), *compared, place)
        case "not_":
            return tree.Not(_build(cast("Tree[Token]", parts[0])), at)
        case "call":
            return tree.Call(str(parts[0]), tuple(map(_build, cast("list[Tree[Token]]", parts[1:]))), at)
        case _:
            return _leaf(node, cast("list[Token]", parts), at)


def _leaf(node: Tree[Token], tokens: list[Token], at: Spot) -> Expression:
    match node.data:
        case "parameter":
            return tree.Parameter(str(tokens[0]), at)
        case "named":
            return tree.Named(_unquoted(tokens[0]), at)
        case "number":
            return tree.Number(Decimal(tokens[0]), at)
        case "measure":
            return tree.Measure(Decimal(tokens[0]), _unquoted(tokens[1]), at)
        case "duration":
            if "." in tokens[0]:
                raise RuleProblem(
                    Slip(at.line, at.column, f"{tokens[0]} {tokens[1]} is not a whole number.", "Count whole days.")
                )
            return tree.Duration(int(tokens[0]), cast("tree.DurationUnit", tokens[1].rstrip("s")), at)
        case "null":
            return tree.Null(at)
        case _:
            return tree.Flag(node.data == "true", at)


def _slip(text: str, wrong: UnexpectedInput) -> Slip:
    if isinstance(wrong, UnexpectedToken) and wrong.token.type == "$END":
        lines = text.rstrip().split("\n")
        return Slip(
            len(lines),
            len(lines[-1]) + 1,
            f"the rule ends too early: expected {_expected(set(wrong.accepts or wrong.expected))}.",
        )
    line, column = max(wrong.line, 1), max(wrong.column, 1)
    rest = text.split("\n")[line - 1][column - 1 :]
    found = re.match(r"\w+|==|<>|&&|\|\||.", rest)
    word = found[0] if found else rest
    if not isinstance(wrong, UnexpectedToken):
        return Slip(line, column, f"{word!r} is not part of the language.", _remedy(text, word, rest, set()))
    expected = set(wrong.accepts or wrong.expected)
    what = f"{word!r} was not expected here: expected {_expected(expected)}."
    return Slip(line, column, what, _remedy(text, word, rest, expected))


def _remedy(text: str, word: str, rest: str, expected: set[str]) -> str:
    if word in _INSTEAD:
        return f"Write {_INSTEAD[word]!r} instead of {word!r}."
    if word == "=" and re.search(r"==", text):
        return "Write '=' instead of '=='."
    if word in "\"'" and rest.count(word) == 1:
        return f"The {word} is never closed."
    if word == "'":
        return "Names of concepts stand in double quotes; single quotes hold the unit after a number."
    if word == "if":
        return "Put the inner if … then … else … in parentheses."
    if word in _ARITHMETIC:
        return "The language compares values, it does not calculate."
    if word.lower() in _WORDS and word not in _WORDS:
        return f"Write {word.lower()!r} in small letters."
    if text.count("(") > text.count(")") and "RPAR" in expected:
        return "A '(' is never closed."
    if text.count(")") > text.count("("):
        return "There is one ')' too many."
    return did_you_mean(word, _WORDS) if word.isidentifier() and word not in _WORDS else ""


def _expected(names: set[str]) -> str:
    wanted = set(names)
    said: list[str] = []
    if wanted >= _VALUES:  # anything that may begin a value
        wanted -= _VALUES | {"NOT", "IF", "TRUE", "FALSE", "NULL"}
        said.append("a value")
    said.extend(dict.fromkeys(words for name, words in _EXPECTED.items() if name in wanted))
    return " or ".join([", ".join(said[:-1]), said[-1]] if len(said) > 1 else said) or "something else"
