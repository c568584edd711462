"""`shangyou doctor`: is the node well?"""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING, Annotated

import typer

from shangyou.core.errors import NotFoundError, ShangyouError
from shangyou.faces.cli.call import Call, command, t

if TYPE_CHECKING:
    from pathlib import Path

    from shangyou.flows.doctor import Finding, Inside, Machine
    from shangyou.settings import Settings


def register(app: typer.Typer) -> None:
    """Add the command."""
    command(app, "doctor", "doctor", rows=True)(doctor)


def doctor(call: Call, quick: Annotated[bool, typer.Option("--quick", help=t("doctor.quick"))] = False) -> None:
    """Examine the node; ends with 0, 5 where a person has to mend something, 6 where something is not there."""
    from shangyou.adapters.machine import missing
    from shangyou.flows.doctor import Level, examine, worst

    settings = call.settings()
    gone = missing(settings.home, settings.state)  # opened, the node would begin anew what is gone
    inside, failed = (None, None) if gone else _inside(call)
    findings = examine(_machine(settings, inside is not None and inside.serving, gone, quick), inside, failed)
    _show(call, findings)
    if all(finding.level is Level.GOOD for finding in findings):
        call.say("doctor.good")
    if worst(findings):
        raise typer.Exit(worst(findings))


def _machine(settings: Settings, serving: bool, gone: tuple[str, ...], quick: bool) -> Machine:
    from shangyou.adapters import machine
    from shangyou.flows.doctor import Damage, Machine

    home = settings.home
    places = [(settings.http_host, settings.http_port), (settings.hj212_host, settings.hj212_port)]
    entries, damage = machine.scan(home / "journal", quick)
    return Machine(
        home=str(home),
        python=machine.python(),
        free=machine.free(home),
        now=time.time_ns() // 1_000_000,
        newest=machine.newest(home),
        unwritable=machine.unwritable(home),
        open=machine.readable(home),
        leftovers=machine.leftovers(home),
        busy=() if serving else machine.busy(places),
        entries=entries,
        damage=Damage(*damage) if damage else None,
        missing=gone,
        mute=_mute(home),
    )


def _mute(home: Path) -> dict[str, object] | None:
    """Facts of "keys.none" where this member of a federation can sign nothing; other troubles the stores tell."""
    from shangyou.adapters.trust import TrustFolder, founded

    if not founded(home):
        return None
    trust = TrustFolder(home)
    with contextlib.suppress(ShangyouError):
        listed = trust.member(trust.me).keys
        try:
            trust.keys.choose(listed, time.time_ns() // 1_000_000)
        except NotFoundError as error:
            return error.facts
    return None


def _inside(call: Call) -> tuple[Inside | None, tuple[str, dict[str, object]] | None]:
    """What the node says of itself, or the error that kept it from saying it."""
    from shangyou.flows.doctor import Inside

    try:
        with call.session() as session:
            told = session.ask("status").table().to_pylist()[0]
            behind = session.ask("ledger/state").table().to_pylist()[0]["behind"]
    except ShangyouError as error:
        return None, (error.code, error.facts)
    state = told["state_store"]
    return Inside(told["serving"], told["behind"], told["trouble"], told["unconfirmed"], state, behind), None


def _show(call: Call, findings: list[Finding]) -> None:
    import pyarrow as pa

    from shangyou.faces.rows import Rows
    from shangyou.faces.sentences import sentence

    rows = []
    for finding in findings:
        said = sentence(finding.code, finding.facts, call.words.language)
        level = str(finding.level)
        if call.format == "table":
            level = call.words(f"doctor.level.{'bad' if level in ('conflict', 'unavailable') else level}")
        remedy = said.remedy if level not in ("good", call.words("doctor.level.good")) else ""
        rows.append({"check": finding.check, "level": level, "code": finding.code, "text": said.text, "remedy": remedy})
    schema = pa.schema([(name, pa.string()) for name in ("check", "level", "code", "text", "remedy")])
    call.show(Rows.of(pa.Table.from_pylist(rows, schema)), ("check", "level", "text", "remedy"))
