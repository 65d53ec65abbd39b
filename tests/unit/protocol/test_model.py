"""The protocol as a value: its hash, its chosen readings, and what the library costs to import."""

import subprocess
import sys

import pytest

from protocord.errors import DocumentProblems

READINGS = """\
criteria:
  - id: I01
    type: inclusion
    text: { en: Enough neutrophils, zh: 中性粒细胞足够 }
    rule: Latest("ANC", lab_window) >= 1.0 '10*9/L'
    reading: { en: As written, zh: 按原文 }
    review_when: Latest("ANC", lab_window) < 1.2 '10*9/L'
    advisories:
      - { id: low, when: "Latest(\\"ANC\\", lab_window) < 1.5 '10*9/L'", text: { en: Low, zh: 低 }, source: convention }
    readings:
      - { id: strict, rule: "Latest(\\"ANC\\", lab_window) >= 1.5 '10*9/L'", text: { en: Strict, zh: 严格 }, source: convention }
    source: registry"""


def test_the_hash_is_of_the_content_and_not_of_its_layout(small):
    before = small.load().hash

    path = small.folder / "dosing.yaml"
    path.write_text(
        "# a comment\n" + path.read_text("utf-8").replace("weight: {", "weight:   {   ").replace("yes", "true"), "utf-8"
    )

    assert len(before) == 64
    assert small.load().hash == before


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("dosing.yaml", "target: 3", "target: 4"),
        ("eligibility.yaml", ">= 1.0", ">= 1.1"),
        ("forms/blood.yaml", "计数", "计 数"),
        ("schedule.yaml", "day: 43", "day: 44"),
    ],
)
def test_any_change_of_content_changes_the_hash(small, name, old, new):
    before = small.load().hash

    text = (small.folder / name).read_text("utf-8")
    assert old in text
    small.write(name, text.replace(old, new))

    assert small.load().hash != before


def test_the_registry_text_value_sets_and_own_concepts_belong_to_the_content(small):
    small.key("study.yaml", "registry", "registry: { id: N, name: R, status: S, phase: P, text_file: registry.txt }")
    small.write("registry.txt", "The text.\n")
    small.write("value_sets/causes.csv", "code,system,name_en,name_zh,source\n1,local,One,一,convention\n")
    concept = "- { id: Hope, kind: condition, name: { en: Hope, zh: 希望 }, source: convention, citation: none }"
    small.write("concepts.yaml", concept + "\n")
    hashes = [small.load().hash]

    small.write("concepts.yaml", "# only a comment\n" + concept + "\n")
    assert small.load().hash == hashes[0]
    small.write("registry.txt", "Another text.\n")
    hashes.append(small.load().hash)
    small.write("value_sets/causes.csv", "code,system,name_en,name_zh,source\n1,local,First,一,convention\n")
    hashes.append(small.load().hash)
    small.write("concepts.yaml", concept.replace("Hope,", "Faith,", 1) + "\n")
    hashes.append(small.load().hash)

    assert len(set(hashes)) == 4


def test_a_sponsor_selects_a_reading_in_one_place(small):
    small.key("eligibility.yaml", "criteria", READINGS)
    default = small.load()
    small.write("eligibility.yaml", "chosen_readings: { I01: strict }\n" + (small.folder / "eligibility.yaml").read_text("utf-8"))
    chosen = small.load()

    assert default.rules["I01"].reading_id == "default"
    assert default.rules["I01"].review_when is not None
    assert chosen.rules["I01"].reading_id == "strict"
    assert chosen.rules["I01"].rule.text == "Latest(\"ANC\", lab_window) >= 1.5 '10*9/L'"
    assert chosen.rules["I01"].review_when is None
    assert [advisory.id for advisory in chosen.rules["I01"].advisories] == ["low"]
    assert chosen.hash != default.hash


def test_choosing_a_reading_of_a_loaded_protocol_is_the_same_as_choosing_it_in_the_file(small):
    small.key("eligibility.yaml", "criteria", READINGS)
    loaded = small.load()

    chosen = loaded.with_reading("I01", "strict")

    assert loaded.rules["I01"].reading_id == "default"
    assert chosen.rules["I01"].reading_id == "strict"
    assert chosen.with_reading("I01", "default").hash == loaded.hash
    small.write("eligibility.yaml", "chosen_readings: { I01: strict }\n" + (small.folder / "eligibility.yaml").read_text("utf-8"))
    assert small.load().hash == chosen.hash


def test_a_reading_that_does_not_exist_is_refused_with_those_that_do(small):
    small.key("eligibility.yaml", "criteria", READINGS)
    protocol = small.load()

    with pytest.raises(DocumentProblems, match=r"criterion I01 has no reading 'strct'\. Its readings are: default, strict\."):
        protocol.with_reading("I01", "strct")
    with pytest.raises(DocumentProblems, match=r"there is no criterion 'I02'\. The criteria are: I01\."):
        protocol.with_reading("I02", "strict")


def test_a_protocol_cannot_be_changed(small):
    protocol = small.load()

    with pytest.raises(AttributeError):
        protocol.study = None
    with pytest.raises(ValueError, match="frozen"):
        protocol.study.version = "2.0.0"
    with pytest.raises(TypeError):
        protocol.eligibility.chosen_readings["I01"] = "strict"


def fresh(program: str) -> str:
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.strip()


def test_importing_the_library_loads_neither_django_nor_anything_else_of_size():
    loaded = fresh(
        "import sys, protocord; print(*sorted(name for name in ('django', 'pydantic', 'yaml', 'lark') if name in sys.modules))"
    )

    assert loaded == ""


def test_the_core_never_loads_django():
    program = "import sys, protocord; [getattr(protocord, name) for name in protocord.__all__]; print('django' in sys.modules)"

    assert fresh(program) == "False"


def test_every_public_name_of_the_library_is_there_and_an_unknown_one_is_an_attribute_error():
    import protocord

    for name in protocord.__all__:
        assert getattr(protocord, name) is not None
        assert name in dir(protocord)
    with pytest.raises(AttributeError, match="no attribute 'unheard_of'"):
        _ = protocord.unheard_of
