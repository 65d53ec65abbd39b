"""Times to events on arrays: estimators and tests, each equal to R's `survival` or `cmprsk` to 1e-8."""

from protocord.statistics.survival.bands import Band, bridge_quantile, hall_wellner
from protocord.statistics.survival.competing import Incidence, IncidenceAt, aalen_johansen
from protocord.statistics.survival.cox import ChiSquare, Cox, cox, proportional_hazards
from protocord.statistics.survival.curve import Curve, Milestone, kaplan_meier, reverse_kaplan_meier
from protocord.statistics.survival.gray import Gray, gray_test
from protocord.statistics.survival.log_rank import (
    LogRank,
    MilestoneTest,
    OneSample,
    log_rank,
    milestone_test,
    one_sample_log_rank,
)
from protocord.statistics.survival.quantiles import Quantile
from protocord.statistics.survival.response import Landmark, Stretches, landmark, stretches
from protocord.statistics.survival.restricted_mean import RestrictedMean
from protocord.statistics.survival.transforms import TRANSFORMS, Transform

__all__ = [
    "TRANSFORMS",
    "Band",
    "ChiSquare",
    "Cox",
    "Curve",
    "Gray",
    "Incidence",
    "IncidenceAt",
    "Landmark",
    "LogRank",
    "Milestone",
    "MilestoneTest",
    "OneSample",
    "Quantile",
    "RestrictedMean",
    "Stretches",
    "Transform",
    "aalen_johansen",
    "bridge_quantile",
    "cox",
    "gray_test",
    "hall_wellner",
    "kaplan_meier",
    "landmark",
    "log_rank",
    "milestone_test",
    "one_sample_log_rank",
    "proportional_hazards",
    "reverse_kaplan_meier",
    "stretches",
]
