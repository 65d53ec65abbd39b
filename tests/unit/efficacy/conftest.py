"""Rules and small tumours to assess."""

from __future__ import annotations

import pytest

from protocord.protocol import STUDIES, Protocol, load
from protocord.protocol.document.efficacy import TumourResponse


@pytest.fixture(scope="session")
def protocol() -> Protocol:
    return load(STUDIES / "nct06848582")


@pytest.fixture(scope="session")
def rules(protocol: Protocol) -> TumourResponse:
    """The shipped rules, with the 42 days of the vectors before stable disease counts."""
    return protocol.efficacy.response.model_copy(update={"stable_min_days": 42})
