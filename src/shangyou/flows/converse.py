"""Hold the talks of the Dataspace Protocol: hear the other end, say something, deliver letters, make up for losses."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import quote

from shangyou.core.errors import ConflictError, InputError, NotFoundError, RefusedError, ShangyouError, UnavailableError
from shangyou.exchange.agreement import Agreement
from shangyou.exchange.dsp import messages, moves
from shangyou.exchange.dsp.judge import Judge
from shangyou.exchange.dsp.tables import reachable
from shangyou.exchange.dsp.talk import Act, Change, Facts, Letter, Step, Talk, Talks
from shangyou.exchange.member import Member
from shangyou.exchange.ports import Answer, Contracts, DataPlane, Datasets, Members, Peers

TRIES: Final = 20  # of a step that others always come before
FIRST_MS: Final = 250  # until a letter is tried again; then twice as long, and so on
LONGEST_MS: Final = 300_000
PATIENCE: Final = 6  # refusals of one letter until the two ends count as parted
SECONDS: Final = 10.0  # for an answer


@dataclass(frozen=True, slots=True, eq=False)
class Control:
    """What the control plane of a node works with."""

    members: Members
    talks: Talks
    contracts: Contracts
    datasets: Datasets
    peers: Peers
    plane: DataPlane
    judge: Judge
    now: Callable[[], int]  # ms since 1970 UTC
    name: Callable[[], str]  # a new urn:uuid:...
    send: Callable[[Letter], None]  # hand a letter to whoever delivers it; returns at once
    decide: Callable[[Control, Talk, int], Step]  # what this end does by itself
    admit: Callable[[Control, Talk], None]  # may this talk begin? raises
    record: Callable[[list[Act]], None]  # into the ledger, durable when it returns
    deadline: Callable[[Talk, int], int]  # by when a person has to answer what came at a time
    expires: Callable[[Agreement], int | None]  # end of an agreement's time window
    seal: Callable[[Facts], Facts]  # sign a document
    verified: Callable[[Facts, Member, int], Facts]  # the document of a sealed one, if the member signed it
    forgiving: bool = False  # the other end forgets its callbacks after use, as the official kit does

    @property
    def me(self) -> Member:
        """This node."""
        return self.members.member(self.members.me)

    @property
    def base(self) -> str:
        """Where others send their messages."""
        return f"{self.me.address.rstrip('/')}{messages.PATH}"


# ---- hearing ----------------------------------------------------------------------------------------------------


def open_heard(control: Control, kind: str, member: Member, message: Mapping[str, Any]) -> Talk:
    """A talk that the other end begins. Doing it twice gives the talk of the first time.

    Raises RefusedError "dsp.callback" for an address that is not the member's; what `control.admit` raises.
    """
    name = messages.name_of(kind, message)
    role = "consumer" if name == "offer" else "provider"
    other = str(message["consumerPid" if role == "provider" else "providerPid"])
    known = control.talks.opened(kind, role, member.id, other)
    if known is not None:
        return known
    at = control.now()
    fresh = Talk(
        kind=kind,
        id=control.name(),
        role=role,
        peer=member.id,
        callback=callback(member, str(message.get("callbackAddress") or "")),
        opened=at,
        agreement=str(message.get("agreementId") or ""),
        format=str(message.get("format") or ""),
        address=message.get("dataAddress"),
        selection=message.get("selection") if isinstance(message.get("selection"), dict) else None,
    )
    heard = moves.heard(fresh, message, at)
    if kind == "negotiation" and not heard.dataset:
        raise InputError("dsp.target", offer=str(message["offer"].get("@id")))
    control.admit(control, heard)
    change = _answered(control, heard, at, settled=False)
    if control.talks.commit(change):
        _effects(control, change)
        return heard
    again = control.talks.opened(kind, role, member.id, other)
    if again is None:
        raise UnavailableError("dsp.busy", id=other)
    return again


def callback(member: Member, address: str) -> str:
    """The base for our letters: below the member's own address, for a request must not lead us anywhere else."""
    base, own = address.rstrip("/"), member.address.rstrip("/")
    if base != own and not base.startswith(f"{own}/"):
        raise RefusedError("dsp.callback", address=address[:200], member=member.id, own=own)
    return base


