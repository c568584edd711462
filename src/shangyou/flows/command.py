"""Ask a device for something, and see what became of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from shangyou.core.clock import Clock, to_ms
from shangyou.core.errors import ConflictError, InputError, NotFoundError
from shangyou.core.ports import Command, Intake, Registry
from shangyou.ingest.hj212.commands import check, outcome_words
from shangyou.ingest.hj212.times import LEGAL_MS, LegalTime

HISTORY: Final = {"minute": "2051", "hour": "2061", "day": "2031"}  # cadence: CN


def ask(
    intake: Intake, registry: Registry, clock: Clock, mn: str, code: str, arguments: Mapping[str, str], by: str
) -> Command:
    """Queue a request; it is sent when its device is connected.

    code: CN; arguments: fields of the data area, times as 14 digits of legal time.

    Raises NotFoundError "command.device", ConflictError "command.blocked", and InputError "command.code",
    "command.missing", "command.argument" or "command.period".
    """
    device = registry.device(mn)
    if device is None:
        raise NotFoundError("command.device", mn=mn)
    if device.status != "active":
        raise ConflictError("command.blocked", mn=mn, status=device.status)
    at = to_ms(clock.now())
    command = Command(0, mn, code, check(code, arguments), "queued", asked=at, changed=at, by=by)
    id = intake.ask(command)
    return Command(id, mn, code, command.arguments, "queued", asked=at, changed=at, by=by)


def ask_history(
    intake: Intake,
    registry: Registry,
    clock: Clock,
    mn: str,
    cadence: str,
    begin: datetime,
    end: datetime,
    by: str,
    offset_ms: int = LEGAL_MS,
) -> Command:
    """Queue a request for minute, hour or day data from `begin` to `end`, both included.

    Raises as `ask`, and InputError "command.argument" for another cadence.
    """
    code = HISTORY.get(cadence)
    if code is None:
        raise InputError("command.argument", cn="2051/2061/2031", argument="cadence", value=cadence)
    time = LegalTime(offset_ms)
    arguments = {"BeginTime": time.write(to_ms(begin)), "EndTime": time.write(to_ms(end))}
    return ask(intake, registry, clock, mn, code, arguments, by)


def asked(intake: Intake, mn: str | None = None, limit: int = 100) -> list[Command]:
    """Requests with their state and outcome, newest first."""
    return intake.commands(mn, limit=limit)


def outcome(command: Command, language: str) -> str:
    """What the device said, in words of `zh` or `en`; "" while it has said nothing."""
    return outcome_words(command.outcome, language)
