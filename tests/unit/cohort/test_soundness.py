"""A fact store that is not what was written is refused, file by file and with the remedy; a sound one is answered."""

from __future__ import annotations

import json
import runpy
import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

import protocord
from protocord.cli import main
from protocord.cohort.answers.opened import opened
from protocord.cohort.kernel.compact import FOLDER, HEAD, PARTS, open_compact
from protocord.cohort.kernel.soundness import checksum, kept, sealed
from protocord.cohort.plan.program import program
from protocord.cohort.sources.making import Making
from protocord.cohort.sources.omop_ingest import ingest_omop
from protocord.cohort.sources.store import MANIFEST
from protocord.errors import SubjectProblems
from protocord.exchange.mapping import SiteMapping
from protocord.protocol import Protocol

HOSPITAL = runpy.run_path(str(Path(__file__).parents[2] / "cohort_children.py"))
ON = date(2025, 6, 25)
STUDY = "nct06848582"
ARRAYS = [f"{part}.{one}" for part, kind in PARTS.items() for one in kind._fields]
Harm = Callable[[Path], object]


@pytest.fixture(scope="module")
def protocol() -> Protocol:
    return protocord.load(protocord.STUDIES / STUDY)


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory, protocol: Protocol) -> Path:
    """A store that nobody writes to."""
    folder = tmp_path_factory.mktemp("sound")
    HOSPITAL["write"](folder / "omop", HOSPITAL["children"](30))
    ingest_omop(folder / "omop", folder / "store", protocol, SiteMapping(ranges_are_age_specific=True))
    return folder / "store"


@pytest.fixture
def store(sound: Path, tmp_path: Path) -> Path:
    """A store to harm."""
    return Path(shutil.copytree(sound, tmp_path / "store"))


def answers(store: Path, protocol: Protocol, engine: str) -> Any:
    with opened(store, protocol.concepts, None, engine=engine, threads=1) as source:
        return source.answered(program(protocol, ON, None)).codes


def refusal(store: Path, protocol: Protocol, engine: str = "kernel") -> str:
    with pytest.raises(SubjectProblems) as found:
        answers(store, protocol, engine)
    said = str(found.value)
    assert "protocord cohort ingest SOURCE STUDY --out STORE" in said
    return said


def on(name: str, change: Callable[[np.ndarray], object]) -> Harm:
    """What loads an array, changes it, and saves it with the same length."""

    def harm(store: Path) -> None:
        path = store / FOLDER / f"{name}.npy"
        array = np.load(path)
        change(array)
        np.save(path, array)

    return harm


def cut(name: str, rest: int = -64) -> Harm:
    return lambda store: (store / name).write_bytes((store / name).read_bytes()[:rest])


def edited(name: str, change: Callable[[dict[str, Any]], object]) -> Harm:
    def harm(store: Path) -> None:
        told = json.loads((store / name).read_text("utf-8"))
        change(told)
        (store / name).write_text(json.dumps(told, ensure_ascii=False) + "\n", "utf-8")

    return harm


LAST, FACTS = f"{FOLDER}/facts.last.npy", f"facts/{1:020d}.parquet"  # the first person is 1
HARMS: dict[str, tuple[Harm, str, str]] = {
    "zeroed": (on("facts.last", lambda array: array.fill(0)), "facts.last.npy", "is not what was written"),
    "zeroed history": (on("histories.since", lambda array: array.fill(0)), "histories.since.npy", "is not what was written"),
    "one bit": (on("values.low", lambda a: a.view(np.uint8).__setitem__(3, a.view(np.uint8)[3] ^ 1)), "values.low.npy", "checksum"),
    "short": (cut(LAST), "facts.last.npy", "bytes instead of"),
    "empty": (cut(LAST, 0), "facts.last.npy", "has 0 bytes instead of"),
    "gone": (lambda store: (store / LAST).unlink(), "facts.last.npy", "is missing"),
    "reversed codes": (edited(f"{FOLDER}/{HEAD}", lambda head: head["codes"].reverse()), HEAD, "checksum"),
    "counts of the head": (edited(f"{FOLDER}/{HEAD}", lambda head: head.update(persons=31)), HEAD, "checksum"),
    "counts of the manifest": (edited(MANIFEST, lambda told: told["counts"].update(persons=7)), MANIFEST, "checksum"),
    "no head": (lambda store: (store / FOLDER / HEAD).unlink(), HEAD, "is missing"),
    "no compact arrays": (lambda store: shutil.rmtree(store / FOLDER), HEAD, "is missing"),
    "no facts": (lambda store: (store / FACTS).unlink(), FACTS, "is missing"),
    "facts of another store": (lambda store: shutil.copy(store / FACTS, store / "facts" / "1.parquet"), "facts/1.parquet", "not written"),
    "cut facts": (cut(FACTS), FACTS, "bytes instead of"),
    "manifest that is no JSON": (cut(MANIFEST), MANIFEST, "is not that of a fact store"),
}  # fmt: skip


