"""What the store of notices promises, and the notices of a warning from the first to the last."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import pytest

from shangyou.adapters.state import StateDatabase
from shangyou.adapters.state.notices import SqlNotices
from shangyou.core.errors import InputError, UnavailableError
from shangyou.flows import notify
from shangyou.flows.notify import Recipient, recipients
from shangyou.flows.warn import Seen, seen
from shangyou.governance.warning.clocks import Clock
from shangyou.governance.warning.notice import Notice
from tests.governance.warning.saying import MINUTE, NOW, Talk

WHOM = recipients(["duty=email:a@x.cn", "duty=webhook:https://x.cn/h", "supervisor=email:b@x.cn"])


@pytest.fixture
def notices(state_database: StateDatabase) -> SqlNotices:
    return SqlNotices(state_database)


class Line:
    """A channel that keeps what it is given, or fails."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, str]] = []
        self.error: UnavailableError | InputError | None = None

    def send(self, address: str, notice: Notice) -> None:
        if self.error is not None:
            raise self.error
        self.sent.append((address, notice.title))


def words(found: Seen, clock: Clock) -> tuple[str, str]:
    return f"{clock.kind} {clock.step}", found.situation.content.title_zh


def of(talk: Talk, after: int) -> Seen:
    return seen(talk.id, talk.desk.at("cq").entries(talk.id), NOW + after * MINUTE)


def test_the_duty_officer_is_told_once_and_after_ten_minutes_the_supervisor(notices: SqlNotices) -> None:
    talk, line = Talk(), Line()
    for minute in (0, 1, 9):
        notices.post(notify.due(of(talk, minute), "cq", WHOM, words, ""))
        notify.deliver(notices, lambda name: line, partial(int, NOW + minute * MINUTE))
    assert sorted(line.sent) == [("a@x.cn", "first duty"), ("https://x.cn/h", "first duty")]
    assert notices.post(notify.due(of(talk, 10), "cq", WHOM, words, "")) == 1
    assert notify.deliver(notices, lambda name: line, lambda: NOW + 10 * MINUTE) == 1
    assert line.sent[-1] == ("b@x.cn", "first supervisor")
    assert notices.post(notify.due(of(talk, 40), "cq", WHOM, words, "")) == 0
    assert notify.due(of(talk, 40), "sc", WHOM, words, "") == []  # the sender's own people owe nothing


def test_what_fails_is_seen_and_tried_again_later_and_later(notices: SqlNotices) -> None:
    talk, line = Talk(), Line()
    notices.post(notify.due(of(talk, 0), "cq", WHOM[:1], words, ""))
    line.error = UnavailableError("channel.failed", detail="no server")
    at = NOW
    for attempt in range(4):
        assert notify.deliver(notices, lambda name: line, partial(int, at)) == 0
        [told] = notices.of(talk.id)
        assert (told.attempts, told.trouble, told.detail) == (attempt + 1, "channel.failed", "no server")
        assert told.due == at + (notify.FIRST_MS << attempt)
        at = told.due or 0
    line.error = None
    assert notify.deliver(notices, lambda name: line, lambda: at) == 1
    [told] = notices.of(talk.id)
    assert (told.sent, told.due, told.trouble) == (at, None, "")


def test_a_wrong_address_is_told_and_not_tried_for_ever(notices: SqlNotices) -> None:
    talk, line = Talk(), Line()
    line.error = InputError("channel.address", channel="email", address="x")
    notices.post(notify.due(of(talk, 0), "cq", WHOM[:1], words, ""))
    notify.deliver(notices, lambda name: line, lambda: NOW)
    [told] = notices.of(talk.id)
    assert (told.trouble, told.due) == ("channel.address", None)


def test_who_has_acknowledged_is_not_told_any_more(notices: SqlNotices) -> None:
    talk = Talk()
    notices.post(notify.due(of(talk, 0), "cq", WHOM, words, ""))
    talk.say("cq", "acknowledge", 1)
    assert notify.settle(notices, of(talk, 1), "cq") == 2
    assert notices.take(NOW + 60 * MINUTE, NOW + 61 * MINUTE) == []
    assert {each.dropped for each in notices.of(talk.id)} == {True}


def test_a_notice_goes_to_one_sender_at_a_time(notices: SqlNotices) -> None:
    talk = Talk()
    made = notify.due(of(talk, 0), "cq", WHOM[:1], words, "")
    assert notices.post([*made, *made]) == 1
    [taken] = notices.take(NOW, NOW + 5)
    assert taken == replace(made[0])
    assert notices.take(NOW + 4, NOW + 9) == []
    assert notices.take(NOW + 5, NOW + 9) == [taken]


@pytest.mark.parametrize("text", ["", "duty", "duty=email", "emperor=email:a@b", "duty=:a@b", "duty=email:"])
def test_settings_that_name_nobody_are_refused(text: str) -> None:
    with pytest.raises(InputError, match=r"channel\.address"):
        recipients([text])
    assert recipients(["supervisor=sms:139"]) == (Recipient("supervisor", "sms", "139"),)
