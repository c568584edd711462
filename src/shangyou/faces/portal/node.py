# ruff: noqa: D102  a name and its type say it
"""What the portal needs of a node."""

from __future__ import annotations

from typing import Protocol

from shangyou.core.clock import Clock
from shangyou.core.journal import Journal
from shangyou.core.ports import Intake, ObservationStore, People, Registry


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
