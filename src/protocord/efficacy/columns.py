"""The tables that response and times to events are computed from, and those that come out."""

from __future__ import annotations

from protocord.tables import Column, Table

STATES = ("measured", "absent", "too_small", "present", "merged", "not_evaluable")
EVENTS = (
    "consent",
    "contact",
    "infusion",
    "death",
    "new_therapy",
    "treatment_stopped",
    "clinical_progression",
    "relapse",
    "second_malignancy",
    "two_negative_samples",
    "lost_to_follow_up",
    "withdrawal",
)
STOPS = ("completed", "toxicity", "progression", "clinical_progression", "death", "decision", "other")

_SUBJECT = Column("subject", "text", "Number of the child in the study.")
_VISIT = Column(
    "visit", "text", "The set of scans read together: a visit of schedule.yaml, or a name of its own when unscheduled."
)

SUBJECTS = Table(
    "subjects",
    "One row a child who was enrolled. Other columns (sex, site, histology) are carried along, to group by.",
    (
        _SUBJECT,
        Column("enrolled", "date", "Day of enrolment.", empty=True),
        Column("first_infusion", "date", "Day of the first infusion; empty for a child who was never treated.", empty=True),
    ),
    key=("subject",),
    open=True,
)

SUBJECT_EVENTS = Table(
    "events",
    "One row each thing that happened to a child and can end or cut short a time.",
    (
        _SUBJECT,
        Column("event", "choice", "What happened.", choices=EVENTS),
        Column("date", "text", "The day, 2025-06-09; where it is not known, 2025-06 or 2025 (and see --partial-dates)."),
        Column(
            "reason", "choice", "Why treatment stopped; only for treatment_stopped.", required=False, empty=True, choices=STOPS
        ),
    ),
    open=True,
)

LESIONS = Table(
    "lesions",
    "One row a lesion chosen at baseline.",
    (
        _SUBJECT,
        Column("lesion", "text", "Its label, the same at each visit."),
        Column("organ", "text", "Organ. Left and right of a pair count as one organ, all nodes as one."),
        Column("class", "choice", "Target or non-target.", choices=("target", "non_target")),
        Column("nodal", "yes_no", "Whether it is a lymph node: its short axis counts."),
        Column("method", "choice", "How it is measured.", choices=("ct", "mri", "calliper", "chest_xray", "other")),
        Column("slice_mm", "number", "Slice thickness of CT or MRI.", required=False, empty=True, unit="mm", low=0.1, high=50),
        Column(
            "nature",
            "choice",
            "What it is, where that makes it non-measurable or no lesion.",
            required=False,
            empty=True,
            choices=(
                "solid",
                "bone_with_soft_tissue",
                "bone_blastic",
                "leptomeningeal",
                "effusion",
                "lymphangitis",
                "cystic_metastasis",
                "simple_cyst",
            ),
        ),
        Column(
            "irradiated",
            "yes_no",
            "Whether it lies where radiation or other local therapy was given.",
            required=False,
            empty=True,
        ),
        Column("progressed_since", "yes_no", "Whether an irradiated lesion has grown since.", required=False, empty=True),
    ),
    key=("subject", "lesion"),
)

MEASUREMENTS = Table(
    "measurements",
    "One row a lesion and set of scans; one row a fragment where a lesion has split.",
    (
        _SUBJECT,
        _VISIT,
        Column("lesion", "text", "Its label in lesions."),
        Column("fragment", "integer", "Number of the fragment of a lesion that has split.", required=False, empty=True, low=1),
        Column("date", "date", "Day of the scan."),
        Column(
            "state",
            "choice",
            "measured (give mm), absent, too_small to measure, present (a non-target lesion that persists), merged into another, not_evaluable.",
            choices=STATES,
        ),
        Column(
            "mm",
            "number",
            "Longest diameter; short axis of a node.",
            required=False,
            empty=True,
            unit="mm",
            low=0,
            high=999,
        ),
        Column(
            "into",
            "text",
            "The lesion that it merged into, whose row holds the diameter of the mass.",
            required=False,
            empty=True,
        ),
        Column("reason", "text", "Why it could not be evaluated.", required=False, empty=True),
    ),
    key=("subject", "visit", "lesion", "fragment"),
)

