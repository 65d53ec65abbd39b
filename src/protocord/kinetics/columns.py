"""The tables of kinetics: what was infused, and what was found in each sample.

Times are either clock times (`taken`, `started`, `ended`) or days on one scale a subject (`time`, `start`, with `duration` in hours);
one way in both tables. Days are the unit of time everywhere in kinetics.
"""

from __future__ import annotations

from protocord.tables import Column, Table

CENSORINGS = ("none", "left", "detected_below", "right")
REASONS_MISSING = ("not_taken", "insufficient_volume", "haemolysed", "clotted", "assay_failed", "no_marker", "lost", "other")

DOSES = Table(
    name="doses",
    about="One row an infusion that was given.",
    columns=(
        Column("subject", "text", "The subject's code."),
        Column("infusion", "integer", "Number of the infusion, from 1, as in the protocol.", low=1),
        Column("started", "datetime", "When the infusion started.", required=False, empty=True),
        Column("ended", "datetime", "When it ended.", required=False, empty=True),
        Column("start", "number", "Start, in days on the scale of `time`, where no clock times are given.", required=False, empty=True, unit="d"),
        Column("duration", "number", "Duration; 0 is a bolus.", required=False, empty=True, unit="h", low=0),
        Column("dose", "number", "Cells given, in `dose_unit`.", required=False, empty=True, low=0),
        Column("dose_unit", "text", "Unit of the dose; left out, the unit of dosing.yaml.", required=False, empty=True),
        Column("donor", "text", "Donor of the cells.", required=False, empty=True),
        Column("lot", "text", "Lot of the product.", required=False, empty=True),
        Column("dose_level", "text", "Dose level or group, to group figures and summaries by.", required=False, empty=True),
    ),
    key=("subject", "infusion"),
)  # fmt: skip

CONCENTRATIONS = Table(
    name="concentrations",
    about="One row a sample, analyte and donor.",
    columns=(
        Column("subject", "text", "The subject's code."),
        Column("analyte", "text", "The analyte, by its id in kinetics.yaml."),
        Column("donor", "text", "Whose cells were looked for; needed where the analyte is kept by donor.", required=False, empty=True),
        Column("lot", "text", "Lot, where it is known.", required=False, empty=True),
        Column("taken", "datetime", "When the sample was taken, actually.", required=False, empty=True),
        Column("time", "number", "The same in days on one scale a subject, where no clock times are given.", required=False, empty=True, unit="d"),
        Column("infusion", "integer", "The infusion that the sample was planned around.", required=False, empty=True, low=1),
        Column("nominal", "number", "Planned time after the start of that infusion.", required=False, empty=True, unit="d"),
        Column("predose", "yes_no", "Whether it was planned to be taken before that infusion.", required=False, empty=True),
        Column("value", "number", "The result; empty where it is below or above a limit, or missing. Never 0 for below the limit.", empty=True, required=False, low=0),
        Column("unit", "text", "Unit of the result; left out, the unit of kinetics.yaml.", required=False, empty=True),
        Column("censoring", "choice", "none; left: below the LLOQ; detected_below: between LOD and LLOQ; right: above the ULOQ. Empty: none.", required=False, empty=True, choices=CENSORINGS),
        Column("lloq", "number", "Lower limit of quantification of this very sample; left out, that of kinetics.yaml.", required=False, empty=True, low=0),
        Column("lod", "number", "Limit of detection.", required=False, empty=True, low=0),
        Column("uloq", "number", "Upper limit of quantification.", required=False, empty=True, low=0),
        Column("input_ug", "number", "DNA put into the reaction.", required=False, empty=True, unit="ug", low=0),
        Column("copies_per_cell", "number", "Marker copies a donor cell: 1 heterozygous, 2 homozygous.", required=False, empty=True, low=0),
        Column("nucleated_cells", "number", "Nucleated cells of the same blood, to convert copies/ug.", required=False, empty=True, unit="/uL", low=0),
        Column("population_count", "number", "Count of the population in which the percentage was found.", required=False, empty=True, unit="/uL", low=0),
        Column("reason_missing", "choice", "Why there is no result.", required=False, empty=True, choices=REASONS_MISSING),
        Column("excluded", "text", "Why the result is left out of the analysis; empty: it is in.", required=False, empty=True),
    ),
)  # fmt: skip

EXPOSURES = Table(
    name="exposures",
    about="One row a child, with its exposure and what became of the child; for exposure as it accumulates, one row a child and day.",
    columns=(
        Column("subject", "text", "The subject's code."),
        Column("exposure", "number", "Exposure, in the metric's unit; empty: not known.", empty=True, low=0),
        Column("until", "number", "Day by which this exposure was complete, from the first infusion; empty: it accumulates while the child is treated.", required=False, empty=True, unit="d", low=0),
        Column("response", "yes_no", "Whether the child responded.", required=False, empty=True),
        Column("time", "number", "Day of the event, or of the last contact, from the first infusion.", required=False, empty=True, unit="d", low=0),
        Column("event", "yes_no", "Whether `time` is the event's; no: the child was last seen then.", required=False, empty=True),
    ),
    key=("subject", "until"),
    open=True,
)  # fmt: skip

TABLES: tuple[Table, ...] = (DOSES, CONCENTRATIONS, EXPOSURES)
