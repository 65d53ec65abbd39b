"""A study's eligibility rules as CQL over FHIR 4.0.1, written from the checked tree: one define a criterion."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from importlib.resources import files
from types import MappingProxyType
from typing import TYPE_CHECKING

from protocord.concepts import Concepts
from protocord.criteria.tree import Spot
from protocord.errors import DocumentProblems, Place
from protocord.exchange.cql.canonical import BASE
from protocord.exchange.cql.codes import CodeSets, code_sets
from protocord.exchange.cql.literals import named, quoted
from protocord.exchange.cql.words import vocabulary
from protocord.exchange.cql.writer import Where, Writer
from protocord.exchange.fhir.elements import _SYSTEM_ALIASES
from protocord.exchange.mapping import SiteMapping
from protocord.values import CodeSystem

if TYPE_CHECKING:
    from protocord.criteria import CheckedRule
    from protocord.protocol import Protocol
    from protocord.protocol.document import ValueSet

HELPERS = "ProtocordHelpers"
HELPERS_VERSION = "1.1.0"

_EVENT = """id String, concept String, status String, certain Boolean, dayFirst Integer, dayLast Integer, overFirst Integer, overLast Integer,
undated Boolean, ended Boolean, ongoing Boolean, kind String, low Decimal, high Decimal, lowStrict Boolean, highStrict Boolean, upper Decimal,
code String, readable Boolean, answered Boolean, above List<System.String>, below List<System.String>, toxicity String"""
_FACT = """id String, concept String, status String, kind String, begun_ Date, finish Date, ongoing Boolean, value Decimal, unit String,
comparator String, code String, upper Decimal, upperUnit String, bandLow Integer, bandHigh Integer, child Boolean, sex String"""
_WORDS = """keys List<System.String>, concepts List<System.String>, sets List<$SET>, ids List<System.String>, known List<System.String>,
kinds List<System.String>, above List<List<System.String>>, below List<List<System.String>>, units List<System.String>, pure List<System.String>,
unitKeys List<System.String>, factors List<System.Decimal>, least List<System.Decimal>, most List<System.Decimal>, patterns List<System.String>,
spelt List<System.String>, meant List<System.String>, answerKeys List<System.String>, answers List<System.String>, ownKeys List<System.String>,
ownAnswers List<System.String>, listed List<System.String>, scoreKeys List<System.String>, scores List<System.Decimal>,
coverageKeys List<System.String>, coverage List<System.String>, childRanges Boolean"""
_TYPES = {
    "$EVENT": _EVENT,
    "$FACT": _FACT,
    "$WORDS": _WORDS,
    "$SET": "concept String, keys List<System.String>",
    "$CODING": "system String, code String, key String",
    "$STRETCH": "concept String, since Integer, until Integer",
    "$HISTORY": "concept String, since Date, until Date",
    "$PERSON": "birthFirst Integer, birthLast Integer, sex String",
    "$RANGE": "upper Decimal, unit String, bandLow Integer, bandHigh Integer, child Boolean, sex String",
}  # fmt: skip


def helper_library() -> str:
    """This will return the CQL text of the helper library, the same for every study."""
    text = files("protocord.exchange.cql").joinpath("helpers.cql").read_text("utf-8")
    for name, elements in _TYPES.items():
        parts = (element.strip().split(" ", 1) for element in elements.replace("\n", " ").split(","))
        typed = ", ".join(f"{part} {kind if kind.startswith('List') else 'System.' + kind}" for part, kind in parts)
        text = text.replace(name, f"Tuple {{ {typed} }}")
    aliases = [f"when written = {quoted(alias)} then {quoted(system.value)}" for alias, system in _SYSTEM_ALIASES.items()]
    text = text.replace("$ALIASES", "\n    ".join(aliases)).replace("$ICD_O_3", CodeSystem.ICD_O_3.value)
    return text.replace("$HELPERS_VERSION", HELPERS_VERSION)


def library_name(study: str) -> str:
    """This will return the name of a study's library: letters, digits and underscores."""
    name = "".join(letter if letter.isalnum() and letter.isascii() else "_" for letter in study).upper()
    return name if name[:1].isalpha() else f"STUDY_{name}"


