"""What an assay said of a sample, and how its unit becomes cells per microlitre.

A result below the limit of quantification is a statement about a limit, never the number 0. The limit belongs to the sample: with
little DNA in the reaction, or few white cells in the blood, the same assay sees less, and its limit in cells/uL is higher.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from protocord.values import Reason

Censoring = Literal["none", "left", "detected_below", "right"]
STATES: dict[str, int] = {"none": 0, "left": 1, "detected_below": 2, "right": 3}
"""Codes of the kinds of censoring in packed arrays."""

PICOGRAMS_PER_GENOME = 6.6
"""Mass of a diploid human genome, in pg (Dolezel et al. 2003, Cytometry 51A:127 put it at 6.0 to 7.0 by sex and method)."""
GENOMES_PER_UG = 1e6 / PICOGRAMS_PER_GENOME
"""Diploid genomes in a microgram of human DNA: about 151,515."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One result as the laboratory gave it; `value` is None where it is censored or missing.

    `time` in days on the subject's scale, `input_ug` in micrograms of DNA, limits in `unit`. A missing result has a reason.
    """

    subject: str
    analyte: str
    time: float
    value: float | None
    unit: str
    censoring: Censoring = "none"
    lloq: float | None = None
    lod: float | None = None
    uloq: float | None = None
    donor: str = ""
    lot: str = ""
    input_ug: float | None = None
    reason_missing: str = ""

    def __post_init__(self) -> None:
        wrong = wrong_result(self.value, self.censoring, self.lloq, self.lod, self.uloq, self.reason_missing)
        if wrong:
            message = f"{self.subject}, day {self.time:g}: {wrong[0]} {wrong[1]}"
            raise ValueError(message)


def wrong_result(
    value: float | None, censoring: str, lloq: float | None, lod: float | None, uloq: float | None, reason_missing: str
) -> tuple[str, str] | None:
    """This will return what is wrong with a result and what to do, or None."""
    if censoring == "none":
        if value is None:
            return None if reason_missing else ("has no result and no reason.", "Give `censoring` or `reason_missing`.")
        if value == 0:
            return "is 0.", "A result below the limit has `censoring` left and no value; nothing is known to be exactly 0."
        if lloq is not None and value < lloq:
            return f"{value:g} lies below the sample's LLOQ {lloq:g}.", "Write `censoring` left or detected_below."
        if uloq is not None and value > uloq:
            return f"{value:g} lies above the sample's ULOQ {uloq:g}.", "Write `censoring` right."
        return None
    limits = {"left": ("LLOQ", lloq), "detected_below": ("LLOQ", lloq), "right": ("ULOQ", uloq)}
    name, limit = limits[censoring]
    if not limit:
        return f"is censored ({censoring}) without its {name}.", f"Give the {name}: it belongs to the sample."
    if value is not None and censoring != "detected_below":
        return f"is censored ({censoring}) and has the value {value:g}.", "Leave the value empty: only the limit is known."
    if value is not None and not (lod or 0) <= value < limit:
        return f"was detected below the limit, yet {value:g} is not between LOD and LLOQ.", "Mend the value or the limits."
    return None


@dataclass(frozen=True, slots=True)
class Conversion:
    """How one sample's results become cells/uL: a factor, and the words and numbers behind it for the table's footnote."""

    factor: float
    kind: Literal["none", "copies_per_ug", "percent_of_population"]
    copies_per_cell: float | None = None
    nucleated_cells: float | None = None
    population_count: float | None = None

    def reason(self) -> Reason:
        """This will return the conversion as data, to be printed with every table that uses it."""
        if self.kind == "copies_per_ug":
            return Reason.of(
                "kinetics_conversion_copies",
                genomes=f"{GENOMES_PER_UG:.0f}",
                copies=f"{self.copies_per_cell:g}",
                cells=f"{self.nucleated_cells:g}",
                factor=f"{self.factor:.6g}",
            )
        if self.kind == "percent_of_population":
            return Reason.of("kinetics_conversion_percent", count=f"{self.population_count:g}", factor=f"{self.factor:.6g}")
        return Reason.of("kinetics_conversion_none")


def from_copies(copies_per_cell: float, nucleated_cells: float) -> Conversion:
    """This will return the conversion of copies/ug DNA to cells/uL: copies/ug / genomes per ug / copies per cell x cells/uL.

    Raises ValueError where either is not positive.
    """
    _positive(copies_per_cell, "copies per cell")
    _positive(nucleated_cells, "nucleated cells")
    factor = nucleated_cells / (GENOMES_PER_UG * copies_per_cell)
    return Conversion(factor, "copies_per_ug", copies_per_cell, nucleated_cells)


def from_percent(population_count: float) -> Conversion:
    """This will return the conversion of percent donor of a population to cells/uL. Raises ValueError where the count is not positive."""
    _positive(population_count, "the population's count")
    return Conversion(population_count / 100, "percent_of_population", population_count=population_count)


def to_copies(cells_per_ul: float, copies_per_cell: float, nucleated_cells: float) -> float:
    """This will return copies/ug for cells/uL: the inverse of `from_copies`."""
    return cells_per_ul / from_copies(copies_per_cell, nucleated_cells).factor


def dna_limit(copies_per_reaction: float, input_ug: float) -> float:
    """This will return an LLOQ in copies/ug for a limit in copies a reaction: with less DNA in it, the same reaction sees less.

    Raises ValueError where either is not positive.
    """
    _positive(copies_per_reaction, "copies per reaction")
    _positive(input_ug, "DNA in the reaction")
    return copies_per_reaction / input_ug


def _positive(number: float, what: str) -> None:
    if not number > 0:
        message = f"{what} must be positive, not {number}: without it there is no conversion"
        raise ValueError(message)