def hear(control: Control, kind: str, member: Member, id: str, message: Mapping[str, Any]) -> Talk:
    """A message in a talk. Returns the talk as the message left it; hearing it again changes nothing.

    Raises NotFoundError "dsp.unknown", also for a talk with somebody else; InputError "dsp.pids"; ConflictError
    "dsp.transition".
    """
    for _ in range(TRIES):
        talk = of_member(control, kind, member, id)
        own, other = message.get(f"{talk.role}Pid"), message.get(f"{talk.end}Pid")
        if (own is not None and own != talk.id) or (talk.other and other is not None and other != talk.other):
            raise InputError("dsp.pids", id=talk.id, other=talk.other)
        at = control.now()
        heard = moves.heard(talk, message, at)
        if heard is talk:
            return talk
        change = _answered(control, heard, at, settled=bool(talk.before))
        if control.talks.commit(change):
            _effects(control, change)
            return heard
    raise UnavailableError("dsp.busy", id=id)


def of_member(control: Control, kind: str, member: Member, id: str) -> Talk:
    """A talk with this member. NotFoundError "dsp.unknown": who has no part in it is not told that there is one."""
    talk = control.talks.talk(kind, id)
    if talk.peer != member.id:
        raise NotFoundError("dsp.unknown", kind=kind, id=id)
    return talk


def _answered(control: Control, talk: Talk, at: int, settled: bool = True) -> Change:
    """The talk, and what this end does next by itself. settled: whatever was under way of it is not any more."""
    step = control.decide(control, talk, at)
    if step.message:
        moved, letter = moves.said(talk, step.message, step.content or {}, control.base, at)
        return Change(moved, letter, acts=step.acts, agreements=step.agreements)
    waiting = replace(talk, waits=step.wait, due=step.due)
    return Change(waiting, settled=settled, acts=step.acts, agreements=step.agreements)


def _effects(control: Control, change: Change) -> None:
    """What follows from a change once it is durable."""
    if change.letter is not None:
        control.send(change.letter)
    assert change.talk is not None
    if change.talk.kind == "transfer":
        plane(control, change.talk)
    for agreement in change.agreements:
        if agreement.replaces:
            end_transfers(control, agreement.replaces, "agreement.replaced", [])


def again(control: Control, talk: Talk) -> None:
    """Decide on a talk once more, because its time has come; whoever was quicker has decided."""
    at = control.now()
    change = _answered(control, talk if talk.waits else replace(talk, due=None), at, settled=False)
    if control.talks.commit(change):
        _effects(control, change)


def plane(control: Control, talk: Talk) -> None:
    """Tell the data plane where a transfer stands; it may be told the same twice."""
    if talk.state == "STARTED":
        control.plane.begin(talk.transfer())
    elif talk.state in ("SUSPENDED", "COMPLETED", "TERMINATED"):
        control.plane.stop(talk.transfer())


# ---- saying -----------------------------------------------------------------------------------------------------


def begin(control: Control, talk: Talk, content: Facts, acts: tuple[Act, ...] = ()) -> Talk:
    """Open a talk from this end with its first message."""
    name = "offer" if talk.role == "provider" else "request"
    at = control.now()
    moved, letter = moves.said(replace(talk, opened=at), name, content, control.base, at)
    change = Change(moved, letter, acts=acts)
    if not control.talks.commit(change):
        raise ConflictError("dsp.exists", id=talk.id)
    control.send(letter)
    return moved


