"""Dose-limiting toxicity by the protocol: who had one, who had none, who cannot be judged yet or at all, and what is missing."""

from protocord.safety.dlt.answers import Answer
from protocord.safety.dlt.evaluating import CriterionAnswer, DltFinding, Verdict, evaluate
from protocord.safety.dlt.reading import DltData, subjects
from protocord.safety.dlt.records import LabValue, State, Subject, Toxicity
from protocord.safety.dlt.summing import dlt_results, evaluate_study, for_monitoring

__all__ = [
    "Answer",
    "CriterionAnswer",
    "DltData",
    "DltFinding",
    "LabValue",
    "State",
    "Subject",
    "Toxicity",
    "Verdict",
    "dlt_results",
    "evaluate",
    "evaluate_study",
    "for_monitoring",
    "subjects",
]
