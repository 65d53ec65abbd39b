"""Columns in a terminal, with Chinese characters two columns wide."""

from hypothesis import given
from hypothesis import strategies as st

from protocord.words.layout import WIDTH, hanging, pad, table, width, wrap

TEXT = st.text(alphabet=st.sampled_from("ab cd，。（）符合未 ≥≤%·"), max_size=120)


def test_a_chinese_character_is_two_columns_wide_and_a_combining_mark_none() -> None:
    assert width("ANC") == 3
    assert width("符合") == 4
    assert width("e\u0301") == 1
    assert pad("符合", 6) == "符合  "


def test_a_line_breaks_at_spaces_and_between_chinese_characters() -> None:
    assert wrap("one two three", 7) == ["one two", "three"]
    assert wrap("距末次骨髓抑制性化疗", 8) == ["距末次骨", "髓抑制性", "化疗"]


def test_no_line_begins_with_a_closing_mark() -> None:
    assert wrap("符合符合，不符合", 8) == ["符合符", "合，不符", "合"]


def test_a_word_wider_than_the_column_stays_whole() -> None:
    assert wrap("see /a/very/long/path now", 8) == ["see", "/a/very/long/path", "now"]


def test_columns_of_mixed_languages_align() -> None:
    lines = table([("符合", "I01", "text"), ("not met", "I02", "text")])

    assert lines == ["符合     I01  text", "not met  I02  text"]
    assert {width(line) for line in lines} == {len("not met  I02  text")}


def test_a_long_last_cell_hangs_under_its_own_column() -> None:
    assert table([("a", "one two three")], columns=10) == ["a  one two", "   three"]
    assert hanging("one two", first="- ", columns=5) == ["- one", "  two"]


@given(TEXT)
def test_wrapping_keeps_every_character_but_spaces(text: str) -> None:
    assert "".join(wrap(text, 12)).replace(" ", "") == text.replace(" ", "")


@given(TEXT)
def test_only_an_unbreakable_piece_is_wider_than_the_column(text: str) -> None:
    for line in wrap(text, 12):
        assert width(line) <= 12 or " " not in line.strip()


def test_the_widest_line_is_one_hundred_columns() -> None:
    assert WIDTH == 100
