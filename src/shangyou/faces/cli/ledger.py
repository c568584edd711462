"""`shangyou ledger`: what the node has done, sealed by others, with proofs that need nobody."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from shangyou.core.errors import InputError, UnavailableError
from shangyou.faces.cli.call import Call, command, group, t

app = group("ledger")
LARGEST = 4 << 20  # bytes of a file that is read


@command(app, "show", "ledger.show", rows=True)
def show(
    call: Call,
    kind: Annotated[str, typer.Option(help=t("ledger.kind"))] = "",
    about: Annotated[str, typer.Option(help=t("ledger.about"))] = "",
    before: Annotated[int, typer.Option(help=t("ledger.before"), min=0)] = 0,
    limit: Annotated[int, typer.Option(help=t("ledger.limit"), min=1, max=10_000)] = 50,
) -> None:
    """The newest entries."""
    with call.session() as session:
        call.show(session.ask("ledger", kind=kind, about=about, before=before, limit=limit))
        if call.format == "table":
            [state] = session.ask("ledger/state").table().to_pylist()
            call.say("ledger.show.state", **state)


@command(app, "prove", "ledger.prove")
def prove(
    call: Call,
    index: Annotated[int, typer.Argument(help=t("ledger.index"), min=0)],
    file: Annotated[Path | None, typer.Argument(help=t("ledger.prove.file"), show_default=False)] = None,
) -> None:
    """A proof into a file."""
    with call.session() as session:
        [found] = session.ask("ledger/proof", index=index).table().to_pylist()
    path = file or Path(f"entry-{index}.tlog-proof")
    _write(path, found["proof"])
    call.say("ledger.prove.done", path=path, **{name: found[name] for name in ("index", "size", "cosigned")})


@command(app, "verify", "ledger.verify")
def verify(
    call: Call,
    file: Annotated[Path, typer.Argument(help=t("ledger.verify.file"))],
    policy: Annotated[Path | None, typer.Option(help=t("ledger.verify.policy"), show_default=False)] = None,
) -> None:
    """Verify a proof; without a policy, by the trust list of this node."""
    from shangyou.exchange.ledger.proof import parse_proof, prove
    from shangyou.exchange.ledger.trusting import parse_trust

    proof = parse_proof(_read(file))
    origin = proof.checkpoint.origin
    if policy is None:
        with call.session() as session:
            [row] = session.ask("ledger/policy", log=origin).table().to_pylist()
        text = row["policy"]
    else:
        text = _read(policy).decode("utf-8", "replace")
    found = prove(proof, parse_trust(text))
    names = ", ".join(name for name, _ in found.witnesses) or "–"
    call.say("ledger.verify.done", index=proof.index, size=proof.checkpoint.size, log=origin, witnesses=names)
    print(proof.entry.decode("utf-8", "replace"))  # noqa: T201


@command(app, "checkpoint", "ledger.checkpoint")
def checkpoint(call: Call) -> None:
    """Sign now."""
    with call.session() as session:
        done = session.do("ledger/checkpoint")
    call.say("ledger.checkpoint.sealed" if done["sealed"] else "ledger.checkpoint.open", **done)


@command(app, "witnesses", "ledger.witnesses", rows=True)
def witnesses(
    call: Call,
    policy: Annotated[Path | None, typer.Option(help=t("ledger.witnesses.policy"), show_default=False)] = None,
) -> None:
    """Who cosigns."""
    with call.session() as session:
        if policy is not None:
            [row] = session.ask("ledger/policy").table().to_pylist()
            _write(policy, row["policy"])
            call.say("ledger.witnesses.written", path=policy)
        else:
            call.show(session.ask("ledger/witnesses"))


@command(app, "check", "ledger.check", rows=True)
def check(
    call: Call,
    agreement: Annotated[str, typer.Option(help=t("ledger.check.agreement"))] = "",
    member: Annotated[str, typer.Option(help=t("ledger.check.member"))] = "",
) -> None:
    """Is everything as it was? Then the alarms so far."""
    if bool(agreement) != bool(member):
        raise InputError("cli.together", options="--agreement --member")
    with call.session() as session:
        done = session.do("ledger/check", agreement=agreement, member=member)
        call.say("ledger.check.done", **done)
        if done["alarms"] or call.format != "table":
            call.show(session.ask("ledger/alarms"), ("at", "code", "member", "text"))


@command(app, "reopen", "ledger.reopen")
def reopen(
    call: Call,
    member: Annotated[str, typer.Argument(help=t("ledger.reopen.member"))],
    reason: Annotated[str, typer.Option(help=t("ledger.reopen.reason"))],
) -> None:
    """Go on under a new name after an old backup was restored."""
    with call.session() as session:
        done = session.do("ledger/reopen", reason=reason, member=member)
    call.say("ledger.reopen.done", **done)


@command(app, "verifier", "ledger.verifier")
def verifier(call: Call, file: Annotated[Path, typer.Argument(help=t("ledger.verifier.file"))]) -> None:
    """The stand-alone program; it needs no node."""
    from shangyou.faces import verify_proof

    _write(file, Path(verify_proof.__file__).read_text(encoding="utf-8"))
    call.say("ledger.verifier.done", path=file)


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8", newline="")
    except OSError as error:
        raise UnavailableError("cli.write", path=str(path), detail=error.strerror or str(error)) from error


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(LARGEST + 1)
    except OSError as error:
        raise InputError("ingest.unreadable", path=str(path), detail=error.strerror or str(error)) from error
