# ruff: noqa: D102  a name and its type say it
"""What the portal needs of a node."""

from __future__ import annotations

from typing import Protocol

from shangyou.core.clock import Clock
from shangyou.core.journal import Journal
from shangyou.core.ports import Intake, ObservationStore, People, Registry
from shangyou.exchange.ledger.log import Log, Shelf


class Settings(Protocol):
    """The settings that pages show or follow."""

    @property
    def name_en(self) -> str: ...
    @property
    def name_zh(self) -> str: ...
    @property
    def level(self) -> str: ...
    @property
    def simulated(self) -> bool: ...
    @property
    def language(self) -> str: ...


class Kept(Log, Protocol):
    """The ledger with its shelf."""

    @property
    def shelf(self) -> Salted: ...


class Salted(Shelf, Protocol):
    """The shelf with the salt of pseudonyms."""

    @property
    def salt(self) -> bytes: ...


class Node(Protocol):
    """A node at run time, as wiring joins it."""

    @property
    def settings(self) -> Settings: ...
    @property
    def clock(self) -> Clock: ...
    @property
    def journal(self) -> Journal: ...
    @property
    def store(self) -> ObservationStore: ...
    @property
    def registry(self) -> Registry: ...
    @property
    def intake(self) -> Intake: ...
    @property
    def people(self) -> People: ...
    @property
    def ledger(self) -> Kept: ...
