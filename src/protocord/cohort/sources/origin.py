"""The warehouse that a fact store was made of: where it is, what it was, and its persons' records as long as it is still the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from protocord.cohort.sources.fingerprints import counted, fingerprint
from protocord.cohort.sources.omop import Omop
from protocord.cohort.sources.omop_record import OmopRecords
from protocord.cohort.sources.warehouses import Address, Schemas, open_warehouse
from protocord.concepts import Concepts
from protocord.errors import Place, Problem, SubjectProblems
from protocord.exchange.mapping import SiteMapping
from protocord.values import SubjectRecord

_MAPPED = ("codes", "units", "values", "coverage")


def origin_of(place: Path | Address, source: Omop, mapping: SiteMapping, schemas: Schemas) -> dict[str, Any]:
    """This will return what a store's manifest says of its warehouse. A password in an address is not kept."""
    return {
        "place": str(place) if isinstance(place, Address) else str(place.resolve()),
        "schema": schemas.clinical,
        "vocabulary_schema": schemas.vocabulary,
        "fingerprint": _fingerprint(place, source),
        "mapping": {name: dict(getattr(mapping, name)) for name in _MAPPED}
        | {"ranges_are_age_specific": mapping.ranges_are_age_specific, "laboratory": mapping.laboratory},
    }


@dataclass
class Origin:
    """A fact store's warehouse, opened again when a record is asked for. `told` is what `origin_of` returned."""

    store: Path
    told: Mapping[str, Any]
    concepts: Concepts

    def records(self, persons: Sequence[int]) -> dict[int, SubjectRecord]:
        """This will return these persons' records; one that the warehouse does not have is left out.

        Raises SubjectProblems where the warehouse is gone, or is not what it was when the store was made.
        """
        with closing(self._source.engine):
            found = OmopRecords(self._source).records(persons)
        del self._source
        return found

    @cached_property
    def _source(self) -> Omop:
        written = self.told["place"]
        place = Address(written) if Address.is_one(written) else Path(written)
        if isinstance(place, Path) and not place.exists():
            raise self._gone()
        schemas = Schemas(self.told["schema"], self.told["vocabulary_schema"])
        source = open_warehouse(place, self.concepts, SiteMapping(**self.told["mapping"]), schemas=schemas)
        if _fingerprint(place, source) != self.told["fingerprint"]:
            source.engine.close()
            raise self._gone(changed=True)
        return source

    def _gone(self, *, changed: bool = False) -> SubjectProblems:
        what = f"was made of {self.told['place']}, which {'has changed since' if changed else 'is gone'}."
        remedy = (
            "Its answers stand as they were; for single records make it anew: protocord cohort ingest SOURCE STUDY --out STORE."
        )
        return SubjectProblems([Problem(Place(str(self.store)), what, remedy)])


def _fingerprint(place: Path | Address, source: Omop) -> str:
    return counted(source, source.tables) if isinstance(place, Address) else fingerprint(place)
