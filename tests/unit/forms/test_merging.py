"""Two people on one form."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from protocord.forms import ItemAnswer, diff

ANSWERS = st.dictionaries(st.sampled_from("abcd"), st.sampled_from("123").map(ItemAnswer))


def test_what_only_one_side_touched_is_kept_and_what_both_did_is_a_conflict() -> None:
    base = {"a": ItemAnswer("1"), "b": ItemAnswer("1"), "c": ItemAnswer("1"), "d": ItemAnswer("1")}
    theirs = {**base, "a": ItemAnswer("2"), "c": ItemAnswer("2"), "e": ItemAnswer("9")}
    mine = {**base, "b": ItemAnswer("3"), "c": ItemAnswer("3")}
    del mine["d"]

    merge = diff(base, theirs, mine)

    assert {key: answer.value for key, answer in merge.merged.items()} == {"a": "2", "b": "3", "c": "3", "e": "9"}
    (conflict,) = merge.conflicts
    assert (conflict.item, conflict.base, conflict.theirs, conflict.mine) == (
        "c",
        ItemAnswer("1"),
        ItemAnswer("2"),
        ItemAnswer("3"),
    )


@given(ANSWERS, ANSWERS, ANSWERS)
def test_merging_loses_nobodys_work(
    base: dict[str, ItemAnswer], theirs: dict[str, ItemAnswer], mine: dict[str, ItemAnswer]
) -> None:
    merge = diff(base, theirs, mine)
    conflicts = {conflict.item for conflict in merge.conflicts}

    for item in "abcd":
        values = {side: answers.get(item) for side, answers in (("base", base), ("theirs", theirs), ("mine", mine))}
        if item in conflicts:
            assert len(set(values.values())) == 3
        elif values["mine"] != values["base"]:
            assert merge.merged.get(item) == values["mine"]
        else:
            assert merge.merged.get(item) == values["theirs"]


@given(ANSWERS, ANSWERS)
def test_one_side_alone_never_conflicts(base: dict[str, ItemAnswer], other: dict[str, ItemAnswer]) -> None:
    assert diff(base, other, base) == diff(base, base, other)
    assert diff(base, other, other).conflicts == ()
