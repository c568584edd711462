"""Agreements and transfers, as both ends keep them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class AgreementState(StrEnum):
    """Where an agreement stands."""

    ACTIVE = "active"
    REVOKED = "revoked"  # by the provider, with a signed notice
    ENDED = "ended"  # by the consumer, with a signed notice
    EXPIRED = "expired"  # its time window is over
    REPLACED = "replaced"  # by a renewal or amendment


@dataclass(frozen=True, slots=True)
class Agreement:
    """A contract on one dataset. `policy` is the ODRL Agreement exactly as both sides agreed on it."""

    id: str  # urn:uuid:...
    provider: str  # member id
    consumer: str  # member id
    dataset: str  # dataset id
    policy: Mapping[str, object]
    agreed: int  # ms since 1970 UTC
    state: AgreementState = AgreementState.ACTIVE
    changed: int = 0
    reason: str = ""
    replaces: str = ""  # the agreement that this one renews or amends


@dataclass(frozen=True, slots=True)
class Transfer:
    """A transfer under an agreement, at one end. States and moves: `exchange.dsp`."""

    id: str  # this end's pid
    other_id: str  # the other end's pid, "" while it is not known
    role: str  # provider or consumer: which end this is
    peer: str  # member id of the other end
    agreement: str
    format: str  # see FORMATS of the data plane, e.g. Arrow-PULL
    state: str  # REQUESTED, STARTED, SUSPENDED, COMPLETED, TERMINATED
    address: Mapping[str, object] | None = None  # DataAddress of DSP
    selection: Mapping[str, object] | None = None  # what of the dataset is asked for; None = all of it
    changed: int = 0
    code: str = ""  # why it is suspended or terminated
    facts: Mapping[str, object] = field(default_factory=dict)  # of the code, as its sentence names them
    reason: str = ""  # what else was said