@pytest.mark.parametrize("harm", HARMS)
def test_what_went_wrong_with_a_store_is_said_with_the_file(harm: str, store: Path, protocol: Protocol) -> None:
    do, file, what = HARMS[harm]
    do(store)
    said = refusal(store, protocol)
    assert file in said
    assert what in said


@pytest.mark.parametrize("name", ARRAYS)
def test_no_array_can_change_unnoticed(name: str, store: Path) -> None:
    path = store / FOLDER / f"{name}.npy"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(SubjectProblems, match=rf"{name}\.npy: is not what was written"):
        open_compact(store)


@pytest.mark.parametrize("relation", ["persons", "facts", "histories"])
def test_a_changed_byte_of_a_relation_is_noticed_before_sql_reads_it(relation: str, store: Path, protocol: Protocol) -> None:
    path = store / relation / f"{1:020d}.parquet"
    content = bytearray(path.read_bytes())
    content[20] ^= 1
    path.write_bytes(content)
    assert f"{path}: is not what was written" in refusal(store, protocol, "duckdb")


def test_a_relation_with_fewer_rows_is_noticed_on_any_engine(store: Path, protocol: Protocol) -> None:
    file, manifest = "persons/" + f"{1:020d}.parquet", json.loads((store / MANIFEST).read_text("utf-8"))
    pl.read_parquet(store / file)[1:].write_parquet(store / file)
    del manifest["checksum"]
    manifest["written"][file] |= kept(store / file)
    (store / MANIFEST).write_text(json.dumps(sealed(manifest)), "utf-8")
    assert "has 29 rows instead of 30" in refusal(store, protocol)


# Arrays that agree with their checksums, but not with one another: a fault of whatever wrote them.
DISORDERS: dict[str, tuple[Harm, str]] = {
    "persons": (on("persons.person", lambda array: array.__setitem__(slice(None), array[::-1].copy())), "30 persons in order"),
    "starts": (on("segments.start", lambda array: array.__setitem__(1, array[1] + 1)), "does not cover all rows in order"),
    "lengths": (on("segments.length", lambda array: array.__setitem__(0, array[0] + 1)), "does not cover all rows in order"),
    "blocks": (on("segments.blocks", lambda array: array.__setitem__(0, 1)), "does not cover all persons in order"),
    "histories": (on("histories.blocks", lambda array: array.__setitem__(-1, 0)), "does not cover all persons in order"),
    "places": (on("segments.at", lambda array: array.__setitem__((-1, 2), 1 << 40)), "leads outside facts.value"),
    "steps": (on("segments.step", lambda array: array.__setitem__((0, 0), 2)), "leads outside facts.rank"),
    "codes": (on("values.code", lambda array: array.__setitem__(0, 1000)), "leads outside the list of codes"),
    "concepts": (on("segments.concept", lambda array: array.__setitem__(0, -2)), "no concept's"),
    "type": (lambda store: np.save(store / FOLDER / "facts.last.npy", np.load(store / LAST).astype(np.int32)), "not int16"),
    "length": (lambda store: np.save(store / FOLDER / "facts.last.npy", np.load(store / LAST)[1:]), "longer or shorter"),
    "fact count": (edited(f"{FOLDER}/{HEAD}", lambda head: head.update(facts=1)), "facts, not 1"),
}  # fmt: skip


