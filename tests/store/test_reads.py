"""What each person sees, and that nobody sees another site's children: not in lists, not in counts, not in errors."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from protocord.conduct import ScreenFail
from protocord.store import actions, reads
from protocord.store.access import SMALL_COUNT, NotAllowed, NotThere, Viewer
from protocord.store.answers import AuditFilter, PersonalIdentity

ON = date(2026, 1, 7)
ALL = AuditFilter()

# Every question about one subject, asked of it.
ABOUT_ONE: dict[str, Callable[[Viewer, str, str], Any]] = {
    "subject": lambda v, study, s: reads.subject(v, study, s, ON),
    "form": lambda v, study, s: reads.form_page(v, study, s, "SCR", "consent", ON),
    "history": lambda v, study, s: reads.item_history(v, study, s, "SCR", "consent", "consent.signer"),
    "board": lambda v, study, s: reads.eligibility_board(v, study, s, ON),
    "calendar": lambda v, study, s: reads.calendar(v, study, s, ON),
    "draft": lambda v, study, s: actions.save_draft(v, study, s, "SCR", "consent", {}, base_position=0),
    "identity": lambda v, study, s: actions.look_at_identity(v, study, s, reason="curious"),
    "new identity": lambda v, study, s: actions.set_identity(v, study, s, PersonalIdentity("X")),
}
ABOUT_THE_STUDY: dict[str, Callable[[Viewer, str], Any]] = {
    "matrix": lambda v, study: reads.subject_matrix(v, study, ON),
    "other sites": reads.other_sites,
    "protocol": reads.protocol,
    "audit": lambda v, study: reads.audit(v, study, ALL),
    "audit export": lambda v, study: list(reads.audit_lines(v, study, ALL)),
    "chains": reads.chain_status,
    "people": reads.people,
}


@pytest.fixture
def two_sites(trial: Any) -> Any:
    """Two children at the first site, one at the second."""
    for name in ("dan", "dan", "bo"):
        trial.record(trial.register(name), "consent", name=name)
    return trial


@pytest.mark.parametrize("ask", ABOUT_ONE.values(), ids=ABOUT_ONE.keys())
@pytest.mark.parametrize("name", ["bo", "eva", "cai", "adam"])
def test_a_child_one_may_not_see_looks_like_one_that_is_not_there(two_sites: Any, ask: Any, name: str) -> None:
    viewer = two_sites.viewer(name)
    told = []
    for subject in ("01-001", "01-999"):
        with pytest.raises(NotThere) as refusal:
            ask(viewer, two_sites.study, subject)
        told.append(str(refusal.value).replace(subject, "#"))

    assert told[0] == told[1]


@pytest.mark.parametrize("ask", ABOUT_ONE.values(), ids=ABOUT_ONE.keys())
def test_a_child_of_ones_own_site_is_there(two_sites: Any, ask: Any) -> None:
    ask(two_sites.viewer("dan"), two_sites.study, "01-001")


@pytest.mark.parametrize("ask", ABOUT_ONE.values(), ids=ABOUT_ONE.keys())
def test_a_child_in_another_study_is_not_there(two_sites: Any, ask: Any) -> None:
    with pytest.raises(NotThere):
        ask(two_sites.viewer("dan"), "another-study", "01-001")


@pytest.mark.parametrize("ask", ABOUT_THE_STUDY.values(), ids=ABOUT_THE_STUDY.keys())
def test_a_person_without_a_role_finds_no_study(two_sites: Any, ask: Any) -> None:
    with pytest.raises(NotThere):
        ask(two_sites.viewer("cai"), two_sites.study)


@pytest.mark.parametrize(
    ("name", "seen"),
    [("dan", {"01-001", "01-002"}), ("lin", {"01-001", "01-002"}), ("bo", {"02-001"}), ("mia", {"01-001", "01-002", "02-001"})],
)
def test_the_matrix_holds_ones_own_children_and_counts_no_others(two_sites: Any, name: str, seen: set[str]) -> None:
    viewer = two_sites.viewer(name)

    matrix = reads.subject_matrix(viewer, two_sites.study, ON)
    card = next(card for card in reads.studies(viewer) if card.id == two_sites.study)

    assert {row.card.subject for row in matrix.rows} == seen
    assert matrix.total == card.subjects == len(seen)
    assert {site.id for site in matrix.sites} == {row.card.site for row in matrix.rows}


def test_a_filter_for_another_site_finds_nothing(two_sites: Any) -> None:
    matrix = reads.subject_matrix(two_sites.viewer("bo"), two_sites.study, ON, site=two_sites.sites[0], find="01")

    assert (matrix.rows, matrix.total) == ((), 0)


def test_the_matrix_is_cut_to_pages(two_sites: Any) -> None:
    mia = two_sites.viewer("mia")

    pages = [reads.subject_matrix(mia, two_sites.study, ON, page=page, per_page=2) for page in (1, 2, 9)]

    assert [[row.card.subject for row in page.rows] for page in pages] == [["01-001", "01-002"], ["02-001"], ["02-001"]]
    assert {(page.total, page.pages) for page in pages} == {(3, 2)}


def test_an_administrator_sees_no_children(two_sites: Any) -> None:
    adam = two_sites.viewer("adam")

    with pytest.raises(NotAllowed):
        reads.subject_matrix(adam, two_sites.study, ON)
    assert reads.home(adam, ON).work == ()
    assert {row.subject for row in reads.audit(adam, two_sites.study, ALL, per_page=1000).rows} == {None}


def test_small_numbers_of_another_site_are_hidden(two_sites: Any) -> None:
    bo = two_sites.viewer("bo")
    before = reads.other_sites(bo, two_sites.study)
    for _ in range(SMALL_COUNT - 2):
        two_sites.register("dan")

    after = reads.other_sites(bo, two_sites.study)

    assert [other.subjects for other in before] == [None]
    assert [(other.site.id, other.subjects) for other in after] == [(two_sites.sites[0], SMALL_COUNT)]
    assert reads.other_sites(two_sites.viewer("mia"), two_sites.study) == ()


def test_home_lists_the_viewers_own_work(two_sites: Any) -> None:
    assert {item.subject for item in reads.home(two_sites.viewer("bo"), ON).work} == {"02-001"}
    assert reads.home(two_sites.viewer("cai"), ON).studies == ()


def test_a_role_that_has_ended_shows_nothing(two_sites: Any) -> None:
    from protocord.conduct import Role
    from protocord.store.access import viewer_named

    actions.revoke("dan", two_sites.study, Role.COORDINATOR, two_sites.sites[0], last_day=date(2026, 3, 1), reason="left")

    assert viewer_named("dan", date(2026, 3, 1)).studies == (two_sites.study,)
    with pytest.raises(NotThere):
        reads.subject(viewer_named("dan", date(2026, 3, 2)), two_sites.study, "01-001", ON)


# --- the trail -----------------------------------------------------------------------------------------------------------------


def test_site_staff_see_their_own_childrens_trail_and_not_the_others(two_sites: Any) -> None:
    rows = reads.audit(two_sites.viewer("bo"), two_sites.study, ALL, per_page=1000).rows

    assert {row.subject for row in rows if row.subject} == {"02-001"}
    assert {row.kind for row in rows if row.subject is None} <= {"protocol_installed", "seal"}


def test_a_seal_is_shown_to_a_site_without_the_chains_it_counts(two_sites: Any) -> None:
    actions.seal(two_sites.viewer("dora"), two_sites.study)
    wanted = AuditFilter(kind="seal")

    (site_row,) = reads.audit(two_sites.viewer("bo"), two_sites.study, wanted).rows
    (study_row,) = reads.audit(two_sites.viewer("dora"), two_sites.study, wanted).rows

    assert (site_row.masked, site_row.body) == (True, None)
    assert "01-001" in str(study_row.body)
    assert "01-001" not in "".join(reads.audit_lines(two_sites.viewer("eva"), two_sites.study, wanted, form="jsonl"))


def test_searching_the_trail_finds_nothing_of_another_site(two_sites: Any) -> None:
    assert reads.audit(two_sites.viewer("bo"), two_sites.study, AuditFilter(text="01-001")).rows == ()
    assert reads.audit(two_sites.viewer("bo"), two_sites.study, AuditFilter(subject="01-001")).rows == ()
    assert "01-001" not in reads.audit(two_sites.viewer("bo"), two_sites.study, ALL).subjects


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (AuditFilter(subject="01-001"), 2),
        (AuditFilter(user="bo"), 2),
        (AuditFilter(kind="subject_registered"), 3),
        (AuditFilter(role="coordinator", kind="form_saved"), 3),
        (AuditFilter(source="web", text="guardian"), 3),
        (AuditFilter(until=date(2020, 1, 1)), 0),
    ],
    ids=["subject", "user", "kind", "role", "text", "date"],
)
def test_the_trail_is_filtered_by(two_sites: Any, wanted: AuditFilter, expected: int) -> None:
    assert reads.audit(two_sites.viewer("mia"), two_sites.study, wanted).total == expected


def test_the_exported_trail_is_what_is_shown_oldest_first(two_sites: Any) -> None:
    import csv

    dora = two_sites.viewer("dora")
    shown = reads.audit(dora, two_sites.study, ALL, per_page=1000).rows

    rows = list(csv.DictReader(reads.audit_lines(dora, two_sites.study, ALL)))

    assert [row["hash"] for row in rows] == [row.hash for row in reversed(shown)]


def test_a_cell_of_the_export_is_never_a_formula(two_sites: Any) -> None:
    two_sites.perform("eva", ScreenFail(ON), "02-001", reason='=HYPERLINK("http://example.org")')

    lines = "".join(reads.audit_lines(two_sites.viewer("dora"), two_sites.study, AuditFilter(kind="screen_failed")))

    assert "'=HYPERLINK" in lines


def test_who_may_see_the_trail_need_not_be_allowed_to_take_it_away(two_sites: Any) -> None:
    with pytest.raises(NotAllowed):
        list(reads.audit_lines(two_sites.viewer("mia"), two_sites.study, ALL))


@pytest.mark.parametrize(("name", "chains"), [("mia", 4), ("dora", 4), ("bo", 1), ("adam", 4)])
def test_the_chains_one_may_see_verify(two_sites: Any, name: str, chains: int) -> None:
    status = reads.chain_status(two_sites.viewer(name), two_sites.study)

    assert status.holds
    assert status.chains == chains


def test_the_access_review_lists_every_person_and_role(two_sites: Any) -> None:
    found = {
        person.username: [grant.role for grant in person.grants]
        for person in reads.people(two_sites.viewer("adam"), two_sites.study)
    }

    assert found["ana"] == ["investigator"]
    assert "cai" not in found
    with pytest.raises(NotAllowed):
        reads.people(two_sites.viewer("mia"), two_sites.study)
