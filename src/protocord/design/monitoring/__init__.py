"""Monitoring a trial while it runs: boundaries on counts, and exactly what they do.

| question | function |
| --- | --- |
| too many events, with a given chance of a false alarm | `pocock`, `obrien_fleming`, `wang_tsiatis`, `beta_binomial`, `max_sprt`, `calibrated_sprt` |
| by a posterior probability, by Wald's ratio, as a protocol lists it | `posterior`, `sprt`, `listed` |
| by the chance of success at the end; against a standard that is uncertain itself | `predictive_boundary`, `predictive_design`, `thall_simon` |
| tuned to the greatest power within the error, one endpoint or two | `bop2`, `bop2_two` |
| what a rule does at each true rate, or pair of rates | `characteristics`, `joint_characteristics`, `surface` |
| subjects enrolled but not yet evaluable; looks that fall off the plan | `overrun`, `weighted_posterior`, `Boundary.attained` |
"""

from protocord.design.monitoring.bop2 import Bop2, Grid, NoRule, bop2, bop2_two
from protocord.design.monitoring.boundaries import Boundary, Direction, crosses
from protocord.design.monitoring.criteria import LikelihoodRatio, MaximisedRatio, Posterior, Threshold, WangTsiatis
from protocord.design.monitoring.exact import Characteristics, characteristics, rates_grid
from protocord.design.monitoring.historical import AgainstHistory, thall_simon
from protocord.design.monitoring.joint import (
    JointCharacteristics,
    JointRule,
    both_probability,
    cells,
    cells_by_correlation,
    joint_characteristics,
    joint_rule,
    surface,
)
from protocord.design.monitoring.pending import Overrun, attained_characteristics, overrun, weighted_posterior
from protocord.design.monitoring.predictive import Predictive, conditional_power, predictive_boundary
from protocord.design.monitoring.predictive_search import PredictiveDesign, predictive_design
from protocord.design.monitoring.sequential import (
    beta_binomial,
    calibrate,
    calibrated_sprt,
    listed,
    max_sprt,
    obrien_fleming,
    pocock,
    posterior,
    sprt,
    wang_tsiatis,
)

__all__ = [
    "AgainstHistory",
    "Bop2",
    "Boundary",
    "Characteristics",
    "Direction",
    "Grid",
    "JointCharacteristics",
    "JointRule",
    "LikelihoodRatio",
    "MaximisedRatio",
    "NoRule",
    "Overrun",
    "Posterior",
    "Predictive",
    "PredictiveDesign",
    "Threshold",
    "WangTsiatis",
    "attained_characteristics",
    "beta_binomial",
    "bop2",
    "bop2_two",
    "both_probability",
    "calibrate",
    "calibrated_sprt",
    "cells",
    "cells_by_correlation",
    "characteristics",
    "conditional_power",
    "crosses",
    "joint_characteristics",
    "joint_rule",
    "listed",
    "max_sprt",
    "obrien_fleming",
    "overrun",
    "pocock",
    "posterior",
    "predictive_boundary",
    "predictive_design",
    "rates_grid",
    "sprt",
    "surface",
    "thall_simon",
    "wang_tsiatis",
    "weighted_posterior",
]
