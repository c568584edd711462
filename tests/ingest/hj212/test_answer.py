"""Answers, built packets, and splitting."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shangyou.core.errors import InputError
from shangyou.ingest.hj212.answer import answer, answer_code, data_area, fields_area, flag_of, parts, reply
from shangyou.ingest.hj212.codes import COMMANDS
from shangyou.ingest.hj212.frame import Frame, PacketReader
from shangyou.ingest.hj212.packet import Packet, parse

UPLOAD = Packet("010000A8900016F000169DC0", "2011", "32", "123456", b"", "20160801085857223", 5)


def test_the_answer_to_data_is_the_one_of_the_standard() -> None:
    """HJ 212-2017 table C.14."""
    assert answer(UPLOAD) == (
        b"##0087QN=20160801085857223;ST=91;CN=9014;PW=123456;MN=010000A8900016F000169DC0;Flag=4;CP=&&&&3240\r\n"
    )


@pytest.mark.parametrize(
    ("cn", "code"),
    [
        *((cn, "9014") for cn in ("2011", "2061", "1011", "3020", "7777")),
        *((cn, "9013") for cn in ("1013", "9015", "9021", "2012")),
        *((cn, None) for cn in ("9011", "9012", "9013", "9014")),
    ],
)
def test_each_kind_of_command_has_its_answer(cn: str, code: str | None) -> None:
    assert answer_code(UPLOAD._replace(cn=cn)) == code


@pytest.mark.parametrize("cn", sorted(COMMANDS))
@pytest.mark.parametrize("flag", [None, 0, 4, 8])
def test_nothing_is_answered_that_does_not_ask(cn: str, flag: int | None) -> None:
    assert answer(UPLOAD._replace(cn=cn, flag=flag)) is None


@pytest.mark.parametrize(("flag", "expected"), [(1, 0), (5, 4), (7, 4), (9, 8), (3, 0), (11, 8)])
def test_an_answer_keeps_the_version_bits_and_asks_for_nothing(flag: int, expected: int) -> None:
    found = answer(UPLOAD._replace(flag=flag))
    assert found is not None
    assert f";Flag={expected};".encode() in found


def test_a_packet_without_qn_is_answered_without_qn() -> None:
    found = answer(UPLOAD._replace(qn=""))
    assert found is not None
    assert found[6:].startswith(b"ST=91;CN=9014;")


@given(st.text(max_size=30), st.text("0123456789ABCDEF", min_size=1, max_size=24))
def test_every_answer_is_a_good_frame(pw: str, mn: str) -> None:
    found = answer(UPLOAD._replace(mn=mn, pw="".join(c for c in pw if "!" <= c <= "~" and c not in ";=")))
    assert found is not None
    reader = PacketReader("strict")
    reader.receive(found)
    got = reader.next()
    assert isinstance(got, Frame)
    assert isinstance(parse(got.segment), Packet)


def test_a_device_answers_under_the_qn_of_the_request() -> None:
    request = UPLOAD._replace(cn="1061")
    assert reply(request, "9011", "QnRtn=1").segment() == (
        b"QN=20160801085857223;ST=91;CN=9011;PW=123456;MN=010000A8900016F000169DC0;Flag=4;CP=&&QnRtn=1&&"
    )
    assert reply(request, "1061", "RtdInterval=30").st == "32"


def test_the_flag_of_each_edition() -> None:
    assert [flag_of(edition, True) for edition in (2005, 2017, 2025)] == [1, 5, 9]
    assert flag_of(2017, False, split=True) == 6


def test_a_data_area_holds_the_fields_of_each_factor_in_order() -> None:
    area = data_area("20160801084000", {"w00000": {"Cou": 10.5, "Flag": "N"}, "w01001": {"Min": 7.1}})
    assert area == b"DataTime=20160801084000;w00000-Cou=10.5,w00000-Flag=N;w01001-Min=7.1"


@pytest.mark.parametrize("text", ["a;b", "a,b", "a=b", "&&", "a\r\n"])
def test_text_that_would_break_the_protocol_is_not_sent(text: str) -> None:
    with pytest.raises(InputError, match=r"hj212\.text"):
        fields_area([("Info", text)])
    with pytest.raises(InputError, match=r"hj212\.text"):
        data_area("1", {"i11001": {"Info": text}})


@given(st.integers(0, 60), st.integers(60, 400))
def test_parts_are_within_the_limit_and_hold_every_factor_once(count: int, limit: int) -> None:
    area = data_area("20260801080000", {f"w{i:05d}": {"Avg": i, "Flag": "N"} for i in range(count)})
    split = parts(UPLOAD._replace(cp=area), limit)
    groups = [group for part in split for group in part.cp.split(b";")[1:]]
    assert groups == area.split(b";")[1:]
    assert [part.pno for part in split] == (list(range(1, len(split) + 1)) if len(split) > 1 else [0])
    assert all(len(part.cp) <= limit for part in split)
    assert all(part.flag == (7 if len(split) > 1 else 5) for part in split)
