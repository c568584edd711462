"""`shangyou federation`: found it, invite, join, see and change its list, see what is wrong with a connection."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from shangyou.core.errors import InputError, UnavailableError
from shangyou.faces.cli.call import Call, command, group, t

app = group("federation")

Address = Annotated[str, typer.Option(help=t("federation.address"))]
NameZh = Annotated[str, typer.Option(help=t("federation.name_zh"))]
NameEn = Annotated[str, typer.Option(help=t("federation.name_en"))]
Code = Annotated[str, typer.Option(help=t("federation.adm_code"))]
Level = Annotated[str, typer.Option(metavar="national|provincial", help=t("federation.level"))]
Pins = Annotated[str, typer.Option(help=t("federation.pins"))]
Suite = Annotated[str, typer.Option(metavar="std|gm", help=t("federation.suite"))]
Member = Annotated[str, typer.Argument(help=t("federation.member"))]
Reason = Annotated[str, typer.Option(help=t("federation.reason"))]

LOOK_EVERY: Final = 2.0  # seconds between two questions whether a request was granted
SHOWN: Final = ("id", "name_zh", "name_en", "level", "standing", "address", "answered", "version", "code", "key_stop")


@command(app, "init", "federation.init")
def init(
    call: Call,
    member: Annotated[str, typer.Option(help=t("federation.id"))],
    address: Address,
    name: Annotated[str, typer.Option(help=t("federation.name"))] = "federation",
    name_zh: NameZh = "",
    name_en: NameEn = "",
    adm_code: Code = "",
    level: Level = "",
    pins: Pins = "",
    anchors: Annotated[int, typer.Option(help=t("federation.anchors"), min=1, max=16)] = 1,
    suite: Suite = "std",
    days: Annotated[int, typer.Option(help=t("federation.days"), min=1, max=400)] = 30,
) -> None:
    """Begin a federation."""
    given = _own(member, address, name_zh, name_en, adm_code, level, pins)
    with call.session() as session:
        done = session.do("federation/init", **given, name=name, anchors=anchors, suite=suite, days=days)
    call.say("federation.init.done", **done, home=call.home)


@command(app, "invite", "federation.invite")
def invite(
    call: Call,
    file: Annotated[Path, typer.Argument(help=t("federation.output"))],
    days: Annotated[int, typer.Option(help=t("federation.invite.days"), min=1, max=90)] = 7,
    at_once: Annotated[bool, typer.Option("--at-once", help=t("federation.invite.at_once"))] = False,
) -> None:
    """Write an invitation for one new member."""
    with call.session() as session:
        done = session.do("federation/invite", days=days, at_once=at_once)
    _write(file, done["invitation"])
    call.say("federation.invite.done", path=file, days=days)


@command(app, "join", "federation.join")
def join(
    call: Call,
    invitation: Annotated[Path, typer.Argument(help=t("federation.join.invitation"))],
    member: Annotated[str, typer.Option(help=t("federation.id"))],
    address: Address,
    name_zh: NameZh = "",
    name_en: NameEn = "",
    adm_code: Code = "",
    level: Level = "",
    pins: Pins = "",
    suite: Suite = "std",
    wait: Annotated[float, typer.Option(help=t("federation.join.wait"), min=0)] = 0.0,
    save: Annotated[Path | None, typer.Option(help=t("federation.output"))] = None,
) -> None:
    """Ask to join."""
    given = _own(member, address, name_zh, name_en, adm_code, level, pins) | {"suite": suite}
    end = time.monotonic() + wait
    with call.session() as session:
        done = session.do("federation/join", invitation=_text(invitation), **given, ask=save is None)
        if save is not None:
            _write(save, done["request"])
            call.say("federation.join.written", path=save)
            return
        while done["state"] != "admitted" and time.monotonic() < end:
            time.sleep(min(LOOK_EVERY, max(0.0, end - time.monotonic())))
            done = session.do("federation/knock")
    call.say("federation.join.admitted" if done["state"] == "admitted" else "federation.join.waiting", **done)


@command(app, "list", "federation.list", rows=True)
def list_federation(
    call: Call,
    what: Annotated[str, typer.Option(metavar="members|state|anchors", help=t("federation.list.what"))] = "members",
) -> None:
    """Show the list."""
    paths = {"members": "federation/members", "state": "federation", "anchors": "federation/anchors"}
    if what not in paths:
        raise InputError("federation.what", what=what, known=", ".join(paths))
    with call.session() as session:
        if what == "members" and call.format == "table":
            row = session.ask("federation").table().to_pylist()[0]
            left = _span(call, row["left_seconds"])
            call.say(f"federation.phase.{row['phase']}", left=left, version=row["version"], name=row["federation"])
        call.show(session.ask(paths[what]), SHOWN if what == "members" else (), record=what == "state")


@command(app, "sign", "federation.sign", rows=True)
def sign(
    call: Call,
    what: Annotated[str, typer.Argument(help=t("federation.sign.what"), show_default=False)] = "",
    instead: Annotated[bool, typer.Option("--instead", help=t("federation.sign.instead"))] = False,
    save: Annotated[Path | None, typer.Option(help=t("federation.save"))] = None,
) -> None:
    """Sign what waits, or show it."""
    with call.session() as session:
        if not what:
            call.say("federation.sign.drafts")
            call.show(session.ask("federation/drafts"))
            if call.format == "table":
                call.say("federation.sign.requests")
                call.show(session.ask("federation/requests"))
            return
        given = {"document": _text(Path(what))} if Path(what).is_file() else {"name": what}
        _outcome(call, session.do("federation/sign", **given, instead=instead), save)


@command(app, "rotate", "federation.rotate")
def rotate(
    call: Call,
    what: Annotated[str, typer.Option(metavar="key|anchor|list|address", help=t("federation.rotate.what"))] = "key",
    suite: Suite = "",
    hours: Annotated[float, typer.Option(help=t("federation.rotate.hours"), min=0)] = 1.0,
    overlap: Annotated[float, typer.Option(help=t("federation.rotate.overlap"), min=0)] = 24.0,
    out: Annotated[str, typer.Option(help=t("federation.rotate.out"))] = "",
    threshold: Annotated[int, typer.Option(help=t("federation.rotate.threshold"), min=0, max=16)] = 0,
    address: Annotated[str, typer.Option(help=t("federation.address"))] = "",
    pins: Pins = "",
    save: Annotated[Path | None, typer.Option(help=t("federation.save"))] = None,
) -> None:
    """Change a key or the address, or renew the list."""
    given = {"suite": suite, "hours": hours, "overlap": overlap, "out": out, "threshold": threshold}
    with call.session() as session:
        done = session.do("federation/rotate", what=what, **given, address=address, pins=pins)
        _outcome(call, done, save)


@command(app, "suspend", "federation.suspend")
def suspend(
    call: Call,
    member: Member,
    reason: Reason = "",
    back: Annotated[bool, typer.Option("--back", help=t("federation.suspend.back"))] = False,
    save: Annotated[Path | None, typer.Option(help=t("federation.save"))] = None,
) -> None:
    """Suspend a member for a time, or take that back."""
    standing = "active" if back else "suspended"
    with call.session() as session:
        _outcome(call, session.do("federation/standing", member=member, standing=standing, reason=reason), save)


@command(app, "revoke", "federation.revoke")
def revoke(
    call: Call,
    member: Member,
    reason: Reason = "",
    save: Annotated[Path | None, typer.Option(help=t("federation.save"))] = None,
) -> None:
    """Revoke a member for good."""
    with call.session() as session:
        _outcome(call, session.do("federation/standing", member=member, standing="revoked", reason=reason), save)


@command(app, "check", "federation.check", rows=True)
def check(
    call: Call, member: Annotated[str, typer.Argument(help=t("federation.member"), show_default=False)] = ""
) -> None:
    """What is wrong with the connections; ends with 0, or 6 where something is."""
    with call.session() as session:
        rows = session.ask("federation/check", member=member)
        table = rows.table()
    from shangyou.faces.rows import Rows

    call.show(Rows.of(table), ("member", "level", "text", "remedy"))
    if "bad" in table["level"].to_pylist():
        raise typer.Exit(UnavailableError.exit_code)


def _own(id: str, address: str, zh: str, en: str, code: str, level: str, pins: str) -> dict[str, str]:
    names = {"member": id, "address": address, "name_zh": zh, "name_en": en}
    return names | {"adm_code": code, "level": level, "pins": pins}


def _outcome(call: Call, done: dict[str, Any], save: Path | None) -> None:
    """Say what became of a change; keep its document as a file to be carried."""
    if save is not None and done["document"]:
        _write(save, done["document"])
        call.say("federation.saved", path=save)
    if done["lacking"]:
        call.say("federation.waits", version=done["version"], lacking=done["lacking"], draft=done["draft"][:12])
    else:
        call.say("federation.in_force", version=done["version"])
    for id, code in done["failed"].items():
        call.say("federation.not_told", member=id, code=code)


def _span(call: Call, seconds: int) -> str:
    days, hours = divmod(seconds // 3600, 24)
    return call.words("federation.span", days=days, hours=hours)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError("federation.file", path=str(path), detail=type(error).__name__) from error


def _write(path: Path, text: str) -> None:
    """A file that only its owner reads: an invitation holds a secret."""
    from shangyou.adapters.keys import write_whole

    write_whole(path.absolute(), f"{text}\n".encode())
