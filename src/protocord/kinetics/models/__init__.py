"""Models of cells in blood over several infusions: a simulator in closed form, and a mixed-effects fit that uses censored samples."""

from protocord.kinetics.models.assumed import SCENARIOS, Assumed, Scenario, Setting, setting
from protocord.kinetics.models.data import METHODS, Method, Observations, observations
from protocord.kinetics.models.fitted import curves, individual_fits, natural, summary, visual_check
from protocord.kinetics.models.generative import Observed, Simulated, observe, simulate
from protocord.kinetics.models.m3 import PARAMETERS, Fit, Likelihood, Model, Start, fit
from protocord.kinetics.models.regimen import PlannedDraw, Regimen, planned_draws, planned_regimen, sampling_times, visit_days

__all__ = [
    "METHODS",
    "PARAMETERS",
    "SCENARIOS",
    "Assumed",
    "Fit",
    "Likelihood",
    "Method",
    "Model",
    "Observations",
    "Observed",
    "PlannedDraw",
    "Regimen",
    "Scenario",
    "Setting",
    "Simulated",
    "Start",
    "curves",
    "fit",
    "individual_fits",
    "natural",
    "observations",
    "observe",
    "planned_draws",
    "planned_regimen",
    "sampling_times",
    "setting",
    "simulate",
    "summary",
    "visit_days",
    "visual_check",
]
