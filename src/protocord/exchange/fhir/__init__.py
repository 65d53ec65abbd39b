"""Read a FHIR R4 Bundle about one patient as facts; what cannot be mapped is listed, never dropped."""

from protocord.exchange.fhir.bundle import Imported, Unmapped, from_bundle, looks_like_bundle, read_bundle

__all__ = ["Imported", "Unmapped", "from_bundle", "looks_like_bundle", "read_bundle"]
