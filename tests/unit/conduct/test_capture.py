"""Forms are saved whole, changes have reasons, and two people lose nobody's work."""

from __future__ import annotations

import pytest

from protocord.conduct import (
    Decider,
    FormKey,
    RecordForm,
    RefusalKind,
    Scope,
    Withdraw,
    history,
)
from protocord.forms import ItemAnswer, NullFlavour

from .conftest import DAY, FORMS, Play, answers, kinds

LAB = FormKey("BL-LAB", "laboratory")


def test_a_first_entry_needs_no_reason_and_is_recorded_with_who_and_when(play: Play) -> None:
    play.screened()
    saved = play.state.forms[FormKey("SCR", "demographics")]
    (first,) = saved.history["person.birth_date"]

    assert (first.old, first.new, first.reason) == (None, ItemAnswer("2020-03-14"), "")
    assert (first.by.user, first.position, first.source) == ("dan", saved.position, "web")
    play.check()


def test_a_saved_value_changes_only_with_a_reason(play: Play) -> None:
    play.screened()

    refused = play.save("demographics", person__birth_date="2020-03-15")
    accepted = play.save("demographics", person__birth_date="2020-03-15", reason="typing error")

    assert [(r.item, r.reason.kind) for r in refused.refusals] == [("person.birth_date", "conduct_change_needs_reason")]
    assert accepted.accepted
    entries = [e for e in play.entries if e.subject == play.subject]
    assert [
        (c.old and c.old.value, c.new and c.new.value, c.reason)
        for c in history(entries, "SCR", "demographics", "person.birth_date")
    ] == [
        (None, "2020-03-14", ""),
        ("2020-03-14", "2020-03-15", "typing error"),
    ]
    play.check()


def test_emptying_a_value_is_a_change_too(play: Play) -> None:
    play.screened()
    wish = play.form("laboratory", "BL-LAB", chemistry__alt_high="")

    assert kinds(play.do(wish)) == ["conduct_change_needs_reason"]
    assert play.do(wish, reason="not on the report").accepted
    assert "chemistry.alt_high" not in play.state.forms[LAB].answers


def test_each_item_may_have_its_own_reason(play: Play) -> None:
    play.screened()
    wish = play.form("demographics", person__birth_date="2020-03-15", person__sex="female")

    decision = play.do(
        RecordForm(wish.visit, wish.form, wish.answers, wish.base_position, {"person.sex": "chart"}), reason="form  read\nagain"
    )

    assert decision.accepted
    changes = play.state.forms[FormKey("SCR", "demographics")].history
    assert (changes["person.sex"][-1].reason, changes["person.birth_date"][-1].reason) == ("chart", "form read again")


def test_saving_what_is_saved_writes_nothing(play: Play) -> None:
    play.screened()

    decision = play.save("demographics", person__birth_date="14mar2020")

    assert decision.accepted
    assert decision.drafts == ()


def test_hard_problems_refuse_all_at_once_and_an_unreadable_answer_is_named_once(play: Play) -> None:
    play.screened()

    decision = play.save("vital_signs", signs__measured_on="03/04/26", signs__weight=("2,5", "kg"), signs__height="", reason="x")

    assert sorted((r.item, r.reason.kind) for r in decision.refusals) == [
        ("signs.height", "form_required"),
        ("signs.measured_on", "form_date_ambiguous"),
        ("signs.weight", "form_decimal_comma"),
    ]
    assert {r.level for r in decision.refusals} == {RefusalKind.HARD}


def test_an_unusual_value_wants_a_note_is_kept_as_a_warning_and_not_asked_again(play: Play) -> None:
    play.screened()
    odd = {"signs__weight": ("215", "g")}

    asked = play.save("vital_signs", reason="scale", **odd)
    noted = play.do(
        RecordForm(
            "SCR",
            "vital_signs",
            {
                **play.state.forms[FormKey("SCR", "vital_signs")].answers,
                "signs.weight": ItemAnswer("215", "g", note="a doll was weighed"),
            },
            play.state.forms[FormKey("SCR", "vital_signs")].position,
        ),
        reason="scale",
    )
    again = play.save("vital_signs", signs__height="117", reason="measured again")

    assert [(r.item, r.level) for r in asked.refusals] == [("signs.weight", RefusalKind.SOFT)]
    assert noted.accepted
    assert again.accepted
    assert [w.item for w in play.state.forms[FormKey("SCR", "vital_signs")].warnings] == ["signs.weight"]


