"""The tables that adverse events, dose-limiting toxicity and reporting clocks are computed from."""

from __future__ import annotations

from protocord.tables import Column, Table

__all__ = ["CASES", "COURSE", "EVENTS", "FOLLOWED", "GRADED", "INFUSIONS", "REPORTS", "STATES"]

CATEGORIES = (
    "infusion_reaction",
    "crs",
    "icans",
    "agvhd",
    "second_malignancy",
    "haematological",
    "non_haematological",
    "autoimmunity",
    "other",
)
ATTRIBUTIONS = ("unrelated", "unlikely", "possible", "probable", "definite")
LEFT = ("no", "completed", "died", "withdrawn", "lost", "other")
_MOMENT = "2025-06-09T14:30, 2025-06-09, or 2025-06 and 2025 where the rest is not known"
_OPEN = "; empty: not known"


def _answer(name: str, about: str) -> Column:
    return Column(name, "yes_no", about + _OPEN, required=False, empty=True)


def _moment(name: str, about: str, *, required: bool = False) -> Column:
    return Column(name, "text", f"{about}, as {_MOMENT}{_OPEN}", required=required, empty=True)


EVENTS = Table(
    "adverse events",
    "One row an event, at its worst grade. Other columns are carried along.",
    (
        Column("subject", "text", "The subject's number"),
        Column("event", "text", "Number or name of the event, unlike any other of the subject"),
        Column("term", "text", "What it is called in tables: the CTCAE or preferred term"),
        Column("soc", "text", "System organ class of the term", required=False, empty=True),
        Column("category", "choice", "Kind of event, as the form asks it", required=False, empty=True, choices=CATEGORIES),
        Column("concept", "text", "The concept it is recorded on (Fever); exceptions ask for it", required=False, empty=True),
        Column("grade", "integer", "Worst grade" + _OPEN, empty=True, low=1, high=5),
        Column(
            "grade_before",
            "integer",
            "Grade just before treatment, 0 for none" + _OPEN,
            required=False,
            empty=True,
            low=0,
            high=5,
        ),
        _moment("onset", "When it began", required=True),
        _moment("end", "When it ended"),
        _answer("ongoing", "Whether it still goes on"),
        _answer("serious", "Whether it is serious"),
        Column("cause_product", "choice", "Attribution to the product" + _OPEN, required=False, empty=True, choices=ATTRIBUTIONS),
        _answer("fatal", "Whether it ended in death"),
        _moment("treated", "When its treatment began"),
        Column(
            "excepted",
            "text",
            "Exceptions of the protocol's dose-limiting toxicities that a person holds to apply, by id, with semicolons; "
            "none where none does; empty: nobody has judged",
            required=False,
            empty=True,
        ),
    ),
    key=("subject", "event"),
    open=True,
)
COURSE = Table(
    "course of grades",
    "How the grade of an event went: each grade from its time until the next. Grade 0 is recovered.",
    (
        Column("subject", "text", "The subject's number"),
        Column("event", "text", "The event, as in the table of adverse events"),
        Column("at", "text", f"From when the grade held, as {_MOMENT}"),
        Column("grade", "integer", "The grade", low=0, high=5),
    ),
)
INFUSIONS = Table(
    "infusions given",
    "One row an infusion that was given, wholly or in part.",
    (
        Column("subject", "text", "The subject's number"),
        Column("infusion", "integer", "Its number in the plan", low=1),
        Column("started", "text", f"When it began, as {_MOMENT}"),
        _moment("ended", "When it ended"),
    ),
    key=("subject", "infusion"),
)
FOLLOWED = Table(
    "subjects followed",
    "One row a subject, treated or not: until when events were asked about.",
    (
        Column("subject", "text", "The subject's number"),
        Column("until", "date", "Last day on which events were asked about; empty: up to the data cut", empty=True),
        Column("left", "choice", "Why observation ended; no: it goes on" + _OPEN, required=False, empty=True, choices=LEFT),
        Column("died", "date", "Day of death; empty: alive when last seen", required=False, empty=True),
        Column("consented", "date", "Day of consent", required=False, empty=True),
        Column("end_of_treatment", "date", "Day on which treatment was ended", required=False, empty=True),
    ),
    key=("subject",),
    open=True,
)
STATES = Table(
    "states and exposures",
    "What the exceptions ask for: marrow disease, chemotherapy. A row with present = no says that there was none.",
    (
        Column("subject", "text", "The subject's number"),
        Column("concept", "text", "The concept: Bone marrow involvement, Cyclophosphamide"),
        Column("present", "yes_no", "Whether it was so"),
        _moment("start", "Since when, or first dose"),
        _moment("end", "Until when, or last dose; empty with present = yes: still so"),
    ),
)
GRADED = Table(
    "graded results",
    "One row a laboratory result with its grade, as `protocord grade` writes them.",
    (
        Column("subject", "text", "The subject's number"),
        Column("term", "text", "The CTCAE term"),
        Column("date", "date", "Day of the sample"),
        Column("grade", "integer", "The grade; empty: not gradable", empty=True, low=0, high=5),
        Column(
            "range",
            "choice",
            "Against the reference range" + _OPEN,
            required=False,
            empty=True,
            choices=("low", "normal", "high"),
        ),
    ),
    open=True,
)
CASES = Table(
    "reportable cases",
    "What was known of an event and since when: one row at first knowledge, and one each time that its class changed.",
    (
        Column("subject", "text", "The subject's number"),
        Column("event", "text", "The event"),
        Column("site", "text", "Identifier of the site; its time zone runs the clock", required=False, empty=True),
        Column("aware_at", "datetime", "When it became known, in the site's time; empty: not recorded", empty=True),
        _answer("serious", "Whether it is serious"),
        _answer("fatal_or_life_threatening", "Whether it killed or threatened life"),
        Column(
            "cause_investigator",
            "choice",
            "Attribution by the investigator" + _OPEN,
            required=False,
            empty=True,
            choices=ATTRIBUTIONS,
        ),
        Column("cause_sponsor", "choice", "Attribution by the sponsor" + _OPEN, required=False, empty=True, choices=ATTRIBUTIONS),
        _answer("expected", "Whether the reference safety information lists it"),
        _answer("dlt", "Whether it is a dose-limiting toxicity"),
        _answer("special_interest", "Whether it is of special interest"),
        Column(
            "kind",
            "choice",
            "An adverse event (also when empty), a pregnancy, or growth in the culture of an infused bag",
            required=False,
            empty=True,
            choices=("event", "pregnancy", "positive_culture"),
        ),
    ),
)
REPORTS = Table(
    "reports sent",
    "One row a report that was sent.",
    (
        Column("subject", "text", "The subject's number"),
        Column("event", "text", "The event"),
        Column("clock", "text", "Which report: an id of safety.yaml's `reporting`"),
        Column("kind", "choice", "First report, or the completed one after it", choices=("initial", "follow_up")),
        Column("sent_at", "datetime", "When it was sent, in the site's time"),
    ),
)

TABLES: tuple[Table, ...] = (EVENTS, COURSE, INFUSIONS, FOLLOWED, STATES, GRADED, CASES, REPORTS)
