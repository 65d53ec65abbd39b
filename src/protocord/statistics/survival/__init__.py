"""Times to events on arrays: estimators and tests, each equal to R's `survival` or `cmprsk` to 1e-8."""

from protocord.statistics.survival.curve import Curve, Milestone, kaplan_meier, reverse_kaplan_meier
from protocord.statistics.survival.quantiles import Quantile
from protocord.statistics.survival.restricted_mean import RestrictedMean
from protocord.statistics.survival.transforms import TRANSFORMS, Transform

__all__ = [
    "TRANSFORMS",
    "Curve",
    "Milestone",
    "Quantile",
    "RestrictedMean",
    "Transform",
    "kaplan_meier",
    "reverse_kaplan_meier",
]
