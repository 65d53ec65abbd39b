"""Why a hospital's answers are unknown: counted as the row evaluator's findings say it child by child, in lines and in a figure."""

from __future__ import annotations

import runpy
from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

import protocord
from protocord.cli.cohort_unknowns import unknown_lines
from protocord.cohort.answers.opened import Opened, opened
from protocord.cohort.answers.screened import Screened, screened
from protocord.cohort.answers.unknowns import unknowns
from protocord.cohort.plan.reasons import KINDS
from protocord.cohort.sources.omop_record import OmopRecords
from protocord.eligibility import Answer, screen
from protocord.exchange.mapping import read_mapping
from protocord.protocol import Protocol
from protocord.report.figures.cohort_unknowns import unknowns as figure
from protocord.statistics import Results
from protocord.values import Language, Reason, Text
from protocord.words import term

HOSPITAL = runpy.run_path(str(Path(__file__).parents[2] / "cohort_children.py"))
ON, INFUSION = date(2025, 6, 25), date(2025, 6, 30)


@pytest.fixture(scope="module")
def protocol() -> Protocol:
    return protocord.load(protocord.STUDIES / "nct06848582")


@pytest.fixture(scope="module")
def source(protocol: Protocol, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Opened]:
    """A hundred and fifty children in a Parquet folder, one row in ten untidy in each way."""
    folder = tmp_path_factory.mktemp("hospital")
    HOSPITAL["write"](folder / "omop", HOSPITAL["children"](150, seed=4, untidy=0.1))
    (folder / "mapping.yaml").write_text(HOSPITAL["mapping"](), "utf-8")
    with opened(folder / "omop", protocol.concepts, read_mapping(folder / "mapping.yaml", protocol.concepts)) as found:
        yield found


@pytest.fixture(scope="module")
def found(source: Opened, protocol: Protocol) -> Screened:
    return screened(source.engine, source.relations(), protocol, on=ON, planned_infusion=INFUSION)


@pytest.fixture(scope="module")
def results(found: Screened, source: Opened) -> Results:
    about: dict[str, str | int] = {"persons": found.persons, "on": ON.isoformat()}
    return unknowns(found, source.engine, source.relations(), about={**about}, chunk=100)


def test_a_warehouse_lacks_what_the_findings_of_its_children_lack(
    found: Screened, source: Opened, protocol: Protocol, results: Results
) -> None:
    ids = {concept.name: name for name, concept in protocol.concepts.items()}

    def what(reason: Reason) -> tuple[str, str]:
        about = next((reason.particulars[name] for name in ("concept", "agent", "toxicity") if name in reason.particulars), None)
        return reason.kind, ids[about] if isinstance(about, Text) else ""

    expected: Counter[tuple[str, str, str]] = Counter()
    for record in OmopRecords(source.omop).records(found.answered.persons.tolist()).values():
        for finding in screen(protocol, record, on=ON, planned_infusion=INFUSION).findings:
            if finding.answer is Answer.UNKNOWN:
                expected.update({(finding.criterion_id, *what(reason)) for reason in finding.missing})

    chosen = {criterion: rules.reading_id for criterion, rules in protocol.rules.items()}
    counted = {
        (str(item.context["criterion"]), str(item.context["missing"]), str(item.context["concept"])): item.value
        for item in results.select("unknown", "persons")
        if chosen[str(item.context["criterion"])] == item.context["reading"]
    }
    assert counted == dict(expected)
    assert len(counted) > 60
    assert len({kind for _, kind, _ in counted}) > 10


def test_nobody_is_counted_twice_and_what_decides_is_among_the_candidates(found: Screened, results: Results) -> None:
    unknown = {criterion: int((found.answers(criterion) == 2).sum()) for criterion in found.criteria}
    for item in results.select("unknown", "persons"):
        most = unknown[str(item.context["criterion"])]
        persons, alone, free = (results.value("unknown", name, **item.context) for name in ("persons", "alone", "not_kept_out"))
        chosen = found.protocol.rules[str(item.context["criterion"])].reading_id == item.context["reading"]
        assert 0 < persons <= (most if chosen else found.persons)
        assert max(alone, free) <= persons
    for analysis in ("look_up", "look_up_concept"):
        for item in results.select(analysis, "persons"):
            counts = [results.value(analysis, name, **item.context) for name in ("decides", "candidates", "persons")]
            assert counts == sorted(counts)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_lines_say_the_reasons_and_what_to_look_up(results: Results, protocol: Protocol, language: Language) -> None:
    lines = "\n".join(unknown_lines(results, protocol, language))
    first = next(iter(results.select("look_up_concept", "persons")))

    assert term("cohort_unknowns", language) in lines
    assert term("cohort_look_up", language) in lines
    named = protocol.concepts[str(first.context["concept"])].name.say(language)
    assert "".join(named.split()) in "".join(lines.split())  # a long name goes over several lines
    for criterion in {str(item.context["criterion"]) for item in results.select("unknown", "persons")}:
        assert f"\n  {criterion} " in lines


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_source_without_anything_missing_says_so(protocol: Protocol, language: Language) -> None:
    lines = "\n".join(unknown_lines(Results(()), protocol, language))

    assert lines.count(term("cohort_none", language)) == 2


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_kind_has_words(language: Language) -> None:
    for kind in KINDS:
        assert term(f"cohort_lack_{kind}", language)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_figure_draws_what_most_candidates_lack_first(results: Results, protocol: Protocol, language: Language) -> None:
    names = {name: concept.name for name, concept in protocol.concepts.items()}
    canvas = figure(results, names, language)
    everybody, free = canvas.axes
    most = max(int(str(item.value)) for item in results.select("look_up_concept", "candidates"))

    assert len(everybody.get_yticks()) == 15
    assert free.patches[0].get_width() == most
    assert [bar.get_width() for bar in free.patches[:15]] == sorted((bar.get_width() for bar in free.patches[:15]), reverse=True)
    canvas.close()
