"""Every page says everything in both languages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.utils.translation import override

from protocord.web import labels, messages

TEMPLATES = messages.WEB / "templates"
# Words that are the same in both languages: the program's name, file formats, keys of the keyboard, examples of what to type.
NAMES = {"Protocord", "CSV", "JSON", "Enter", "Ctrl", "Alt", "UN", "MAR", "English", "SHA", "UTC"}


def catalogue() -> dict[messages.Message, str]:
    return messages.read(messages.CATALOGUE.read_text("utf-8"))


def test_every_text_is_translated() -> None:
    translated = catalogue()

    missing = [f"{place}: {message.text}" for message, place in messages.wanted().items() if not translated.get(message)]

    assert missing == []


def test_the_catalogue_holds_nothing_that_nobody_asks_for() -> None:
    assert set(catalogue()) == set(messages.wanted())


def test_translations_fill_the_same_places() -> None:
    slots = re.compile(r"%\(\w+\)s|\{\w+\}")

    wrong = [
        message.text for message, said in catalogue().items() if set(slots.findall(message.text)) != set(slots.findall(said))
    ]

    assert wrong == []


def test_the_generated_files_are_current() -> None:
    stale = []
    for path, content in messages.generated_files().items():
        expected = content if isinstance(content, bytes) else content.encode()
        if path.read_bytes() != expected:
            stale.append(path.name)

    assert stale == [], "run `make generate`"


def test_django_reads_the_compiled_catalogue() -> None:
    from django.utils.translation import gettext, ngettext

    with override("zh-hans"):
        assert gettext("Audit trail") == "稽查轨迹"
        assert ngettext("%(n)s entry", "%(n)s entries", 2) == "%(n)s个条目"


def test_a_fuzzy_translation_counts_as_none() -> None:
    text = '#, fuzzy\nmsgid "Save"\nmsgstr "保存"\n'

    assert messages.read(text) == {messages.Message("Save"): ""}


@pytest.mark.parametrize("file", sorted(TEMPLATES.rglob("*.html")), ids=lambda file: str(file.relative_to(TEMPLATES)))
def test_a_template_holds_no_words_of_its_own(file: Path) -> None:
    text = file.read_text("utf-8")
    text = re.sub(r"{% (?:blocktranslate|blocktrans)\b.*?{% end\w+ %}", " ", text, flags=re.DOTALL)
    text = re.sub(r"{% block width %}.*?{% endblock %}", " ", text)
    spoken = re.findall(r'(?:aria-label|title|placeholder|alt)="([^"]*)"', text)
    text = re.sub(r"{[%#].*?[%#]}|{{.*?}}", " ", text, flags=re.DOTALL)
    text = re.sub(r"<(?:kbd|code)\b[^>]*>.*?</(?:kbd|code)>", " ", text)
    visible = re.sub(r"<[^>]*>", " ", text)
    spoken = [re.sub(r"{[%#].*?[%#]}|{{.*?}}", " ", attribute) for attribute in spoken]

    words = {word for part in (visible, *spoken) for word in re.findall(r"[^\W\d_]{2,}", re.sub(r"&\w+;", " ", part))}

    assert words - NAMES - {"中文", "mar"} == set()


def test_every_status_has_words_and_an_icon_that_exists() -> None:
    sprite = (messages.WEB / "static" / "protocord" / "icons.svg").read_text("utf-8")
    drawn = set(re.findall(r'<symbol id="([\w-]+)"', sprite))

    for family, codes in labels.LABELS.items():
        for code, label in codes.items():
            assert str(label.words).strip(), (family, code)
            assert label.icon in drawn, (family, code)


def test_every_code_of_the_program_has_a_label() -> None:
    from protocord.conduct import KINDS, Decider, DueKind, Role, Scope, Status
    from protocord.eligibility import Answer, Outcome
    from protocord.forms import NullFlavour
    from protocord.protocol.document import Origin
    from protocord.schedule import VisitStatus
    from protocord.store.answers import VisitState

    families = {
        "answer": Answer, "outcome": Outcome, "status": Status, "visit": [*VisitState, *VisitStatus], "role": Role, "kind": KINDS,
        "work": DueKind, "null": NullFlavour, "origin": Origin, "scope": Scope, "decider": Decider,
    }  # fmt: skip

    unnamed = [
        (family, str(code)) for family, codes in families.items() for code in codes if str(code) not in labels.LABELS[family]
    ]

    assert unnamed == []


def test_icons_in_templates_exist() -> None:
    sprite = (messages.WEB / "static" / "protocord" / "icons.svg").read_text("utf-8")
    drawn = set(re.findall(r'<symbol id="([\w-]+)"', sprite))

    asked = {name for file in TEMPLATES.rglob("*.html") for name in re.findall(r'{% icon "([\w-]+)"', file.read_text("utf-8"))}

    assert asked - drawn == set()