def test_a_null_flavour_is_an_answer_with_a_reason(play: Play) -> None:
    play.screened()
    not_done = ItemAnswer(null=NullFlavour.NOT_DONE, note="tube broke")
    wish = play.form("laboratory", "BL-LAB")

    decision = play.do(
        RecordForm("BL-LAB", "laboratory", {**wish.answers, "haematology.anc": not_done}, wish.base_position), reason="tube"
    )

    assert decision.accepted
    assert play.state.forms[LAB].answers["haematology.anc"] == not_done


# --- two people --------------------------------------------------------------------------------------------------------


def test_two_people_who_touch_different_items_both_keep_their_work(play: Play) -> None:
    play.screened()
    theirs = play.form("laboratory", "BL-LAB", haematology__anc=("1.90", "10*9/L"))
    mine = play.form("laboratory", "BL-LAB", haematology__platelets=("220", "10*9/L"))

    play.must(theirs, reason="read again")
    play.must(mine, reason="read again")

    now = play.state.forms[LAB].answers
    assert (now["haematology.anc"].value, now["haematology.platelets"].value) == ("1.90", "220")
    play.check()


def test_two_people_who_change_one_item_are_shown_base_theirs_and_mine(play: Play) -> None:
    play.screened()
    theirs = play.form("laboratory", "BL-LAB", haematology__anc=("1.90", "10*9/L"))
    mine = play.form("laboratory", "BL-LAB", haematology__anc=("1.70", "10*9/L"), haematology__platelets=("220", "10*9/L"))
    play.must(theirs, reason="read again")
    before = play.state

    decision = play.do(mine, reason="read again")

    assert [(r.level, r.item) for r in decision.refusals] == [(RefusalKind.CONFLICT, "haematology.anc")]
    (conflict,) = decision.conflicts
    values = [answer.value for answer in (conflict.base, conflict.theirs, conflict.mine) if answer]
    assert values == ["1.80", "1.90", "1.70"]
    assert play.state == before


def test_two_people_who_start_an_empty_form_conflict_only_where_they_differ(play: Play) -> None:
    play.register()
    play.save("consent")
    play.must(RecordForm("SCR", "demographics", answers(person__birth_date="2020-03-14", person__sex="male")))

    same = play.do(RecordForm("SCR", "demographics", answers(person__birth_date="2020-03-14", person__sex="male")))
    other = play.do(RecordForm("SCR", "demographics", answers(person__birth_date="2020-03-14", person__sex="female")))

    assert (same.accepted, same.drafts) == (True, ())
    assert [conflict.item for conflict in other.conflicts] == ["person.sex"]


def test_an_answer_that_the_other_persons_change_leaves_unasked_is_shown_and_not_dropped(play: Play) -> None:
    play.register()
    play.save("consent", consent__relation="")
    mine = play.form("consent", consent__relation="mother")
    play.must(play.form("consent", consent__signer="participant"), reason="file")

    decision = play.do(mine)

    assert [(conflict.item, conflict.theirs, conflict.mine) for conflict in decision.conflicts] == [
        ("consent.relation", None, ItemAnswer("mother"))
    ]
    assert decision.drafts == ()


@pytest.mark.parametrize("base", [-1, 99])
def test_a_page_that_began_from_nothing_that_was_is_refused(play: Play, base: int) -> None:
    play.screened()

    assert kinds(play.save("demographics", base=base)) == ["conduct_form_base_unknown"]


# --- what may be filled in -----------------------------------------------------------------------------------------------


