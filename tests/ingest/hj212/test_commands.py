"""Requests to devices: arguments, and the conversation as a table."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shangyou.core.errors import InputError
from shangyou.ingest.hj212.answer import reply
from shangyou.ingest.hj212.codes import COMMANDS, EXE_RETURN, QN_RETURN
from shangyou.ingest.hj212.commands import (
    CONVERSATION,
    OPEN,
    REQUESTS,
    Talk,
    check,
    hear,
    late,
    outcome_words,
    request,
)
from shangyou.ingest.hj212.packet import Packet
from shangyou.ingest.hj212.times import LegalTime

QN = "20160801085857223"
TALK = Talk(1, "X", "1061", QN)
REQUEST = Packet("X", "1061", "32", "123456", b"", QN, 5)


def say(talk: Talk, *packets: Packet) -> Talk:
    for packet in packets:
        talk = hear(talk, packet) or talk
    return talk


def test_the_conversation_of_the_standard_ends_in_done_with_what_was_told() -> None:
    """HJ 212-2017 table C.5."""
    told = say(
        TALK,
        reply(REQUEST, "9011", "QnRtn=1"),
        reply(REQUEST, "1061", "RtdInterval=30"),
        reply(REQUEST, "9012", "ExeRtn=1"),
    )
    assert (told.state, told.outcome) == ("done", "ExeRtn=1;RtdInterval=30;packets=1")
    assert outcome_words(told.outcome, "zh") == "执行成功；RtdInterval=30；packets=1"


@pytest.mark.parametrize("code", sorted(set(QN_RETURN) - {"1"}))
def test_every_refusal_of_a_request_ends_it(code: str) -> None:
    told = say(TALK, reply(REQUEST, "9011", f"QnRtn={code}"))
    assert (told.state, outcome_words(told.outcome, "en")) == ("refused", QN_RETURN[code].en)


@pytest.mark.parametrize("code", sorted(set(EXE_RETURN) - {"1"}))
def test_every_failure_of_execution_ends_it(code: str) -> None:
    told = say(TALK, reply(REQUEST, "9011", "QnRtn=1"), reply(REQUEST, "9012", f"ExeRtn={code}"))
    assert (told.state, outcome_words(told.outcome, "zh")) == ("failed", EXE_RETURN[code].zh)


def test_an_answer_to_another_request_changes_nothing() -> None:
    assert hear(TALK, reply(REQUEST._replace(qn="2" * 17), "9011", "QnRtn=1")) is None
    assert hear(TALK, reply(REQUEST, "9014")) is None
    assert hear(TALK, REQUEST._replace(cn="2011")) is None


def test_a_device_that_leaves_9011_out_is_understood() -> None:
    told = say(TALK, reply(REQUEST, "1061", "RtdInterval=30"), reply(REQUEST, "9012", "ExeRtn=1"))
    assert told.state == "done"


def test_a_request_is_repeated_three_times_and_then_expires() -> None:
    talk = TALK
    for attempts in (2, 3, 4):
        talk = late(talk, retries=3)
        assert (talk.state, talk.attempts) == ("sent", attempts)
    assert late(talk, retries=3).state == "expired"


def test_an_accepted_request_is_not_repeated_but_expires() -> None:
    assert late(say(TALK, reply(REQUEST, "9011", "QnRtn=1")), retries=3).state == "expired"


def test_the_table_leads_from_queued_to_every_state_and_never_out_of_an_end() -> None:
    reached = {"queued"}
    for _ in CONVERSATION:
        reached |= {after for (state, _, _), after in CONVERSATION.items() if state in reached}
    ends = {"done", "refused", "failed", "expired"}
    assert reached == {*OPEN, *ends}
    assert {state for state, _, _ in CONVERSATION} == set(OPEN)


@given(st.lists(st.sampled_from(["9011 1", "9011 2", "9012 1", "9012 5", "1061", "2011", "late"]), max_size=12))
def test_every_move_is_a_row_of_the_table(words: list[str]) -> None:
    states = [TALK.state]
    talk = TALK
    for word in words:
        if talk.state not in OPEN:
            break
        code, _, result = word.partition(" ")
        area = f"{'QnRtn' if code == '9011' else 'ExeRtn'}={result}" if result else "RtdInterval=30"
        talk = late(talk, 3) if word == "late" else say(talk, reply(REQUEST, code, area))
        states.append(talk.state)
    rows = {(before, after) for (before, _, _), after in CONVERSATION.items()}
    assert all(move in rows or move[0] == move[1] for move in pairwise(states))


@pytest.mark.parametrize(
    ("code", "arguments"),
    [
        ("1011", {}),
        ("1011", {"PolId": "w01018"}),
        ("1012", {"SystemTime": "20160801085857"}),
        ("1062", {"RtdInterval": "30"}),
        ("1064", {"MinInterval": "10"}),
        ("2061", {"BeginTime": "20160801080000", "EndTime": "20160801080000"}),
    ],
)
def test_arguments_of_the_standard_are_accepted(code: str, arguments: dict[str, str]) -> None:
    assert check(code, arguments) == arguments


@pytest.mark.parametrize(
    ("code", "arguments", "error"),
    [
        ("9999", {}, "command.code"),
        ("1072", {"NewPW": "1"}, "command.code"),
        ("1062", {}, "command.missing"),
        ("1062", {"RtdInterval": "29"}, "command.argument"),
        ("1062", {"RtdInterval": "3601"}, "command.argument"),
        ("1062", {"RtdInterval": "30;ExeRtn=1"}, "command.argument"),
        ("1062", {"RtdInterval": "²"}, "command.argument"),
        ("1064", {"MinInterval": "7"}, "command.argument"),
        ("1061", {"RtdInterval": "30"}, "command.argument"),
        ("1011", {"PolId": "w01&&1"}, "command.argument"),
        ("2061", {"BeginTime": "20160801080000"}, "command.missing"),
        ("2061", {"BeginTime": "2016-08-01 08:0", "EndTime": "20160801080000"}, "command.argument"),
        ("2061", {"BeginTime": "20160802080000", "EndTime": "20160801080000"}, "command.period"),
    ],
)
def test_wrong_arguments_are_refused_with_the_reason(code: str, arguments: dict[str, str], error: str) -> None:
    with pytest.raises(InputError) as caught:
        check(code, arguments)
    assert caught.value.code == error


def test_every_request_is_a_command_of_the_table() -> None:
    assert set(REQUESTS) <= set(COMMANDS)


def test_a_request_is_the_packet_of_the_standard() -> None:
    """HJ 212-2017 table C.6."""
    talk = Talk(1, "010000A8900016F000169DC0", "1062", QN)
    assert request(talk, "32", "123456", {"RtdInterval": "30"}, 0, LegalTime()).segment() == (
        b"QN=20160801085857223;ST=32;CN=1062;PW=123456;MN=010000A8900016F000169DC0;Flag=5;CP=&&RtdInterval=30&&"
    )


def test_setting_the_time_without_a_time_sets_the_time_of_sending() -> None:
    talk = Talk(1, "X", "1012", QN)
    assert request(talk, "32", "1", {}, 1470013137000, LegalTime()).cp == b"SystemTime=20160801085857"