def study_code_sets(protocol: Protocol, base: str = BASE) -> CodeSets:
    """This will return the value sets that a study's library declares, under the base of their addresses."""
    return code_sets(library_name(protocol.study.id), protocol.concepts, protocol.value_sets, base)


def study_library(protocol: Protocol, mapping: SiteMapping | None = None, base: str = BASE) -> str:
    """This will return the CQL text of a study's criteria in the readings chosen; `base` begins the address of each value set.

    Of a criterion `I01` there are `I01 rule` (true, false or null), `I01 review` (whether a person must judge) and `I01` (whether it
    is met; null while unknown or while a person must judge); of an exclusion criterion `E01 excludes`, too, its opposite.
    Raises DocumentProblems naming each rule that CQL cannot repeat exactly.
    """
    writer = Writer(protocol.concepts, study_code_sets(protocol, base))
    defines = [_criterion(writer, protocol, one.id) for one in protocol.eligibility.criteria]
    name = library_name(protocol.study.id)
    about = f"// The eligibility criteria of {protocol.study.id}, version {protocol.version}, as protocol {protocol.hash[:12]} reads them.\n"
    return _whole(writer, name, protocol.version, mapping, [*defines, _eligible(protocol)], about)


def rules_library(
    name: str,
    rules: Mapping[str, CheckedRule],
    concepts: Concepts,
    mapping: SiteMapping | None = None,
    value_sets: Mapping[str, ValueSet] = MappingProxyType({}),
) -> str:
    """This will return a CQL library with one define a rule, counted to "Reference Date". Raises DocumentProblems.

    Its value sets are those of `code_sets(name, concepts, value_sets, BASE)`.
    """
    writer = Writer(concepts, code_sets(name, concepts, value_sets, BASE))
    defines = [
        f"define {named(one)}:\n  {writer.condition(rule.plan, _AT, partial(_rule_place, one))}" for one, rule in rules.items()
    ]
    return _whole(writer, name, "1.0.0", mapping, defines)


def _rule_place(name: str, spot: Spot) -> Place:
    return Place(name, spot.line)


def _whole(writer: Writer, name: str, version: str, mapping: SiteMapping | None, defines: list[str], about: str = "") -> str:
    """The text of a library, or all that it cannot say."""
    if writer.problems:
        raise DocumentProblems(sorted(writer.problems))
    mapping = mapping or SiteMapping()
    unreached = _unreached(writer, mapping)
    return (
        about
        + _HEAD
        + unreached
        + _BEGINNING.format(name=name, version=version, helpers=HELPERS, helpers_version=HELPERS_VERSION)
        + writer.sets.declarations()
        + _PARAMETERS
        + f'define "Words":\n  {vocabulary(writer.concepts, mapping, writer.asked, writer.sets)}\n'
        + _FACTS
        + "\n\n".join([*writer.events_defined(), *defines])
        + "\n"
    )


def _unreached(writer: Writer, mapping: SiteMapping) -> str:
    """The concepts that the rules ask for and that no code reaches: they stay unknown until a site says how it records them."""
    concepts, by_site = writer.concepts, set(mapping.codes.values())
    found = [
        one
        for one in sorted(writer.asked)
        if one not in writer.sets.of_concepts
        and not by_site & {one, *concepts.descendants(one)}
        and one not in ("Histology", "Primary site", "Sex", "Birth date", "Informed consent", "Death")  # the reader knows these
    ]
    if not found:
        return ""
    listed = "".join(f"//   {one}\n" for one in found)
    return f"//\n// No code reaches these concepts; a site's mapping file says how it records them, and until then they are unknown:\n{listed}"


_AT, _INFUSION = '"At"', '"At infusion"'


def _place(protocol: Protocol, criterion: str, reading: str, key: str) -> Where:
    """Where a part of a rule stands: the file and line of the study's document."""
    steps = ("criteria", criterion, key) if reading == "default" else ("criteria", criterion, "readings", reading, key)

    def place(spot: Spot) -> Place:
        if protocol.sources is None:
            return Place("eligibility.yaml", spot.line, ".".join(steps))
        return protocol.sources.place_within("eligibility", *steps, line=spot.line, column=spot.column)

    return place


