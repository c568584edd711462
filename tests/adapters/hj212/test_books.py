"""Sessions and commands in the books: what the monitor page shows, and what devices are asked."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from shangyou.core.clock import to_ms
from shangyou.core.errors import UnavailableError
from shangyou.core.ports import Command, Session
from shangyou.flows.command import ask, ask_history, asked, outcome
from shangyou.ingest.hj212.answer import data_area
from shangyou.ingest.hj212.read import Reader
from shangyou.ingest.hj212.times import LegalTime
from tests.adapters.hj212.node import AREA, KNOWN, Place, dialled, packet, place, run

MN = "A510000_0001"


def states(here: Place) -> list[str]:
    return [command.state for command in here.intake.commands()[::-1]]


async def finished(here: Place) -> Command:
    """The newest command, once it is in an end state."""
    await here.intake.until(lambda: here.intake.commands()[0].state in ("done", "refused", "failed", "expired"))
    return here.intake.commands()[0]


def order(here: Place, code: str, **arguments: str) -> Command:
    command = ask(here.intake, here.registry, here.clock, MN, code, arguments, "operator")
    here.listener.wake()
    return command


def test_a_session_shows_who_it_is_and_what_it_brought() -> None:
    async def test() -> None:
        async with place() as here:
            peer = await here.peer()
            await peer.send(packet().frame() + b"hello\r\n")
            await peer.answer()
            await here.intake.until(lambda: any(s.refused and s.packets for s in here.intake.sessions()))
            (session,) = here.intake.sessions(open_only=True)
            assert (session.mn, session.packets, session.refused, session.closed) == (MN, 1, 1, None)
            assert session.last == to_ms(here.clock.now())
            assert session.peer.startswith("127.0.0.1:")
            await peer.close()
            await here.intake.until(lambda: not here.intake.sessions(open_only=True))
            assert here.intake.sessions()[0].reason == "hj212.closed_peer"

    run(test())


def test_a_session_is_written_once_for_many_packets() -> None:
    async def test() -> None:
        async with place(sweep_s=60) as here:
            peer = await here.peer()
            for i in range(50):
                await peer.send(packet(qn=f"{i:017d}").frame())
                await peer.answer()
            here.listener.wake()
            await here.intake.until(lambda: any(s.packets == 50 for s in here.intake.sessions()))
            assert here.intake.saves <= 2  # one may fall into the first round

    run(test())


def test_the_time_of_a_device_is_read() -> None:
    async def test() -> None:
        async with place() as here, dialled(here.device()) as monitor:
            await monitor.send("2011", AREA)
            order(here, "1011")
            command = await finished(here)
            told = LegalTime().write(to_ms(here.clock.now()))
            assert (command.state, command.outcome) == ("done", f"ExeRtn=1;SystemTime={told};packets=1")
            assert outcome(command, "en").startswith("done; SystemTime=")
            assert command.attempts == 1
            assert len(command.qn) == 17

    run(test())


def test_the_time_of_a_device_is_set_to_that_of_the_node() -> None:
    async def test() -> None:
        async with place() as here, dialled(here.device()) as monitor:
            monitor.offset_ms = 3_600_000
            await monitor.send("2011", AREA)
            order(here, "1012")
            assert (await finished(here)).state == "done"
            assert monitor.offset_ms == 0

    run(test())


def test_the_real_time_interval_is_set_and_read() -> None:
    async def test() -> None:
        async with place() as here, dialled(here.device()) as monitor:
            await monitor.send("2011", AREA)
            order(here, "1062", RtdInterval="60")
            assert (await finished(here)).outcome == "ExeRtn=1"
            order(here, "1061")
            assert (await finished(here)).outcome == "ExeRtn=1;RtdInterval=60;packets=1"

    run(test())


@pytest.mark.parametrize(("cadence", "code"), [("minute", "2051"), ("hour", "2061"), ("day", "2031")])
def test_history_is_asked_for_and_arrives_as_data(cadence: str, code: str) -> None:
    begin, end = datetime(2026, 8, 1, tzinfo=UTC), datetime(2026, 8, 1, 2, tzinfo=UTC)

    def history(cn: str, first: int, last: int) -> list[bytes]:
        assert (cn, first, last) == (code, to_ms(begin), to_ms(end))
        return [data_area(f"2026080{day}000000", {"w01001": {"Avg": day}}) for day in (1, 2, 3)]

    async def test() -> None:
        async with place() as here, dialled(here.device(history=history)) as monitor:
            await monitor.send("2011", AREA)
            ask_history(here.intake, here.registry, here.clock, MN, cadence, begin, end, "operator")
            command = await finished(here)
            assert (command.code, command.outcome) == (code, "ExeRtn=1;packets=3")
            device = next(known for known in KNOWN if known.mn == MN)
            reading = Reader().read(list(here.journal.read(0)), lambda mn: device)
            assert [v for v in reading.parsed.observations.value if v in (1, 2, 3)] == [1, 2, 3]
            assert reading.refused == ()

    run(test())


def test_a_device_without_the_data_says_so() -> None:
    async def test() -> None:
        async with place() as here, dialled(here.device()) as monitor:
            await monitor.send("2011", AREA)
            order(here, "2061", BeginTime="20260801080000", EndTime="20260801090000")
            command = await finished(here)
            assert (command.state, outcome(command, "zh")) == ("failed", "没有数据")

    run(test())


def test_a_device_that_refuses_says_why() -> None:
    async def test() -> None:
        async with place() as here:
            peer = await here.peer()
            await peer.send(packet().frame())
            await peer.answer()
            order(here, "1061")
            request = await peer.answer()
            assert (request.cn, request.flag, request.mn, request.pw, request.st) == ("1061", 5, MN, "123456", "21")
            await peer.send(packet(cn="9011", st="91", qn=request.qn, cp=b"QnRtn=3", flag=4).frame())
            command = await finished(here)
            assert (command.state, outcome(command, "en")) == ("refused", "wrong PW")

    run(test())


def test_a_request_is_repeated_under_its_qn_and_then_given_up() -> None:
    async def test() -> None:
        async with place(answer_s=0.03) as here:
            peer = await here.peer()
            await peer.send(packet().frame())
            await peer.answer()
            order(here, "1061")
            requests = [await peer.answer() for _ in range(4)]
            assert len({request.qn for request in requests}) == 1
            command = await finished(here)
            assert (command.state, command.attempts, command.outcome) == ("expired", 4, "")

    run(test())


def test_an_accepted_request_without_a_result_is_given_up() -> None:
    async def test() -> None:
        async with place(execute_s=0.03) as here:
            peer = await here.peer()
            await peer.send(packet().frame())
            await peer.answer()
            order(here, "1061")
            request = await peer.answer()
            await peer.send(packet(cn="9011", st="91", qn=request.qn, cp=b"QnRtn=1", flag=4).frame())
            assert (await finished(here)).state == "expired"

    run(test())


def test_a_request_waits_for_its_device_and_is_sent_when_it_dials_in() -> None:
    async def test() -> None:
        async with place() as here:
            order(here, "1061")
            async with dialled(here.device()) as monitor:
                await monitor.send("2011", AREA)
                assert (await finished(here)).state == "done"

    run(test())


def test_a_request_that_waited_too_long_is_given_up() -> None:
    async def test() -> None:
        async with place(command_s=60) as here:
            order(here, "1061")
            here.clock.move(seconds=61)
            assert (await finished(here)).state == "expired"

    run(test())


def test_requests_to_one_device_go_one_after_the_other() -> None:
    async def test() -> None:
        async with place() as here, dialled(here.device()) as monitor:
            await monitor.send("2011", AREA)
            for code in ("1061", "1063", "1011"):
                order(here, code)
            await here.intake.until(lambda: states(here) == ["done"] * 3)
            assert [request.cn for request in monitor.requests] == ["1061", "1063", "1011"]
            assert len({request.qn for request in monitor.requests}) == 3

    run(test())


def test_a_device_that_asks_for_the_time_is_answered_and_then_told_it() -> None:
    async def test() -> None:
        async with place() as here, dialled(here.device()) as monitor:
            monitor.offset_ms = -5000
            assert (await monitor.ask_time()).acknowledged
            await here.intake.until(lambda: states(here) == ["done"])
            assert [request.cn for request in monitor.requests] == ["1012"]
            assert monitor.offset_ms == 0
            assert asked(here.intake)[0].by == MN

    run(test())


def test_what_an_earlier_life_left_open_is_settled_at_the_start() -> None:
    async def test() -> None:
        async with place() as here:
            now = to_ms(here.clock.now())
            for state in ("sent", "accepted"):
                id = here.intake.ask(Command(0, MN, "1061", {}, "queued", asked=now))
                here.intake.move(id, state, now, qn="1" * 17, attempts=1)
            here.intake.save_session(Session(0, "192.0.2.1:9", MN, now, now, 5, 0, 500))
            await here.listener.close()
            here = replaced(here)
            await here.listener.start()
            await here.intake.until(lambda: not here.intake.sessions(open_only=True))
            assert states(here) == ["queued", "expired"]
            assert here.intake.sessions()[0].reason == "hj212.closed_stopped"
            await here.listener.close()

    run(test())


def replaced(here: Place) -> Place:
    """A new life with the same books."""
    again = Place(replace(here.limits), "refuse")
    again.intake = here.intake
    again.listener = again.listener_with(here.intake)
    return again


def test_books_that_fail_are_tried_again_and_packets_do_not_wait_for_them() -> None:
    async def test() -> None:
        async with place() as here, dialled(here.device()) as monitor:
            here.intake.broken = True
            assert (await monitor.send("2011", AREA))[0].acknowledged
            while not here.listener.figures.books_failures:
                await asyncio.sleep(0)
            here.intake.broken = False
            order(here, "1061")
            await here.intake.until(lambda: bool(here.intake.sessions()) and states(here) == ["done"])
            assert "state.write" in here.listener.figures.last_failure

    run(test())


def test_a_device_without_a_line_says_that_it_has_none() -> None:
    async def test() -> None:
        async with place() as here:
            monitor = here.device()
            with pytest.raises(UnavailableError, match=r"hj212\.connect"):
                await monitor.send("2011", AREA)
            async with dialled(monitor):
                assert monitor.connected
                await here.listener.close()
                await monitor.hung_up()
                with pytest.raises(UnavailableError, match=r"hj212\.connect"):
                    await monitor.send("2011", AREA)

    run(test())
