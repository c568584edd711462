"""Tell a node's own people that a message of a warning waits for them: the duty officer first, then the next role.

Notices are rows: made once for each message, step and address; sent when due; tried again when they fail; dropped when
somebody has acknowledged meanwhile.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from shangyou.core.errors import InputError, ShangyouError, UnavailableError
from shangyou.flows.warn import Seen
from shangyou.governance.warning.clocks import Clock
from shangyou.governance.warning.notice import Channel, Notice, Notices, Posted

FIRST_MS: Final = 5_000  # until a notice is tried again; then twice as long, and so on
LONGEST_MS: Final = 300_000
LEASE_MS: Final = 60_000
ROLES: Final = ("duty", "supervisor")  # steps at which people here are told; the others concern those in charge


@dataclass(frozen=True, slots=True)
class Recipient:
    """Whom to tell at this node."""

    role: str  # one of ROLES
    channel: str
    address: str


def recipients(texts: Iterable[str]) -> tuple[Recipient, ...]:
    """From settings such as "duty=email:zhiban@example.cn". InputError "channel.address"."""
    found = []
    for text in texts:
        role, equals, rest = text.partition("=")
        channel, colon, address = rest.partition(":")
        if not equals or not colon or role not in ROLES or not channel.isidentifier() or not address:
            raise InputError("channel.address", channel=channel[:40] or "?", address=text[:200])
        found.append(Recipient(role, channel, address))
    return tuple(found)


def due(
    seen: Seen, me: str, whom: Sequence[Recipient], words: Callable[[Seen, Clock], tuple[str, str]], link: str
) -> list[Posted]:
    """Notices that there must be now for a warning; making them again makes the same.

    words: title and text for what one owes.
    """
    found = []
    for clock in seen.owed(me):
        roles = ROLES if clock.step not in ROLES else ROLES[: ROLES.index(clock.step) + 1]
        for each in whom:
            if each.role in roles:
                title, text = words(seen, clock)
                name = hashlib.sha256("\n".join((clock.message, each.role, each.channel, each.address)).encode())
                notice = Notice(name.hexdigest()[:32], seen.at, title, text, link)
                found.append(Posted(notice, seen.id, clock.message, each.role, each.channel, each.address, seen.at))
    return found


def settle(notices: Notices, seen: Seen, me: str) -> int:
    """Drop what is waiting for messages to which no word is owed any more; how many that were."""
    owed = {each.message for each in seen.owed(me)}
    waiting = {each.message for each in notices.of(seen.id) if each.due is not None}
    return sum(notices.drop(seen.id, message) for message in waiting - owed)


def deliver(notices: Notices, channel: Callable[[str], Channel], now: Callable[[], int]) -> int:
    """Send what is due; returns how much went out. Never raises for what a channel does.

    An address that has just failed is not tried again for the next notice of the same turn: a server that hangs costs
    its seconds once, and holds up nothing else for longer.
    """
    gone, down = 0, dict[tuple[str, str], ShangyouError]()
    for each in notices.take(now(), now() + LEASE_MS):
        error = down.get((each.channel, each.address)) or _send(each, channel)
        if error is None:
            notices.sent(each.notice.id, now())
            gone += 1
            continue
        pause = min(LONGEST_MS, FIRST_MS << min(each.attempts, 10))
        detail = str(error.facts.get("detail", ""))
        notices.failed(each.notice.id, now() + pause if error.retryable else None, error.code, detail)
        if error.retryable:
            down[each.channel, each.address] = error
    return gone


def _send(each: Posted, channel: Callable[[str], Channel]) -> ShangyouError | None:
    """What went wrong, if anything."""
    try:
        _guarded(each, channel)
    except ShangyouError as error:
        return error
    return None


def _guarded(each: Posted, channel: Callable[[str], Channel]) -> None:
    """A plug-in may break in any way; that must not hold up the warnings. UnavailableError "channel.failed"."""
    try:
        channel(each.channel).send(each.address, each.notice)
    except ShangyouError:
        raise
    except Exception as error:
        facts = {"channel": each.channel, "address": each.address, "detail": type(error).__name__}
        raise UnavailableError("channel.failed", **facts) from error