def say(
    control: Control, kind: str, id: str, name: str, content: Facts, by: str = "", step: Step | None = None
) -> Talk:
    """Say something in a talk. ConflictError "dsp.transition", "dsp.waiting"; NotFoundError "dsp.unknown"."""
    given = step or Step()
    for _ in range(TRIES):
        talk, at = control.talks.talk(kind, id), control.now()
        moved, letter = moves.said(replace(talk, by=by or talk.by), name, content, control.base, at)
        change = Change(moved, letter, acts=given.acts, agreements=given.agreements)
        if control.talks.commit(change):
            _effects(control, change)
            return moved
    raise UnavailableError("dsp.busy", id=id)


def end(control: Control, kind: str, id: str, code: str, reasons: list[object], by: str = "") -> Talk:
    """End a talk from this end, whatever is under way; the other end is told as soon as it can be.

    ConflictError "dsp.transition" if it is over already.
    """
    for _ in range(TRIES):
        talk, at = control.talks.talk(kind, id), control.now()
        facts = {"talk": id, "kind": kind, "peer": talk.peer, "code": code, "person": by}
        act = Act("decision", facts | {"act": "terminate"}, at)
        if not talk.other and not moves.over(
            talk
        ):  # the other end may never have heard of it; it learns on its next word
            gone = replace(moves.adopted(talk, "TERMINATED", code, at), code=code, reasons=tuple(reasons), by=by)
            change = Change(replace(gone, ended_by=control.members.me), settled=True, acts=(act,))
        else:
            content: dict[str, object] = {"code": code} | ({"reason": reasons} if reasons else {})
            moved, letter = moves.said(talk, "termination", content, control.base, at)
            change = Change(replace(moved, by=by, ended_by=control.members.me), letter, acts=(act,))
        if control.talks.commit(change):
            _effects(control, change)
            return change.talk or talk
    raise UnavailableError("dsp.busy", id=id)


def end_transfers(control: Control, agreement: str, code: str, reasons: list[object]) -> int:
    """Stop all transfers under an agreement, the data first, then the talk about it. Returns how many."""
    running = control.talks.talks("transfer", active=True, agreement=agreement)
    for talk in running:
        control.plane.stop(talk.transfer())
    for talk in running:
        try:
            end(control, "transfer", talk.id, code, reasons)
        except ConflictError:  # the other end was quicker
            continue
    return len(running)


# ---- delivering -------------------------------------------------------------------------------------------------


def deliver(control: Control, letter: Letter) -> bool:
    """Send a letter once; what becomes of it is written down. True if the other end has it."""
    try:
        path = _path(control, letter.peer, letter.base, letter.path)
        answer = control.peers.call(letter.peer, "POST", path, letter.body.encode(), seconds=SECONDS)
    except ShangyouError as error:
        _later(control, letter, error.code)
        return False
    kind = next((kind for kind, folder in messages.FOLDERS.items() if letter.path.startswith(f"/{folder}/")), "")
    if not kind:  # a notice: nothing waits for its answer
        if answer.status < 300 or answer.status in (400, 404, 409):
            control.talks.delivered(letter.id)
            return True
        _later(control, letter, _unheard(answer))
        return False
    if answer.status < 300:
        return _acknowledged(control, kind, letter, answer)
    if 400 <= answer.status < 500 and answer.status not in (401, 408, 425, 429):
        return _refused(control, kind, letter, answer)
    _later(control, letter, _unheard(answer))
    return False


def _unheard(answer: Answer) -> str:
    """Why the other end did not take it up at all, by its own code: a wrong clock is to be called so at the desk."""
    code = answer.headers.get("x-shangyou-code", "")
    return code if code.startswith("token.") and len(code) < 40 else f"http.{answer.status}"


def _path(control: Control, peer: str, base: str, path: str) -> str:
    """From the member's address on, as `Peers` wants it. RefusedError "dsp.callback" if the member has moved away."""
    member = control.members.member(peer)
    own = member.address.rstrip("/")
    return f"{callback(member, base)[len(own) :]}{path}"


