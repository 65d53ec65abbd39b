"""What the compiled engine fills, by number: parameters, reasons why one is missing, and flags that say how it came about."""

from __future__ import annotations

PARAMETERS = (
    "cmax",
    "tmax",
    "clast",
    "tlast",
    "auc_last",
    "auc_all",
    "auc_interval",
    "interval_extrapolated_percent",
    "auc_inf_obs",
    "auc_inf_pred",
    "extrapolated_percent",
    "extrapolated_percent_pred",
    "lambda_z",
    "half_life",
    "lambda_z_points",
    "lambda_z_from",
    "lambda_z_to",
    "lambda_z_intercept",
    "r2",
    "r2_adjusted",
    "span",
    "c_average",
    "c_start",
    "c_trough",
    "c_end_infusion",
    "fold_expansion",
    "clearance",
    "volume",
    "aumc_last",
    "aumc_inf_obs",
    "mrt_inf_obs",
    "n_quantifiable",
    "n_below_limit",
)
"""The columns of the engine's answer."""

(
    CMAX, TMAX, CLAST, TLAST, AUC_LAST, AUC_ALL, AUC_INTERVAL, INTERVAL_EXTRAPOLATED, AUC_INF_OBS, AUC_INF_PRED, EXTRAPOLATED,
    EXTRAPOLATED_PRED, LAMBDA_Z, HALF_LIFE, POINTS, FROM, TO, INTERCEPT, R2, R2_ADJUSTED, SPAN, C_AVERAGE, C_START, C_TROUGH,
    C_END_INFUSION, FOLD_EXPANSION, CLEARANCE, VOLUME, AUMC_LAST, AUMC_INF, MRT_INF, N_QUANTIFIABLE, N_BELOW,
) = range(len(PARAMETERS))  # fmt: skip

REASONS = (
    "",
    "kinetics_no_samples",
    "kinetics_all_below_limit",
    "kinetics_above_upper_limit",
    "kinetics_too_few_points",
    "kinetics_not_falling",
    "kinetics_start_unknown",
    "kinetics_no_interval_end",
    "kinetics_interval_beyond_samples",
    "kinetics_no_lambda_z",
    "kinetics_no_trough_sample",
    "kinetics_trough_below_limit",
    "kinetics_no_end_of_infusion_sample",
    "kinetics_end_of_infusion_below_limit",
    "kinetics_no_dose",
    "kinetics_start_below_limit",
    "kinetics_only_trough",
)
"""Kinds of reason, keys of the word tables; number 0 is a value that is there."""

(
    PRESENT, NO_SAMPLES, ALL_BELOW, ABOVE_UPPER, TOO_FEW_POINTS, NOT_FALLING, START_UNKNOWN, NO_INTERVAL_END, BEYOND_SAMPLES,
    NO_LAMBDA_Z, NO_TROUGH, TROUGH_BELOW, NO_END_OF_INFUSION, END_OF_INFUSION_BELOW, NO_DOSE, START_BELOW,
    ONLY_TROUGH,
) = range(len(REASONS))  # fmt: skip

FLAGS = (
    "low_r2",
    "short_span",
    "much_extrapolated",
    "start_zero",
    "start_predose",
    "start_minimum",
    "start_traced_back",
    "end_predose",
    "end_extrapolated",
    "end_held",
    "below_limit_substituted",
)
"""What a reader must know of a profile; flag i is bit i of the engine's flags."""

(
    LOW_R2, SHORT_SPAN, MUCH_EXTRAPOLATED, START_ZERO, START_PREDOSE, START_MINIMUM, START_TRACED_BACK, END_PREDOSE,
    END_EXTRAPOLATED, END_HELD, SUBSTITUTED,
) = (1 << bit for bit in range(len(FLAGS)))  # fmt: skip


def flag_names(bits: int) -> tuple[str, ...]:
    """This will return the names of the flags that are set."""
    return tuple(name for bit, name in enumerate(FLAGS) if bits >> bit & 1)
