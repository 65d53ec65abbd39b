"""Monitoring a trial while it runs: boundaries on counts, and exactly what they do.

| question | function |
| --- | --- |
| too many events, with a given chance of a false alarm | `pocock`, `obrien_fleming`, `wang_tsiatis`, `beta_binomial`, `max_sprt`, `calibrated_sprt` |
| by a posterior probability, by Wald's ratio, as a protocol lists it | `posterior`, `sprt`, `listed` |
| what a rule does at each true rate | `characteristics` |
"""

from protocord.design.monitoring.boundaries import Boundary, Direction, crosses
from protocord.design.monitoring.criteria import LikelihoodRatio, MaximisedRatio, Posterior, Threshold, WangTsiatis
from protocord.design.monitoring.exact import Characteristics, characteristics, rates_grid
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
    "Boundary",
    "Characteristics",
    "Direction",
    "LikelihoodRatio",
    "MaximisedRatio",
    "Posterior",
    "Threshold",
    "WangTsiatis",
    "beta_binomial",
    "calibrate",
    "calibrated_sprt",
    "characteristics",
    "crosses",
    "listed",
    "max_sprt",
    "obrien_fleming",
    "pocock",
    "posterior",
    "rates_grid",
    "sprt",
    "wang_tsiatis",
]