def _later(control: Control, letter: Letter, error: str) -> None:
    pause = min(FIRST_MS * 2 ** min(letter.attempts, 20), LONGEST_MS)
    control.talks.failed(letter.id, control.now() + pause, error)


def _current(control: Control, kind: str, letter: Letter) -> Talk | None:
    """The talk while it still waits for this letter."""
    talk = control.talks.talk(kind, letter.talk)
    return talk if talk.before and letter.id == f"{talk.id}#{talk.sent}" else None


def _acknowledged(control: Control, kind: str, letter: Letter, answer: Answer) -> bool:
    other = ""
    talk = _current(control, kind, letter)
    if talk is not None and not talk.other:
        try:
            other = str(messages.read(answer.body, messages.STATUS[kind])[f"{talk.end}Pid"])
        except InputError as error:
            _later(control, letter, error.code)
            return False
    _settle(control, kind, letter, talk, lambda talk, at: moves.acknowledged(talk, other))
    return True


def _settle(control: Control, kind: str, letter: Letter, talk: Talk | None, move: Callable[[Talk, int], Talk]) -> None:
    """Nothing is under way any more; what this end does next, it does now. `talk` as it was just read."""
    for _ in range(TRIES):
        if talk is None:
            control.talks.delivered(letter.id)
            return
        at = control.now()
        change = _answered(control, move(talk, at), at)
        if control.talks.commit(change):
            _effects(control, change)
            return
        talk = _current(control, kind, letter)
    raise UnavailableError("dsp.busy", id=letter.talk)


def _refused(control: Control, kind: str, letter: Letter, answer: Answer) -> bool:
    """The other end does not take it: it has it already, it is elsewhere, or the talk cannot go on."""
    talk = _current(control, kind, letter)
    if talk is None:
        control.talks.delivered(letter.id)
        return False
    if not talk.other and answer.status != 409:  # the very first message: that is an answer too
        code, reasons = _told(answer)
        _settle(
            *(control, kind, letter, talk),
            lambda talk, at: replace(moves.adopted(talk, "TERMINATED", code, at), code=code, reasons=reasons),
        )
        return False
    theirs = state_there(control, talk)
    if theirs in reachable(kind, talk.state, talk.end) or moves.outranks(theirs, talk):
        _settle(control, kind, letter, talk, lambda talk, at: _joined(talk, theirs, at))
        return True
    if letter.attempts < PATIENCE:
        _later(control, letter, f"http.{answer.status}")
        return False
    if control.forgiving or moves.over(talk):
        _settle(control, kind, letter, talk, lambda talk, at: moves.acknowledged(talk))
        return False
    control.talks.delivered(letter.id)
    end(control, kind, talk.id, "dsp.diverged", [{"here": talk.state, "there": theirs or "?"}])
    return False


def _joined(talk: Talk, theirs: str, at: int) -> Talk:
    """Where the other end stands in a final state that ours may come to, it is ours too."""
    known = moves.acknowledged(talk)
    return moves.adopted(known, theirs, "dsp.ended_there", at) if moves.outranks(theirs, talk) else known


def _told(answer: Answer) -> tuple[str, tuple[object, ...]]:
    """Code and reasons of a protocol error; what cannot be read says the status."""
    try:
        body = messages.decoded(answer.body)
    except InputError:
        body = {}
    reasons = body.get("reason")
    return str(body.get("code") or f"http.{answer.status}")[:200], tuple(reasons) if isinstance(reasons, list) else ()


def state_there(control: Control, talk: Talk) -> str:
    """The state at the other end, "" if it does not say."""
    path = f"/{messages.FOLDERS[talk.kind]}/{quote(talk.other, safe=':')}"
    try:
        answer = control.peers.call(talk.peer, "GET", _path(control, talk.peer, talk.callback, path), seconds=SECONDS)
        if answer.status != 200:
            return ""
        return str(messages.read(answer.body, messages.STATUS[talk.kind])["state"])
    except ShangyouError:
        return ""
