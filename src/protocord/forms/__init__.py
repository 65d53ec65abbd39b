"""Forms: what one asks, the checks its answers raise, the facts that answers become. Pure: today is an argument.

A form is answered as a flat mapping from an item's key to an `ItemAnswer`. The key is `section.item`, in a repeating
section `section.row.item` with rows counted from 1.
"""

from protocord.forms.answers import Answers, FormProblem, ItemAnswer, NullFlavour
from protocord.forms.checks import check
from protocord.forms.entry import normalise, parse_date
from protocord.forms.facts import facts
from protocord.forms.layout import Asked, asked, key_of, rows_of
from protocord.forms.merging import Merge, diff

__all__ = [
    "Answers",
    "Asked",
    "FormProblem",
    "ItemAnswer",
    "Merge",
    "NullFlavour",
    "asked",
    "check",
    "diff",
    "facts",
    "key_of",
    "normalise",
    "parse_date",
    "rows_of",
]