@pytest.mark.parametrize("disorder", DISORDERS)
def test_arrays_that_do_not_fit_one_another_are_refused(disorder: str, store: Path) -> None:
    do, what = DISORDERS[disorder]
    do(store)
    head = json.loads((store / FOLDER / HEAD).read_text("utf-8"))
    del head["checksum"]
    head["arrays"] = {name: kept(store / FOLDER / f"{name}.npy") for name in ARRAYS}
    (store / FOLDER / HEAD).write_text(json.dumps(sealed(head)), "utf-8")
    with pytest.raises(SubjectProblems, match=what):
        open_compact(store)


def test_a_sound_store_answers_on_both_engines_and_two_made_alike_have_one_fingerprint(
    sound: Path, tmp_path: Path, protocol: Protocol
) -> None:
    ingest_omop(sound.parent / "omop", tmp_path / "again", protocol, SiteMapping(ranges_are_age_specific=True))
    found = [answers(sound, protocol, engine) for engine in ("kernel", "duckdb")]
    assert (found[0] == found[1]).all()
    with opened(sound, protocol.concepts) as one, opened(tmp_path / "again", protocol.concepts) as other:
        assert one.fingerprint == other.fingerprint


def test_a_command_ends_with_4_and_says_which_file(store: Path) -> None:
    shutil.rmtree(store / "facts")
    said = CliRunner().invoke(main, ["cohort", "screen", str(store), STUDY, "--on", "2025-06-25"], catch_exceptions=False)
    assert said.exit_code == 4
    assert f"{FACTS}: is missing" in said.output


@given(st.binary(min_size=1, max_size=100), st.data())
def test_a_checksum_changes_with_each_bit_and_with_the_length(content: bytes, drawn: st.DataObject) -> None:
    place, bit = drawn.draw(st.integers(0, len(content) - 1)), drawn.draw(st.integers(0, 7))
    other = bytearray(content)
    other[place] ^= 1 << bit
    told = [checksum(np.frombuffer(one, np.uint8)) for one in (content, bytes(other), content + b"\0", content[:-1])]
    assert len(set(told)) == 4


# --- the folder in which a store is made ------------------------------------------------------------------------------------


def test_a_folder_that_lies_beside_the_place_of_a_store_is_left_alone(sound: Path, tmp_path: Path, protocol: Protocol) -> None:
    mine = tmp_path / "store.part"
    mine.mkdir()
    (mine / "thesis.txt").write_text("years of work", "utf-8")
    ingest_omop(sound.parent / "omop", tmp_path / "store", protocol)
    assert (mine / "thesis.txt").read_text("utf-8") == "years of work"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["store", "store.part"]


def test_two_that_make_one_store_do_not_meet_and_the_later_is_told(tmp_path: Path, protocol: Protocol) -> None:
    with Making(tmp_path / "store") as first, Making(tmp_path / "store") as second:
        assert first.folder != second.folder
        first.finish(protocol, SiteMapping(), {})
        with pytest.raises(SubjectProblems, match="exists already"):
            second.finish(protocol, SiteMapping(), {})
    assert [path.name for path in tmp_path.iterdir()] == ["store"]


@pytest.mark.parametrize("wrong", [ValueError, KeyboardInterrupt])
def test_what_is_not_finished_leaves_nothing_behind(wrong: type[BaseException], tmp_path: Path) -> None:
    with pytest.raises(wrong), Making(tmp_path / "store"):
        raise wrong
    assert not list(tmp_path.iterdir())


def test_a_store_is_as_open_to_others_as_any_new_folder(sound: Path, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    assert sound.stat().st_mode == (tmp_path / "other").stat().st_mode


def test_a_place_where_nothing_can_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", "utf-8")
    with pytest.raises(SubjectProblems, match="cannot be made"):
        Making(tmp_path / "file" / "store")
