"""The documents of a study as typed, frozen models; one module a document."""

from protocord.protocol.document.assumptions import Assumptions
from protocord.protocol.document.dosing import Dosing
from protocord.protocol.document.efficacy import Efficacy
from protocord.protocol.document.elements import Origin, Span
from protocord.protocol.document.eligibility import Criterion, Eligibility
from protocord.protocol.document.examples import Example, Examples
from protocord.protocol.document.facts import FactEntry, HistoryEntry, RangeEntry
from protocord.protocol.document.forms import Form, FormFact, FormHistory, Item, Section, ShowWhen
from protocord.protocol.document.kinetics import Kinetics
from protocord.protocol.document.safety import Safety
from protocord.protocol.document.schedule import Schedule, Visit
from protocord.protocol.document.study import Site, Study
from protocord.protocol.document.value_sets import Member, ValueSet

__all__ = [
    "Assumptions",
    "Criterion",
    "Dosing",
    "Efficacy",
    "Eligibility",
    "Example",
    "Examples",
    "FactEntry",
    "Form",
    "FormFact",
    "FormHistory",
    "HistoryEntry",
    "Item",
    "Kinetics",
    "Member",
    "Origin",
    "RangeEntry",
    "Safety",
    "Schedule",
    "Section",
    "ShowWhen",
    "Site",
    "Span",
    "Study",
    "ValueSet",
    "Visit",
]