def test_without_consent_only_the_consent_form_can_be_filled_in(play: Play) -> None:
    play.register()

    assert kinds(play.save("demographics")) == ["conduct_consent_missing"]
    assert play.save("consent").accepted
    assert play.save("demographics").accepted


@pytest.mark.parametrize(
    ("changed", "birth", "kind"),
    [
        ({"consent__approved_version": "no"}, "2020-03-14", "conduct_consent_version"),
        ({"assent__answer": "refused", "assent__able": "yes"}, "2015-03-14", "conduct_assent_refused"),
        ({"assent__answer": "refused", "assent__able": "yes"}, "2018-06-01", "conduct_assent_refused"),  # eight on that day
        ({"consent__signer": "participant"}, "2020-03-14", "conduct_consent_guardian_missing"),
        ({"consent__signer": "guardian"}, "2008-06-01", "conduct_consent_own_missing"),
    ],
)
def test_consent_is_judged_by_version_signer_age_and_assent(play: Play, changed: dict[str, str], birth: str, kind: str) -> None:
    play.screened()
    play.save("demographics", person__birth_date=birth, reason="chart")
    play.save("consent", reason="file", **changed)

    assert kinds(play.do(RecordForm("SCR", "tumour_assessment", {}))) == [kind]
    assert kinds(play.save("vital_signs", signs__height="117", reason="x")) == []  # what is on record may be corrected


@pytest.mark.parametrize(
    ("changed", "birth"),
    [
        ({"assent__answer": "signed", "assent__able": "yes"}, "2015-03-14"),
        ({"assent__answer": "refused", "assent__able": "yes", "assent__override": "yes"}, "2015-03-14"),
        ({"assent__answer": "refused", "assent__able": "yes"}, "2018-06-02"),  # eight tomorrow: below the age of assent
        ({"consent__signer": "both"}, "2008-06-01"),
        ({"consent__signer": "participant"}, "2008-06-01"),
        ({"consent__signer": "participant"}, "2008-06"),  # the birthday may have been: either signature will do
    ],
)
def test_consent_that_fits_the_age_lets_data_in(play: Play, changed: dict[str, str], birth: str) -> None:
    play.screened()
    play.save("demographics", person__birth_date=birth, reason="chart")
    play.save("consent", reason="file", **changed)

    assert kinds(play.save("vital_signs", signs__height="117", reason="x")) == []


def test_a_form_belongs_to_its_visit_and_is_repeated_in_order(play: Play) -> None:
    play.screened()
    lab = FORMS["BL-LAB", "laboratory"]

    assert kinds(play.do(RecordForm("SCR", "laboratory", lab))) == ["conduct_form_not_at_visit"]
    assert kinds(play.do(RecordForm("SCR", "nothing", lab))) == ["conduct_form_unknown"]
    assert kinds(play.do(RecordForm("BL-LAB", "laboratory", lab, repeat=3))) == ["conduct_form_repeat_gap"]
    assert play.do(RecordForm("BL-LAB", "laboratory", lab, repeat=2)).accepted
    assert {key.repeat for key in play.state.forms if key.form == "laboratory"} == {1, 2}


def test_after_withdrawal_from_follow_up_nothing_new_is_recorded_but_errors_can_be_corrected(play: Play) -> None:
    play.screened()
    play.must(Withdraw(Scope.FOLLOW_UP, Decider.GUARDIAN, DAY))

    assert kinds(play.do(RecordForm("BL-LAB", "laboratory", FORMS["BL-LAB", "laboratory"], repeat=2))) == [
        "conduct_withdrawn_follow_up"
    ]
    assert play.save("vital_signs", signs__height="117", reason="typing error").accepted


def test_after_withdrawal_of_all_use_of_data_nothing_is_recorded(play: Play) -> None:
    play.screened()
    play.must(Withdraw(Scope.DATA_USE, Decider.GUARDIAN, DAY))

    assert kinds(play.save("vital_signs", signs__height="117", reason="typing error")) == ["conduct_withdrawn_data_use"]
