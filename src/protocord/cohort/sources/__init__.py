"""Where persons come from: a warehouse in the OMOP Common Data Model, a folder of FHIR records, or a fact store made from either."""

from protocord.cohort.sources.omop import Omop
from protocord.cohort.sources.places import open_source
from protocord.cohort.sources.store import FactStore

__all__ = ["FactStore", "Omop", "open_source"]
