"""Notices that cannot be sent: for a day, by a server that hangs, by a plug-in that breaks."""

from __future__ import annotations

from shangyou.adapters.state.database import StateDatabase
from shangyou.adapters.state.notices import SqlNotices
from shangyou.core.errors import UnavailableError
from shangyou.flows.notify import LONGEST_MS, deliver
from shangyou.governance.warning.notice import Channel, Notice, Posted

DAY = 24 * 3_600_000


class Line:
    """A channel that is down until somebody mends it."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error, self.tried, self.sent = error, list[str](), list[str]()

    def send(self, address: str, notice: Notice) -> None:
        self.tried.append(address)
        if self.error is not None:
            raise self.error
        self.sent.append(notice.id)


def kept(*addresses: str) -> SqlNotices:
    notices = SqlNotices(StateDatabase(""))
    made = [
        Posted(Notice(f"n{n}", 1, "title", "text", ""), "d", f"m{n}", "duty", "email", address, 1)
        for n, address in enumerate(addresses)
    ]
    notices.post(made)
    return notices


def turns(notices: SqlNotices, line: Line, start: int, stop: int) -> None:
    def channel(name: str) -> Channel:
        return line

    for now in range(start, stop, LONGEST_MS):
        deliver(notices, channel, lambda now=now: now)  # type: ignore[misc]


def test_a_mail_server_that_is_down_for_a_day_gets_every_notice_once_it_is_back() -> None:
    notices, line = kept("a@x.cn", "b@x.cn"), Line(UnavailableError("channel.failed", detail="refused"))
    turns(notices, line, 1, DAY)
    assert line.sent == []
    assert all(each.trouble == "channel.failed" and each.due is not None for each in notices.of("d"))
    line.error = None
    turns(notices, line, DAY, DAY + 3 * LONGEST_MS)
    assert sorted(line.sent) == ["n0", "n1"]


def test_an_address_that_hangs_is_tried_once_a_turn_however_much_waits_for_it() -> None:
    notices, line = kept(*["a@x.cn"] * 12, "b@x.cn"), Line(UnavailableError("channel.failed", detail="timed out"))
    turns(notices, line, 1, 2)
    assert sorted(line.tried) == ["a@x.cn", "b@x.cn"]
    assert all(each.attempts == 1 for each in notices.of("d"))


def test_a_plug_in_that_breaks_is_a_failure_of_its_notice_and_of_nothing_else() -> None:
    notices, line = kept("138"), Line(ValueError("bug"))
    turns(notices, line, 1, 2)
    [waiting] = notices.of("d")
    assert (waiting.trouble, waiting.detail) == ("channel.failed", "ValueError")
    assert waiting.due is not None