ASSESSMENTS = Table(
    "assessments",
    "One row a set of scans, the one at baseline included: what the reader says of the disease as a whole.",
    (
        _SUBJECT,
        _VISIT,
        Column("date", "date", "Day of the scans on which non-target and new disease were read."),
        Column("evaluable", "yes_no", "Whether the set could be read at all.", required=False, empty=True),
        Column(
            "non_target_progression",
            "yes_no",
            "Whether non-target disease as a whole has unequivocally progressed; needed where there are non-target lesions.",
            required=False,
            empty=True,
        ),
        Column(
            "non_target_growth",
            "yes_no",
            "Whether non-target disease grew further, short of unequivocal progression (only iRECIST asks).",
            required=False,
            empty=True,
        ),
        Column(
            "markers",
            "choice",
            "Tumour markers that were raised at baseline; empty where none is used.",
            required=False,
            empty=True,
            choices=("normal", "raised", "not_done"),
        ),
    ),
    key=("subject", "visit"),
)

NEW_LESIONS = Table(
    "new_lesions",
    "One row a new lesion and set of scans, from its first appearance on.",
    (
        _SUBJECT,
        _VISIT,
        Column("lesion", "text", "Its label, the same at each visit."),
        Column("organ", "text", "Organ."),
        Column("date", "date", "Day of the scan."),
        Column(
            "certainty",
            "choice",
            "equivocal; unequivocal; not_new (turned out to be no new lesion); gone (a new lesion that is no longer seen).",
            choices=("equivocal", "unequivocal", "not_new", "gone"),
        ),
        Column(
            "method",
            "choice",
            "How it was seen.",
            choices=("ct", "mri", "fdg_pet", "bone_scan", "ultrasound", "clinical", "other"),
        ),
        Column(
            "pet_baseline",
            "choice",
            "For FDG-PET: what that site showed at baseline.",
            required=False,
            empty=True,
            choices=("negative", "positive", "not_done"),
        ),
        Column(
            "on_ct",
            "choice",
            "For FDG-PET: what CT shows at that site.",
            required=False,
            empty=True,
            choices=("new_site", "known_site", "nothing", "not_done"),
        ),
        Column("nodal", "yes_no", "Whether it is a lymph node.", required=False, empty=True),
        Column(
            "mm", "number", "Its size where it is measured (iRECIST).", required=False, empty=True, unit="mm", low=0, high=999
        ),
        Column("grown", "yes_no", "For one that is not measured: whether it has grown (iRECIST).", required=False, empty=True),
    ),
    key=("subject", "visit", "lesion"),
)

TIMES = Table(
    "times",
    "One row a child, endpoint and variant: how long, and whether an event ended it. `protocord respond` writes it, `protocord survive` reads it.",
    (
        _SUBJECT,
        Column("endpoint", "text", "Id of the time to event in efficacy.yaml: pfs, os."),
        Column(
            "variant",
            "text",
            "Id of the sensitivity variant; empty or `main` for the endpoint itself.",
            required=False,
            empty=True,
        ),
        Column(
            "days",
            "integer",
            "Time from the origin, in days; an event on the origin has the document's day_one.",
            unit="d",
            low=0,
        ),
        Column("status", "choice", "How the time ends.", choices=("event", "censored", "competing")),
        Column("cause", "text", "The event, or the situation that censors.", required=False, empty=True),
        Column("reason", "text", "Kind of the reason, a key of the word tables.", required=False, empty=True),
        Column("date", "date", "Day on which the time ends.", required=False, empty=True),
    ),
    key=("subject", "endpoint", "variant"),
    open=True,
)

INPUTS: tuple[Table, ...] = (SUBJECTS, SUBJECT_EVENTS, LESIONS, MEASUREMENTS, ASSESSMENTS, NEW_LESIONS)
TABLES: tuple[Table, ...] = (*INPUTS, TIMES)
