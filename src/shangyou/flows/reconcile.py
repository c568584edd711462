"""Make up for what was lost: letters not delivered, decisions due, acts not recorded, talks that stand still."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from shangyou.exchange.agreement import AgreementState
from shangyou.exchange.dsp.talk import Talk
from shangyou.flows.agreements import expire
from shangyou.flows.converse import Control, again, deliver, end_transfers, plane

LEASE_MS: Final = 30_000  # nobody else sends what we have taken
LONG_MS: Final = {"person": 86_400_000, "peer": 60_000, "rule": 60_000}  # in one state, by whom it waits for


def resume(control: Control) -> None:
    """After a start: the data plane hears again which transfers run; those of agreements that are over end now."""
    for talk in control.talks.talks("transfer", active=True):
        state = control.contracts.agreement(talk.agreement).state
        if state is not AgreementState.ACTIVE:
            end_transfers(control, talk.agreement, f"agreement.{state.value}", [])
        elif talk.state == "STARTED":
            plane(control, talk)


def turn(control: Control) -> int:
    """Do what is due now. Returns how much there was. `expiries` is asked for by itself, less often."""
    done = decisions(control) + records(control)
    now = control.now()
    letters = control.talks.take(now, now + LEASE_MS)
    for letter in letters:
        deliver(control, letter)
    return done + len(letters)


def records(control: Control) -> int:
    """What was done goes into the ledger, in the order in which it was done."""
    waiting = control.talks.acts()
    if waiting:
        control.record([act for _, act in waiting])
        control.talks.recorded([number for number, _ in waiting])
    return len(waiting)


def decisions(control: Control) -> int:
    """Talks whose time to be decided again has come."""
    due = control.talks.due(control.now())
    for talk in due:
        again(control, talk)
    return len(due)


def expiries(control: Control) -> int:
    """Agreements whose time window is over."""
    now, count = control.now(), 0
    for agreement in control.contracts.agreements(active=True):
        until = control.expires(agreement)
        if until is not None and until <= now:
            expire(control, agreement.id)
            count += 1
    return count


@dataclass(frozen=True, slots=True)
class Stuck:
    """A talk that has stood in a state for too long."""

    talk: Talk
    side: str  # member id of who has to move
    why: str  # code
    since: int


def stuck(control: Control) -> list[Stuck]:
    """Talks that stand still: which side has to move, why it may not, since when."""
    now, me = control.now(), control.members.me
    found = []
    for kind in ("negotiation", "transfer"):
        for talk in control.talks.talks(kind, active=True):
            if kind == "transfer" and talk.state in ("STARTED", "SUSPENDED") and not talk.before:
                continue
            side, why, patience = _waiting(control, talk, me)
            if now - talk.since >= patience:
                found.append(Stuck(talk, side, why, talk.since))
    return found


def _waiting(control: Control, talk: Talk, me: str) -> tuple[str, str, int]:
    if talk.before:
        letter = control.talks.letter(talk.id)
        error = letter.error if letter is not None else ""
        return talk.peer, error or "dsp.undelivered", LONG_MS["peer"]
    if talk.waits:
        return me, "contract.desk", LONG_MS["person"]
    return talk.peer, "contract.peer_silent", LONG_MS["peer"]
