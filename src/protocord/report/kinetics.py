"""The report of a non-compartmental analysis: listing, summary and footnotes for a terminal, tables for files, and the figures."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING

import polars as pl

from protocord.kinetics.assay import GENOMES_PER_UG
from protocord.kinetics.columns import REASONS_MISSING
from protocord.kinetics.intake import CELLS
from protocord.kinetics.nca import codes
from protocord.kinetics.nca.intervals import EVERY
from protocord.kinetics.nca.persistence import still_found
from protocord.kinetics.nca.rules import Instead
from protocord.kinetics.nca.summary import RESTING, TIMES, by_nominal_time
from protocord.statistics import Results, Statistic, significant
from protocord.values import Language, Text
from protocord.words import say, term
from protocord.words.layout import hanging, table

if TYPE_CHECKING:
    from protocord.kinetics.nca.study import Analysis
    from protocord.protocol import Protocol
    from protocord.report.canvas import Canvas

_FIGURES = 3  # significant digits of a concentration
_TIME_FIGURES = 4
_NOT_LISTED = frozenset(
    {"lambda_z_intercept", "lambda_z_times", "n_left_out", "tobit_std_error", "n_quantifiable", "n_below_limit"}
)


def lines(protocol: Protocol, analysis: Analysis, summary: Results, language: Language) -> Iterator[str]:
    """This will yield the analysis as text: every parameter of every profile, the summary, the footnotes."""
    keys = ("subject", "donor", "interval", "parameter", "code", "value")
    rows = [[term(f"kinetics_table_{key}", language) for key in keys]]
    several = len({str(item.context.get("analyte")) for item in analysis.results}) > 1
    flags = {_profile(item): str(item.value) for item in analysis.results.select("nca", "flags")}
    for item in analysis.results.select("nca"):
        if item.name in _NOT_LISTED or item.name == "flags" or "subject" not in item.context:
            continue
        marks = [flag for flag in flags.get(_profile(item), "").split() if flag in RESTING.get(item.name, frozenset())]
        said = ", ".join(term(f"kinetics_flag_{mark}", language) for mark in marks)
        name = f"{item.context['analyte']} {item.name}" if several else item.name
        value = _value(item, language) + (f" [{said}]" if said else "")
        where = [str(item.context.get(key, "")) for key in ("subject", "donor", "window")]
        rows.append([*where, name, str(item.context.get("code", "")), value])
    yield from table(rows)
    yield ""
    yield from _summary_lines(summary, language, several=several)
    yield ""
    for note in footnotes(protocol, analysis, language):
        yield from hanging(note, first="- ")


def _profile(item: Statistic) -> tuple[object, ...]:
    return tuple(item.context.get(name, "") for name in ("subject", "analyte", "donor", "window"))


def _value(item: Statistic, language: Language) -> str:
    if item.reason is not None:
        if item.reason.kind == "kinetics_all_below_limit":
            return term("kinetics_blq", language)
        return say(item.reason, language)
    if isinstance(item.value, float):
        figures = _TIME_FIGURES if item.unit == "d" and item.name not in {"half_life", "tobit_half_life"} else _FIGURES
        return f"{significant(item.value, figures):f} {_unit(item.unit, language)}".rstrip()
    return f"{item.value} {_unit(item.unit, language)}".rstrip()


def _unit(unit: str, language: Language) -> str:
    """A unit as a table shows it: cells/µL·d for {cells}/uL.d."""
    return (
        unit.replace(CELLS, term("fig_conc_cells_unit", language))
        .replace(".d", "·d")
        .replace("10*7", "10⁷")
        .replace("10*6", "10⁶")
    )


def _summary_lines(summary: Results, language: Language, *, several: bool) -> Iterator[str]:
    keys = ("interval", "parameter", "n", "excluded", "geometric", "arithmetic", "median")
    rows = [[term(f"kinetics_table_{key}", language) for key in keys]]
    groups: dict[tuple[str, str, str], dict[str, Statistic]] = {}
    for item in summary.select("nca_summary"):
        key = (str(item.context["analyte"]), str(item.context["window"]), str(item.context["parameter"]))
        groups.setdefault(key, {})[item.name] = item
    for (analyte, window, parameter), found in groups.items():

        def shown(name: str, found: dict[str, Statistic] = found, figures: int = _FIGURES) -> str:
            item = found.get(name)
            if item is None or item.value is None:
                below = (
                    item is not None
                    and item.reason is not None
                    and item.reason.kind in {"kinetics_mean_below_limit", "kinetics_all_below_limit"}
                )
                return term("kinetics_blq", language) if below else "-"
            return f"{significant(float(item.value), figures):f}"  # type: ignore[arg-type]  # summaries are numbers

        figures = _TIME_FIGURES if parameter in TIMES else _FIGURES
        middle, low, high = (shown(name, found, figures) for name in ("median", "minimum", "maximum"))
        name = f"{analyte} {parameter}" if several else parameter
        n = int(str(found["n"].value)) + int(str(found["n_below"].value))
        geometric = "-" if parameter in TIMES else f"{shown('geometric_mean')} ({shown('geometric_cv')})"
        arithmetic = "-" if parameter in TIMES else f"{shown('mean')} ({shown('sd')})"
        rows.append([window, name, str(n), str(found["n_excluded"].value), geometric, arithmetic, f"{middle} ({low} - {high})"])
    yield term("kinetics_summary_title", language)
    yield from table(rows)


def footnotes(protocol: Protocol, analysis: Analysis, language: Language) -> list[str]:
    """This will return the footnotes that belong under every table of the analysis, in order."""
    rules, samples = analysis.rules, analysis.taken.samples
    below = rules.below_limit

    def instead(one: Instead) -> str:
        return term(f"kinetics_instead_{one.kind}", language)

    notes = [_analyte_note(protocol, analyte, samples, language) for analyte in sorted(set(samples["analyte"]))]
    notes += _conversion_notes(samples, language)
    notes.append(term("kinetics_note_times", language))
    trapezoid = term(f"kinetics_trapezoid_{rules.trapezoid}", language)
    notes.append(term("kinetics_note_trapezoid", language).format(trapezoid=trapezoid))
    notes.append(
        term("kinetics_note_below", language).format(
            before=instead(below.before_first), between=instead(below.between), after=instead(below.after_last)
        )
    )
    notes.append(term("kinetics_note_summary", language))
    slope = rules.lambda_z
    notes.append(
        term("kinetics_note_lambda_z", language).format(
            points=slope.min_points, r2=f"{slope.min_r2:g}", span=f"{slope.min_span:g}", extrapolated=f"{slope.max_extrapolated_percent:g}"
        )
    )  # fmt: skip
    hours = analysis.taken.doses["duration"] * 24
    low, high = (f"{significant(float(end), 2):f}" for end in (hours.min(), hours.max()))  # type: ignore[arg-type]
    notes.append(term("kinetics_note_duration", language).format(low=low, high=high))
    notes += _flag_notes(analysis, language)
    left = samples.filter(pl.col("use") != "yes").with_columns(pl.coalesce("excluded", "reason_missing").alias("why"))
    if left.height:
        counts = left.group_by("why").len().sort("why").iter_rows()
        # What a person wrote in `excluded` is said as written; a code of `reason_missing` has its words.
        said = {code: term(f"kinetics_missing_{code}", language) for code in REASONS_MISSING}
        reasons = "; ".join(f"{said.get(why, why)} {count}" for why, count in counts)
        notes.append(term("kinetics_note_left_out", language).format(samples=left.height, reasons=reasons))
    else:
        notes.append(term("kinetics_note_none_left_out", language))
    results = analysis.results
    notes.append(
        term("kinetics_note_software", language).format(
            version=results.version, study=protocol.study.id, protocol=protocol.version, inputs=results.inputs[:12]
        )
    )
    return notes


def _analyte_note(protocol: Protocol, name: str, samples: pl.DataFrame, language: Language) -> str:
    analyte = next(one for one in protocol.kinetics.analytes if one.id == name)
    mine = samples.filter((pl.col("analyte") == name) & (pl.col("use") == "yes"))
    low, high = mine["lloq"].min(), mine["lloq"].max()
    if low is None or high is None:
        limits = term("kinetics_note_lloq_none", language)
    else:
        key = "kinetics_note_lloq" if low == high else "kinetics_note_lloq_range"
        ends = [f"{significant(float(end), 2):f}" for end in (low, high)]  # type: ignore[arg-type]  # the column holds numbers
        limits = term(key, language).format(low=ends[0], high=ends[1])
    unit = str(mine["unit"][0]) if mine.height else analyte.unit
    return term("kinetics_note_analyte", language).format(
        name=analyte.name.say(language),
        assay=analyte.assay,
        matrix=term(f"kinetics_matrix_{analyte.matrix}", language),
        unit=_unit(unit, language),
        limits=limits,
    )


def _conversion_notes(samples: pl.DataFrame, language: Language) -> list[str]:
    """Where results were converted: the formula, with the range of the numbers that went into it."""
    if "conversion" not in samples.columns:
        return []
    notes = []
    for kind, numbers in (("percent", ("population_count",)), ("copies", ("copies_per_cell", "nucleated_cells"))):
        used = samples.filter((pl.col("conversion") == kind) & (pl.col("use") == "yes"))
        if not used.height:
            continue
        ranges = [_range(used, name) for name in (*numbers, "factor")]
        names = ("count", "factor") if kind == "percent" else ("copies", "cells", "factor")
        filled = dict(zip(names, ranges, strict=True)) | {"genomes": f"{GENOMES_PER_UG:.0f}"}
        notes.append(term(f"kinetics_conversion_{kind}", language).format(**filled))
    return notes


def _range(rows: pl.DataFrame, name: str) -> str:
    ends = [f"{significant(float(end), 3):f}" for end in (rows[name].min(), rows[name].max())]  # type: ignore[arg-type]
    return ends[0] if ends[0] == ends[1] else f"{ends[0]} - {ends[1]}"


def _flag_notes(analysis: Analysis, language: Language) -> list[str]:
    flags = [one.flagged(k) for one in analysis.answers.values() for k in range(len(one.profiles))]
    count = {name: sum(name in some for some in flags) for name in codes.FLAGS}
    imputed = term("kinetics_note_imputed", language).format(
        zero=count["start_zero"],
        predose=count["start_predose"],
        minimum=count["start_minimum"],
        traced=count["start_traced_back"],
    )
    ends = term("kinetics_note_interval", language).format(
        predose=count["end_predose"], extrapolated=count["end_extrapolated"], held=count["end_held"]
    )
    return [imputed, ends]


def tables(analysis: Analysis) -> Mapping[str, pl.DataFrame]:
    """This will return the tables that stand beside the results: samples on one time scale, parameters a profile, means by planned time."""
    found = {"samples": analysis.taken.samples, "doses": analysis.taken.doses}
    for name, answer in analysis.answers.items():
        found[f"profiles_{name}"] = answer.frame()
    means = by_nominal_time(analysis.taken.usable(), analysis.taken.doses, tobit_mean=True)
    if len(means):
        found["means"] = means.frame()
    return found


def figures(protocol: Protocol, analysis: Analysis, summary: Results, language: Language) -> Mapping[str, Callable[[], Canvas]]:
    """This will return the figures of the analysis by name, each drawn when it is called."""
    from protocord.report.figures import concentration as over_time
    from protocord.report.figures import concentration_by_infusion as over_infusions

    usable, doses = analysis.taken.usable(), analysis.taken.doses
    means = by_nominal_time(usable, doses, tobit_mean=True)
    curves = still_found(analysis.results)
    several = usable["analyte"].n_unique() > 1
    found: dict[str, Callable[[], Canvas]] = {}
    for analyte, name in _names(protocol, usable).items():
        end = f"_{analyte}" if several else ""
        mine = usable.filter(pl.col("analyte") == analyte)
        found[f"concentration{end}"] = partial(over_time.concentration_by_dose, mine, doses, name, language)
        found[f"dose_aligned{end}"] = partial(over_time.dose_aligned, mine, doses, name, language)
        for infusion in _rich(means, analyte):
            found[f"means_{infusion}{end}"] = partial(over_time.mean_profile, means, analyte, infusion, name, language)
        kind, windows = _fitted(analysis)
        if over_time.measured_profiles(analysis.answers[kind], analyte, windows):
            found[f"terminal_slopes{end}"] = partial(
                over_time.individual_fits, analysis.answers[kind], analyte, windows, name, language
            )
        if len(curves.select("persistence", "n", analyte=analyte)):
            negatives = protocol.kinetics.rules.negatives_to_end
            found[f"persistence{end}"] = partial(over_infusions.persistence_curve, curves, analyte, negatives, name, language)
        if "infusions" in analysis.answers:
            found[f"peak_trough{end}"] = partial(over_infusions.peak_and_trough, analysis.results, mine, analyte, name, language)
            if _has_ratio(analysis.results, analyte):
                found[f"superposition{end}"] = partial(
                    over_infusions.observed_over_superposed, analysis.results, summary, analyte, name, language
                )
    return found


def _has_ratio(results: Results, analyte: str) -> bool:
    """Whether any area stands beside one that was superposed: after a single infusion none does, and there is nothing to draw."""
    ratios = results.select("nca", "observed_to_superposition", analyte=analyte)
    return any(item.value is not None for item in ratios)


def _names(protocol: Protocol, samples: pl.DataFrame) -> Mapping[str, Text]:
    present = set(samples["analyte"])
    return {analyte.id: analyte.name for analyte in protocol.kinetics.analytes if analyte.id in present}


def _rich(means: Results, analyte: str) -> list[int]:
    """The infusions after which at least five planned times were sampled."""
    times: dict[int, set[object]] = {}
    for item in means.select("concentration_summary", "n", analyte=analyte):
        times.setdefault(int(str(item.context["infusion"])), set()).add(item.context["nominal"])
    return sorted(number for number, some in times.items() if len(some) >= 5)


def _fitted(analysis: Analysis) -> tuple[str, tuple[str, ...]]:
    """The set of windows, and those of it, whose terminal slopes are drawn: each infusion's, or the study's own of single infusions."""
    kind = "infusions" if "infusions" in analysis.answers else "intervals"
    names = analysis.answers[kind].profiles.keys["window"].unique(maintain_order=True).to_list()
    return kind, tuple(name for name in names if name.startswith((EVERY, "infusion")))
