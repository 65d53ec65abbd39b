"""The functions of the rule language, by family; importing this registers them all."""

from protocord.criteria.functions import ages, conditions, exposures, results, statements
from protocord.criteria.functions.registry import FUNCTIONS, Argument, Ask, Function, Gives

__all__ = ["FUNCTIONS", "Argument", "Ask", "Function", "Gives", "ages", "conditions", "exposures", "results", "statements"]