def _criterion(writer: Writer, protocol: Protocol, name: str) -> str:
    criterion = next(one for one in protocol.eligibility.criteria if one.id == name)
    rules = protocol.rules[name]
    read = {one.id: one.as_of for one in criterion.readings}.get(rules.reading_id)
    at = _INFUSION if (read or criterion.as_of) == "planned_infusion" else _AT
    rule = writer.condition(rules.rule.plan, at, _place(protocol, name, rules.reading_id, "rule"))
    review = "false"
    if rules.review_when is not None:
        review = writer.condition(rules.review_when.plan, at, _place(protocol, name, rules.reading_id, "review_when"))
    tags = [
        f"@criterion: {name}",
        f"@type: {criterion.type}",
        f"@reading: {rules.reading_id}",
        f"@text: {_tag(criterion.text.en)}",
    ]

    def define(part: str, condition: str) -> str:
        said = "\n".join([*tags, f"@part: {part or 'answer'}"])
        return f"/*\n{said}\n*/\ndefine {named(f'{name} {part}'.strip())}:\n  {condition}"

    parts = [define("rule", rule), define("review", review)]
    kept = f'if "{name} review" is false then "{name} rule" else null'
    if criterion.type == "exclusion":
        parts += [define("excludes", kept), define("", f'not "{name} excludes"')]
    else:
        parts.append(define("", kept))
    return "\n\n".join(parts)


def _tag(text: str) -> str:
    """A text as the value of a tag: one line that neither ends the comment nor begins another tag."""
    return " ".join(text.split()).replace("*/", "* /").replace("@", "(at)")


def _eligible(protocol: Protocol) -> str:
    parts = "\n    and ".join(named(one.id) for one in protocol.eligibility.criteria)
    return f'// Null while any criterion is unknown or left to a person, and none is failed.\ndefine "Eligible":\n  {parts}'


_HEAD = """//
// Each criterion is a define of its own: true when it is met, false when it is not, null while that is not known or while a person
// must judge. What Protocord answers beside these truths, CQL cannot repeat, and no define here stands for it:
//   - the answer `review`: it is null in the criterion's define, and true in the define that ends in `review`;
//   - the reasons of an answer, the records it rests on, and what is missing where it is unknown;
//   - the first day on which a child may pass and the last, and the day on which each criterion would change;
//   - the other readings of a criterion: this text is the reading named with it.
"""
_BEGINNING = """
library {name} version '{version}'

using FHIR version '4.0.1'

include {helpers} version '{helpers_version}' called P

// The codes of each concept, with all below it, and the lists that rules name.
"""
_PARAMETERS = """
// The day of the assessment; required.
parameter "Reference Date" System.Date
// The day of the first infusion as planned, not before the assessment; null, or left unbound, where none is planned.
parameter "Planned Infusion" System.Date default null

context Patient

// What codes mean to this study, and to the site whose mapping was given.
"""
_FACTS = """
define "At":
  P.EarliestDay("Reference Date")

define "At infusion":
  if "Planned Infusion" is null then "At" else P.EarliestDay("Planned Infusion")

define "Facts":
  flatten {
    P.PatientFacts(Patient),
    P.ProcedureFacts([Procedure], Patient, "Words"),
    P.AdministrationFacts([MedicationAdministration], [Medication], Patient, "Words"),
    P.StatementFacts([MedicationStatement], [Medication], Patient, "Words"),
    P.ConditionFacts([Condition], Patient, "Words"),
    P.ConsentFacts([Consent], Patient, "Words"),
    P.ObservationFacts([Observation], Patient, "Words") }

define "Person":
  P.Person("Facts")

define "Histories":
  P.Stretches(flatten {
    P.DeclaredBy([Observation], Patient, "Words"),
    P.EmptyLists(["List"], Patient, "Words") }, "Person")

define "Events":
  P.Events("Facts", "Person", "Words")

"""
RETRIEVED = (
    "Patient", "Procedure", "MedicationAdministration", "MedicationStatement", "Medication", "Condition", "Consent", "Observation", "List",
)  # fmt: skip
