"""The synopsis: what a protocol says, line by line, each with where it comes from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from protocord.protocol.describe.criteria import CriterionWords, criteria_words
from protocord.protocol.describe.schedule import ScheduleTable, schedule_table
from protocord.protocol.document import Origin, Span
from protocord.protocol.document.limits import Limit
from protocord.protocol.model import Protocol
from protocord.values.quantities import Quantity
from protocord.values.reasons import Particular, Reason
from protocord.values.text import Language
from protocord.words import say, shown, term

_UCUM = {"minute": "min", "hour": "h", "day": "d", "week": "wk", "month": "mo", "year": "a"}


@dataclass(frozen=True, slots=True)
class SynopsisLine:
    """One thing that a synopsis says: its label, its statements, and the source of each ("" where it needs none)."""

    label: str
    statements: tuple[str, ...]
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Description:
    """A protocol described in one language; `hash` is that of the protocol described."""

    study: str
    version: str
    hash: str
    language: Language
    title: str
    lines: tuple[SynopsisLine, ...]
    schedule: ScheduleTable
    criteria: tuple[CriterionWords, ...]
    parameters: tuple[tuple[str, str, str, str], ...]
    """Name, value, meaning, source."""
    exclusion_notice: str
    """What to say because the exclusion criteria were not retrieved; empty when they were."""


Said = tuple[str, Origin | None]


def synopsis_data(protocol: Protocol, language: Language) -> Description:
    """This will return the protocol described in `language`, as data for a page."""
    missing = protocol.eligibility.exclusion_status == "not_retrieved"
    return Description(
        study=protocol.study.id,
        version=protocol.version,
        hash=protocol.hash,
        language=language,
        title=protocol.study.title.brief.say(language),
        lines=tuple(_lines(protocol, language)),
        schedule=schedule_table(protocol, language),
        criteria=criteria_words(protocol, language),
        parameters=tuple(
            (one.id, one.value, one.text.say(language), term(f"protocol_source_{one.source}", language))
            for one in protocol.eligibility.parameters
        ),
        exclusion_notice=term("protocol_exclusion_not_retrieved", language) if missing else "",
    )


def _lines(protocol: Protocol, language: Language) -> Iterator[SynopsisLine]:
    for key, said in (
        *_identity(protocol, language),
        *_design(protocol, language),
        *_treatment(protocol, language),
        *_analysis(protocol, language),
        *_open(protocol, language),
    ):
        statements = [(text, source) for text, source in said if text]
        if statements:
            sources = tuple(term(f"protocol_source_{source}", language) if source else "" for _, source in statements)
            yield SynopsisLine(term(key, language), tuple(text for text, _ in statements), sources)


def _identity(protocol: Protocol, language: Language) -> Iterator[tuple[str, Iterable[Said]]]:
    study = protocol.study
    record = study.registry
    yield "protocol_official_title", [(study.title.official.say(language), None)]
    yield "protocol_registry_record", [(f"{record.id} ({record.name})", record.source)]
    dates = {"protocol_start": record.start, "protocol_completion": record.completion, "protocol_last_update": record.last_update}
    said = [record.status, record.phase, *(_say(key, language, date=day) for key, day in dates.items() if day is not None)]
    yield "protocol_status", [(_joined(said, language), record.source)]
    yield "protocol_sponsor", [(study.sponsor.name.say(language), study.sponsor.source)]
    yield (
        "protocol_sites",
        [(f"{site.name.say(language)} ({site.city.say(language)}, {site.country})", site.source) for site in study.sites],
    )


def _design(protocol: Protocol, language: Language) -> Iterator[tuple[str, Iterable[Said]]]:
    study, design, people = protocol.study, protocol.study.design, protocol.study.population
    yield "protocol_condition", [(people.condition.say(language), people.source)]
    youngest = (
        _say("protocol_age_from", language, age=_age(people.age_min, language))
        if people.age_min
        else term("protocol_no_lower_age", language)
    )
    oldest = _say("protocol_age_to", language, age=_age(people.age_max, language)) if people.age_max else ""
    volunteers = term("protocol_healthy_volunteers" if people.healthy_volunteers else "protocol_no_healthy_volunteers", language)
    yield (
        "protocol_who",
        [(_joined([term(f"protocol_sex_{people.sex}", language), youngest, oldest, volunteers], language), people.source)],
    )
    yield "protocol_planned_subjects", [(str(design.planned_subjects), design.source)]
    shape = [term(f"protocol_{key}_{getattr(design, key)}", language) for key in ("allocation", "model", "masking", "purpose")]
    if design.follow_up is not None:
        shape.append(_say("protocol_follow_up", language, length=length(design.follow_up, language)))
    yield "protocol_design", [(_joined(shape, language), design.source)]
    yield (
        "protocol_objectives",
        [(f"{one.text.say(language)} ({term(f'protocol_level_{one.level}', language)})", one.source) for one in study.objectives],
    )
    yield (
        "protocol_endpoints",
        [
            (
                f"{one.text.say(language)} ({term(f'protocol_level_{one.level}', language)}; {one.time_frame.say(language)})",
                one.source,
            )
            for one in study.endpoints
        ],
    )
    yield "protocol_arms", [(f"{one.name.say(language)}: {one.description.say(language)}", one.source) for one in study.arms]
    yield "protocol_epochs", [(_joined([one.name.say(language) for one in study.epochs], language), None)]


def _treatment(protocol: Protocol, language: Language) -> Iterator[tuple[str, Iterable[Said]]]:
    dosing = protocol.dosing
    yield (
        "protocol_product",
        [(f"{dosing.product.name.say(language)}; {dosing.product.active_cells.say(language)}", dosing.product.source)],
    )
    yield "protocol_dose", [(_dose(protocol, language), dosing.dose.source)]
    infusions, band = dosing.infusions, dosing.infusions.tolerance_percent
    planned = _say(
        "protocol_infusions_planned",
        language,
        planned=infusions.planned,
        gap=infusions.min_gap_days,
        low=band.low,
        high=band.high,
    )
    late = infusions.skip_if_delayed_days
    skipped = "" if late is None else _say("protocol_infusion_skipped", language, days=late)
    courses = [(one.name.say(language) + ": " + ", ".join(map(str, one.infusions)), one.source) for one in infusions.courses]
    yield "protocol_infusions", [(planned, infusions.source), (skipped, infusions.source), *courses]
    yield "protocol_lymphodepletion", [(dosing.lymphodepletion.text.say(language), dosing.lymphodepletion.source)]
    yield "protocol_premedication", [(one.name.say(language), one.source) for one in dosing.premedication]
    yield "protocol_hold_criteria", [(one.text.say(language), one.source) for one in dosing.hold_criteria]


def _analysis(protocol: Protocol, language: Language) -> Iterator[tuple[str, Iterable[Said]]]:
    safety, efficacy, kinetics, design = protocol.safety, protocol.efficacy, protocol.kinetics, protocol.study.design
    if safety.dlt is not None:
        window = _say("protocol_dlt_window", language, first=safety.dlt.window.first_day, last=safety.dlt.window.last_day)
        yield "protocol_dlt", [(window, safety.dlt.source), *((one.text.say(language), one.source) for one in safety.dlt.events)]
    limits = (*safety.limits, *design.interim)
    yield "protocol_limits", [(_limit(one, language), one.source) for one in limits]
    response = efficacy.response
    confirmed = (
        _say("protocol_confirmed", language, days=response.confirmation.at_least_days)
        if response.confirmation.required
        else term("protocol_not_confirmed", language)
    )
    stable = _say("protocol_stable_disease", language, days=response.stable_min_days)
    yield "protocol_response", [(_joined([response.criteria, *response.secondary, confirmed, stable], language), response.source)]
    yield "protocol_rates", [(one.name.say(language), one.source) for one in efficacy.rates]
    yield (
        "protocol_time_to_event",
        [(f"{one.abbreviation}: {one.name.say(language)}", one.source) for one in efficacy.time_to_event],
    )
    yield "protocol_kinetics", [(one.name.say(language), one.source) for one in kinetics.parameters]
    yield "protocol_sample_size", [(one.text.say(language), one.source) for one in design.sample_size]
    yield (
        "protocol_analysis_sets",
        [(f"{one.name.say(language)}: {one.definition.say(language)}", one.source) for one in design.analysis_sets],
    )


def _open(protocol: Protocol, language: Language) -> Iterator[tuple[str, Iterable[Said]]]:
    study, rules = protocol.study, protocol.study.regulation
    line = _say(
        "protocol_regulation_line",
        language,
        profile=rules.profile,
        hours=rules.sae_report_hours,
        years=rules.retention_years,
        ctcae=rules.ctcae,
        ct=rules.cdisc_ct,
    )
    yield "protocol_regulation", [(line, rules.source)]
    yield "protocol_not_retrieved", [(one.what.say(language), Origin.NOT_RETRIEVED) for one in study.not_retrieved]
    yield "protocol_open_questions", [(one.text.say(language), None) for one in study.open_questions]


def _limit(limit: Limit, language: Language) -> str:
    said = [limit.text.say(language), limit.in_words.say(language)]
    if limit.bounds:
        said.append(_say("protocol_bounds", language, bounds=", ".join(f"{one.subjects}: {one.events}" for one in limit.bounds)))
    return _joined((part.rstrip(".。") for part in said), language)


def _dose(protocol: Protocol, language: Language) -> str:
    dose = protocol.dosing.dose

    def amount(number: Decimal) -> str:
        return shown(Quantity(number, dose.unit), language)

    if dose.low is None or dose.high is None:
        return _say("protocol_dose_target_alone", language, dose=amount(dose.target))
    return _say("protocol_dose_target", language, dose=amount(dose.target), low=amount(dose.low), high=amount(dose.high))


def length(span: Span, language: Language) -> str:
    """This will return a length of time as people say it: `12 weeks`, `12周`."""
    return shown(Quantity(Decimal(span.number), _UCUM[span.unit]), language)


def _age(span: Span, language: Language) -> str:
    return f"{span.number}岁" if language == "zh" and span.unit == "year" else length(span, language)


def _say(key: str, language: Language, **particulars: Particular) -> str:
    return say(Reason.of(key, **particulars), language)


def _joined(parts: Iterable[str], language: Language) -> str:
    return ("；" if language == "zh" else "; ").join(part for part in parts if part)
