"""A form on the screen: typed, checked, drafted, saved, corrected, in conflict."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.urls import reverse

DEMOGRAPHICS = {"v:person.birth_date": "14mar20", "v:person.sex": "male"}


@pytest.fixture
def dan(signed_in: Any) -> Any:
    return signed_in("dan")


@pytest.fixture
def fresh_child(trial: Any) -> str:
    """A child of whom only the consent is recorded."""
    subject = trial.register()
    trial.record(subject, "consent")
    return str(subject)


def at(trial: Any, subject: str, form: str = "demographics", part: str = "form", **more: str) -> str:
    return reverse(part, kwargs={"study": trial.study, "subject": subject, "visit": "SCR", "form": form, **more})


def base_of(response: Any) -> str:
    found = re.search(r'name="base" value="(\d+)"', response.content.decode())
    assert found
    return found[1]


def answers(trial: Any, subject: str, form: str = "demographics") -> dict[str, Any]:
    from protocord.store import reads

    viewer = trial.viewer("dan")
    return dict(reads.form_page(viewer, trial.study, subject, "SCR", form, viewer.on).answers)


def test_a_form_is_saved_and_a_typed_date_is_kept_as_iso(trial: Any, dan: Any, fresh_child: str) -> None:
    response = dan.post(at(trial, fresh_child), {**DEMOGRAPHICS, "base": "0"})

    assert (response.status_code, response["Location"]) == (302, at(trial, fresh_child))
    assert answers(trial, fresh_child)["person.birth_date"].value == "2020-03-14"


def test_a_partial_date_is_kept_as_partial(trial: Any, dan: Any, fresh_child: str) -> None:
    dan.post(at(trial, fresh_child), {**DEMOGRAPHICS, "v:person.birth_date": "UN-MAR-2020", "base": "0"})

    assert answers(trial, fresh_child)["person.birth_date"].value == "2020-03"


def test_an_ambiguous_date_is_refused_and_nothing_is_saved(trial: Any, dan: Any, fresh_child: str) -> None:
    response = dan.post(at(trial, fresh_child), {**DEMOGRAPHICS, "v:person.birth_date": "03/04/20", "base": "0"})

    assert response.status_code == 422
    assert "03/04/20" in response.content.decode()
    assert answers(trial, fresh_child) == {}


def test_a_required_item_left_out_is_told_at_the_item_and_in_the_list(trial: Any, dan: Any, fresh_child: str) -> None:
    response = dan.post(at(trial, fresh_child), {"v:person.sex": "male", "base": "0"})
    html = response.content.decode()

    assert response.status_code == 422
    assert 'data-goto="person.birth_date"' in html
    assert re.search(r'id="problems-item-person-birth_date"><li class="hard">', html)


def test_saving_twice_writes_once(trial: Any, dan: Any, fresh_child: str) -> None:
    dan.post(at(trial, fresh_child), {**DEMOGRAPHICS, "base": "0"})
    base = base_of(dan.get(at(trial, fresh_child)))

    response = dan.post(at(trial, fresh_child), {**DEMOGRAPHICS, "base": base}, follow=True)

    assert "nothing was written" in response.content.decode()
    assert base_of(response) == base


def test_a_change_without_a_reason_is_refused_where_it_is_asked_for(trial: Any, dan: Any, child: str) -> None:
    base = base_of(dan.get(at(trial, child)))

    response = dan.post(at(trial, child), {**DEMOGRAPHICS, "v:person.sex": "female", "base": base})
    html = response.content.decode()

    assert response.status_code == 422
    assert re.search(r'class="reasons" data-reasons>', html), "the field for the reason is not shown"
    assert answers(trial, child)["person.sex"].value == "male"


def test_a_change_with_a_reason_is_saved_and_its_history_told(trial: Any, dan: Any, child: str) -> None:
    base = base_of(dan.get(at(trial, child)))
    changed = {
        **DEMOGRAPHICS,
        "v:person.sex": "female",
        "base": base,
        "reason": "other",
        "reason_text": "Read off the wrong chart",
    }

    assert dan.post(at(trial, child), changed).status_code == 302

    html = dan.get(at(trial, child, part="item_history", item="person.sex")).content.decode()
    assert "Read off the wrong chart" in html
    assert html.index("<b>Female</b>") < html.index("initial value")


def test_an_item_may_have_its_own_reason(trial: Any, dan: Any, child: str) -> None:
    base = base_of(dan.get(at(trial, child)))
    changed = {**DEMOGRAPHICS, "v:person.sex": "female", "base": base, "reason": "Typing error", "r:person.sex": "Its own"}

    dan.post(at(trial, child), changed)

    html = dan.get(at(trial, child, part="item_history", item="person.sex")).content.decode()
    assert "Its own" in html
    assert "Typing error" not in html


def test_not_done_is_kept_with_its_reason(trial: Any, dan: Any, child: str) -> None:
    page = dan.get(at(trial, child, "vital_signs")).content.decode()
    key = next(iter(re.findall(r'name="n:([^"]+)"', page)))
    typed = {"base": "0", f"n:{key}": "not_done", f"m:{key}": "scales broken"}

    html = dan.post(at(trial, child, "vital_signs", part="form_check"), typed).content.decode()

    assert re.search(rf'id="problems-item-{re.escape(key.replace(".", "-"))}"[^>]*>\s*</ul>', html)


def test_not_done_without_a_reason_is_refused(trial: Any, dan: Any, fresh_child: str) -> None:
    response = dan.post(at(trial, fresh_child), {"n:person.birth_date": "unknown", "v:person.sex": "male", "base": "0"})

    assert response.status_code == 422


def test_checks_while_typing_echo_the_date_and_write_nothing(trial: Any, dan: Any, fresh_child: str) -> None:
    response = dan.post(at(trial, fresh_child, part="form_check"), {"v:person.birth_date": "UN-MAR-2020", "base": "0"})
    html = response.content.decode()

    assert response.status_code == 200
    assert re.search(r'id="echo-item-person-birth_date"[^>]*>\s*= <b>2020-03</b>', html)
    assert "still to answer" in html
    assert answers(trial, fresh_child) == {}


def test_a_draft_is_offered_after_coming_back_and_is_no_record(trial: Any, dan: Any, signed_in: Any, fresh_child: str) -> None:
    dan.post(at(trial, fresh_child, part="form_draft"), {"v:person.birth_date": "14mar20", "base": "0"})

    offered = dan.get(at(trial, fresh_child)).content.decode()
    taken = dan.get(at(trial, fresh_child) + "?draft=1").content.decode()
    others = signed_in("ana").get(at(trial, fresh_child)).content.decode()

    assert "Go on with them" in offered
    assert 'value="14mar20"' in taken
    assert "Go on with them" not in others
    assert answers(trial, fresh_child) == {}


def test_a_discarded_draft_is_gone_and_discarding_twice_is_the_same(trial: Any, dan: Any, fresh_child: str) -> None:
    dan.post(at(trial, fresh_child, part="form_draft"), {"v:person.birth_date": "14mar20", "base": "0"})

    first, second = (dan.post(at(trial, fresh_child, part="form_discard")) for _ in range(2))

    assert first.status_code == second.status_code == 302
    assert "Go on with them" not in dan.get(at(trial, fresh_child)).content.decode()


def test_two_people_who_changed_one_item_see_base_theirs_and_mine(trial: Any, dan: Any, signed_in: Any, child: str) -> None:
    ana = signed_in("ana")
    base = base_of(dan.get(at(trial, child)))
    theirs = {**DEMOGRAPHICS, "v:person.birth_date": "2020-03-15", "base": base, "reason": "Typing error"}
    mine = {**DEMOGRAPHICS, "v:person.birth_date": "2020-03-16", "base": base, "reason": "Typing error"}
    assert ana.post(at(trial, child), theirs).status_code == 302

    response = dan.post(at(trial, child), mine)
    html = response.content.decode()

    assert response.status_code == 409
    row = html[html.index('class="conflict"') :]
    assert row.index("2020-03-14") < row.index("2020-03-15") < row.index("2020-03-16")

    again = {**mine, "base": base_of(response), "take:person.birth_date": "theirs"}
    assert dan.post(at(trial, child), again).status_code == 302
    assert answers(trial, child)["person.birth_date"].value == "2020-03-15"


def test_two_people_who_changed_different_items_lose_nothing(trial: Any, dan: Any, signed_in: Any, child: str) -> None:
    ana = signed_in("ana")
    base = base_of(dan.get(at(trial, child)))
    reason = {"base": base, "reason": "Typing error"}
    ana.post(at(trial, child), {**DEMOGRAPHICS, "v:person.sex": "female", **reason})

    dan.post(at(trial, child), {**DEMOGRAPHICS, "v:person.birth_date": "2020-03-16", **reason})

    saved = answers(trial, child)
    assert (saved["person.birth_date"].value, saved["person.sex"].value) == ("2020-03-16", "female")


def test_a_code_is_found_by_code_and_by_name_in_either_language(trial: Any) -> None:
    from protocord.store import protocols
    from protocord.web.items import answers_sent

    protocol = protocols.current(trial.study)
    form = protocol.form("disease")
    typed = ("8910/3", "Embryonal rhabdomyosarcoma", "胚胎性横纹肌肉瘤")
    english = next(m for value_set in protocol.value_sets.values() for m in value_set.members if m.code == "8910/3")

    for text in (typed[0], english.name.en, english.name.zh):
        sent = answers_sent(protocol, form, {"v:diagnosis.histology": text})
        assert sent["diagnosis.histology"].value == "8910/3"


def test_keys_that_the_form_does_not_have_are_left_out(trial: Any) -> None:
    from protocord.store import protocols
    from protocord.web.items import PATTERN_ROW, answers_sent

    protocol = protocols.current(trial.study)
    sent = {"v:person.sex": "male", "v:person.shoe_size": "30", f"v:chemotherapy.{PATTERN_ROW}.agent": "x", "v:": "y"}

    assert set(answers_sent(protocol, protocol.form("demographics"), sent)) == {"person.sex"}


def test_a_reader_sees_the_form_and_cannot_enter_it(trial: Any, signed_in: Any, child: str) -> None:
    response = signed_in("mia").get(at(trial, child))
    html = response.content.decode()

    assert response.status_code == 200
    assert "<fieldset disabled>" in html
    assert "data-save>" not in html
    assert signed_in("mia").post(at(trial, child), {**DEMOGRAPHICS, "base": "0"}).status_code == 403


def test_the_same_form_is_filled_once_more(trial: Any, dan: Any, child: str) -> None:
    again = at(trial, child) + "?repeat=2"

    response = dan.post(again, {**DEMOGRAPHICS, "base": "0"})

    assert (response.status_code, response["Location"]) == (302, again)
    assert "(2)" in dan.get(reverse("subject", args=[trial.study, child])).content.decode()


def laboratory(**changed: str) -> dict[str, str]:
    """A laboratory form as sent, with what a test changes."""
    sent = {
        "v:haematology.collected_on": "2026-01-06",
        "v:haematology.anc": "2.4",
        "u:haematology.anc": "10*9/L",
        "v:haematology.platelets": "186",
        "u:haematology.platelets": "10*9/L",
        "v:haematology.haemoglobin": "108",
        "u:haematology.haemoglobin": "g/L",
        "base": "0",
    }
    return {**sent, **changed}


def test_an_implausible_number_is_asked_about_and_taken_with_an_explanation(trial: Any, dan: Any, child: str) -> None:
    address = reverse("form_check", args=[trial.study, child, "BL-LAB", "laboratory"])

    asked = dan.post(address, laboratory(**{"v:haematology.anc": "240"})).content.decode()
    explained = dan.post(
        address, laboratory(**{"v:haematology.anc": "240", "m:haematology.anc": "Repeated, leukaemoid"})
    ).content.decode()

    assert "1 to explain" in asked
    assert "to explain" not in explained


def test_an_unexplained_implausible_number_opens_the_field_for_the_explanation(trial: Any, dan: Any, child: str) -> None:
    address = reverse("form", args=[trial.study, child, "BL-LAB", "laboratory"])
    sent = laboratory(**{"v:haematology.anc": "240"})
    required = {
        "v:chemistry.collected_on": "2026-01-06", "v:chemistry.alt": "24", "v:chemistry.ast": "31",
        "v:chemistry.bilirubin": "9", "u:chemistry.bilirubin": "umol/L", "v:chemistry.creatinine": "38", "u:chemistry.creatinine": "umol/L",
    }  # fmt: skip
    keys = set(re.findall(r'name="v:([^"]+)"', dan.get(address).content.decode()))
    sent |= {name: value for name, value in required.items() if name[2:] in keys}

    html = dan.post(address, sent).content.decode()

    item = html[html.index('id="item-haematology-anc"') :]
    blank = item[: item.index("</div>", item.index("data-blank"))]
    assert re.search(r"data-blank>", blank), "the field for the explanation stays shut"


def test_a_comma_in_a_number_is_refused_with_a_hint(trial: Any, dan: Any, child: str) -> None:
    address = reverse("form_check", args=[trial.study, child, "BL-LAB", "laboratory"])

    html = dan.post(address, laboratory(**{"v:haematology.anc": "2,4"})).content.decode()

    assert "must be mended" in html
    assert "2,4" in html


def test_a_result_below_the_limit_of_detection_keeps_its_sign(trial: Any, dan: Any, child: str) -> None:
    from protocord.store import protocols
    from protocord.web.items import answers_sent

    protocol = protocols.current(trial.study)
    sent = answers_sent(protocol, protocol.form("laboratory"), laboratory(**{"v:haematology.anc": "<0.1"}))

    assert sent["haematology.anc"].value == "<0.1"


def test_the_limits_of_normal_stand_beside_the_result(trial: Any, dan: Any, child: str) -> None:
    html = dan.get(reverse("form", args=[trial.study, child, "BL-LAB", "laboratory"])).content.decode()
    item = html[html.index('id="item-haematology-anc"') : html.index('id="item-haematology-platelets"')]

    assert item.count('class="number limit"') == 2
    assert "for this child" in item
