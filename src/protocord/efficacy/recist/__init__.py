"""RECIST 1.1 and iRECIST: lesions and sums, the response at each set of scans, the best response of a child."""

from protocord.efficacy.recist.best_response import Best, Point, best_response, onset
from protocord.efficacy.recist.irecist import Immune, ImmuneProgression, immune_best, immune_progression, immune_responses
from protocord.efficacy.recist.lesions import Lesion, Measurement, Sighting, TimePoint, Tumour, selection_problems, split_at
from protocord.efficacy.recist.overall import Assessed, assess, first_progression, overall_response
from protocord.efficacy.recist.sums import Sum, nadir, sum_of_diameters
from protocord.efficacy.recist.target import target_response

__all__ = [
    "Assessed",
    "Best",
    "Immune",
    "ImmuneProgression",
    "Lesion",
    "Measurement",
    "Point",
    "Sighting",
    "Sum",
    "TimePoint",
    "Tumour",
    "assess",
    "best_response",
    "first_progression",
    "immune_best",
    "immune_progression",
    "immune_responses",
    "nadir",
    "onset",
    "overall_response",
    "selection_problems",
    "split_at",
    "sum_of_diameters",
    "target_response",
]
