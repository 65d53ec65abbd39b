"""Times to events analysed as the document declares them: curves, medians, landmarks, groups, competing events, and response in time."""

from protocord.efficacy.survival.analysis import Null, survive
from protocord.efficacy.survival.response import response_and_survival
from protocord.efficacy.survival.samples import Times, days_in, read_times

__all__ = ["Null", "Times", "days_in", "read_times", "response_and_survival", "survive"]
