from __future__ import annotations

import os
import re
import select
import signal
import string
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest

from shangyou.core.clock import LEGAL
from shangyou.core.errors import UnavailableError
from shangyou.faces.demo import parts
from shangyou.faces.demo.aftermath import compact, traces, true_arrival
from shangyou.faces.demo.between import comes_up
from shangyou.faces.demo.course import Affair, Course, Up
from shangyou.faces.demo.evidence import Part
from shangyou.faces.demo.home import own_stations, settings_of, sign_ins
from shangyou.faces.demo.packets import DECIMALS, HOURLY, area, hourly
from shangyou.faces.demo.processes import start
from shangyou.faces.demo.real import files_for
from shangyou.faces.demo.seats import ALONE, MINISTRY, PROVIDER, SEATS, Seat
from shangyou.faces.demo.spill import BORDER, FIRST, INTAKES, closes, detects, true_peak, warns
from shangyou.faces.demo.stage import Post, Stage, held_by
from shangyou.faces.demo.standing import SAMPLES, SECTION, samples
from shangyou.faces.demo.summary import Summary, width
from shangyou.faces.demo.talks import until
from shangyou.faces.demo.words import Words, texts
from shangyou.governance.compensation.read import parse
from shangyou.ingest.hj212.answer import AREA_LIMIT
from shangyou.simulation.events import Kind, truth
from shangyou.simulation.instruments import LOST, readings
from shangyou.simulation.spill import release
from shangyou.simulation.stretch import stations
from tests.simulation.scenarios import history, scenario

SHELL = [sys.executable, "-m", "shangyou.faces.demo.shell"]
PATIENCE_MS = 30_000


def demo(*arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SHANGYOU_")}
    return subprocess.run(
        [*SHELL, "demo", "--once", "--lang", "en", *arguments],
        capture_output=True,
        text=True,
        timeout=280,
        env=environment,
        check=False,
    )


def ends(process: int) -> bool:
    """Has a process, which need not be a child of ours, ended within PATIENCE_MS?"""
    try:
        handle = os.pidfd_open(process)
    except ProcessLookupError:
        return True
    try:
        poll = select.poll()
        poll.register(handle, select.POLLIN)
        return bool(poll.poll(PATIENCE_MS))
    finally:
        os.close(handle)


def children(process: int) -> list[int]:
    text = Path(f"/proc/{process}/task/{process}/children").read_text(encoding="ascii")
    return [int(word) for word in text.split()]


# ---- the whole ------------------------------------------------------------------------------------------------------


def test_the_demo_ends_well_when_every_part_of_its_summary_was_seen_to_work() -> None:
    done = demo("--nodes", "1", "--days", "9", "--seed", "3")
    said = done.stdout + done.stderr
    assert "✗" not in done.stdout, said
    assert done.returncode == 0, said
    assert done.stdout.count("✓") == 13
    assert "All of these data are simulated" in done.stdout
    assert re.search(r"Portal  http://127\.0\.0\.1:\d+", done.stdout)
    assert re.search(r"Sign in  demo  password \S{14} ", done.stdout)
    home = re.search(r"Home  (\S+)", done.stdout)
    assert home is not None
    assert not Path(home[1]).exists()  # what the demo made went with it


def test_seven_nodes_share_data_and_see_a_spill_through_from_the_alarm_to_the_truth() -> None:
    done = demo("--days", "9", "--seed", "3")
    said = done.stdout + done.stderr
    assert "✗" not in done.stdout, said
    assert done.returncode == 0, said
    assert done.stdout.count("✓") == 34
    assert "level of the recipient is any of provincial, offered national" in done.stdout  # the reason
    assert len(set(re.findall(r"http://127\.0\.0\.1:\d+(?=  )", done.stdout))) == 7
    assert len(set(re.findall(r"(?m)(?<= )(?:[a-z2-9]{4}-){2}[a-z2-9]{4}(?= |$)", done.stdout))) == 14
    names = ["Detected", "Warned", "Away", "Incident room", "Traced", "Closed", "Settled", "Resolved", "Truth"]
    places = [done.stdout.index(f"✓ {name}  ") for name in names]
    assert places == sorted(places)
    assert "raised one alarm for the spill" in done.stdout
    assert "The true outlet ranks number 1" in done.stdout
    assert "equal to the cent, and signed by both" in done.stdout
    assert "while Tibet was stopped (6 signatures)" in done.stdout


@pytest.mark.shared
def test_the_demo_takes_real_files_instead_and_agrees_with_the_published_classes(shared: Path, tmp_path: Path) -> None:
    home = tmp_path / "kept"
    data = shared / "data" / "cnemc" / "2021-04" / "重庆市"
    done = demo("--nodes", "1", "--data", str(data), "--home", str(home))
    said = done.stdout + done.stderr
    assert "✗" not in done.stdout, said
    assert done.returncode == 0, said
    assert done.stdout.count("✓") == 8
    assert "a simulated stretch" not in done.stdout
    assert "0 of them say that the data are simulated" in done.stdout
    assert (home / "node.toml").is_file()  # a home that was named stays


def test_a_demo_in_a_home_that_is_in_use_already_is_refused_as_a_conflict(tmp_path: Path) -> None:
    (tmp_path / "node.toml").write_text("", encoding="utf-8")
    done = demo("--nodes", "1", "--home", str(tmp_path))
    assert done.returncode == 5
    assert "[home.exists]" in done.stderr


@pytest.mark.parametrize("nodes", ["2", "6"])
def test_a_demo_has_seven_nodes_or_one(nodes: str) -> None:
    done = demo("--nodes", nodes)
    assert done.returncode == 2
    assert "[demo.nodes]" in done.stderr


def test_files_that_are_not_there_are_told_before_anything_starts(tmp_path: Path) -> None:
    done = demo("--data", str(tmp_path / "absent"))
    assert done.returncode == 4
    assert "absent" in done.stderr


# ---- processes ------------------------------------------------------------------------------------------------------

PARENT = """
import sys
from pathlib import Path
from shangyou.faces.demo.processes import start
with start("echo", ["tests.faces.demo_echo"], Path(sys.argv[1])) as child:
    print(child.next(60)["process"], flush=True)
    sys.stdin.read()
"""


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_nothing_that_the_demo_started_outlives_it_even_if_it_is_killed(number: signal.Signals, tmp_path: Path) -> None:
    command = [sys.executable, "-c", PARENT, str(tmp_path / "log")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        assert child in children(parent.pid)
        parent.send_signal(number)
        assert ends(child)


def test_a_child_is_spoken_to_by_lines_and_ends_with_its_block(tmp_path: Path) -> None:
    with start("echo", ["tests.faces.demo_echo"], tmp_path / "log") as child:
        assert child.next(60)["process"] == child.pid
        child.say("good day")
        assert child.next(60) == {"heard": "good day"}
        assert child.running()
    assert not child.running()
    assert ends(child.pid)


def test_a_child_that_fails_is_told_with_the_last_words_of_its_log(tmp_path: Path) -> None:
    with start("broken", ["tests.faces.no_such_module"], tmp_path / "log") as child:
        with pytest.raises(UnavailableError) as caught:
            child.next(60)
        assert caught.value.code == "demo.child_ended"
        assert "no_such_module" in str(caught.value.facts["words"])


def test_a_child_that_says_nothing_is_not_waited_for_for_ever(tmp_path: Path) -> None:
    with start("echo", ["tests.faces.demo_echo"], tmp_path / "log") as child:
        child.next(60)
        with pytest.raises(UnavailableError) as caught:
            child.next(0.05)
    assert caught.value.code == "demo.child_silent"


# ---- packets --------------------------------------------------------------------------------------------------------


def test_every_hour_that_was_not_lost_is_sent_once_by_its_monitor() -> None:
    of = scenario(days=9)
    got = readings(of, history(of))
    uploads = hourly(got, of.present_hour)
    due = (got.sent != LOST) & (got.sent <= of.present_hour)
    assert [len(each) for each in uploads] == due.sum(axis=0).tolist()
    assert all(upload.station == i and upload.cn == HOURLY for i, each in enumerate(uploads) for upload in each)
    for each in uploads:
        assert len({upload.area.split(b";")[0] for upload in each}) == len(each)


def test_what_was_kept_during_an_outage_goes_out_in_order_when_the_line_is_back() -> None:
    of = scenario(days=9)
    outage = next(e for e in truth(of) if e.kind is Kind.OUTAGE and e.station == "sujia" and e.hours == 8)
    place = [s.key for s in stations()].index("sujia")
    times = [upload.area.split(b";")[0] for upload in hourly(readings(of, history(of)), of.present_hour)[place]]
    assert times == sorted(times)
    assert outage.stop < of.present_hour


def test_what_a_line_that_is_still_down_has_kept_is_not_sent_yet() -> None:
    of = scenario(days=9)
    outage = next(e for e in truth(of) if e.kind is Kind.OUTAGE and e.station == "sujia" and e.hours == 8)
    place = [s.key for s in stations()].index("sujia")
    got = readings(of, history(of))
    during = [len(each) for each in hourly(got, outage.stop - 1)]
    after = [len(each) for each in hourly(got, outage.stop)]
    assert after[place] - during[place] >= outage.hours


def test_a_packet_fits_into_one_data_area_of_the_standard_with_its_decimals_and_marks() -> None:
    got = area(HOURLY, "20261122080000", [9999.123456] * len(DECIMALS), ["L"] * len(DECIMALS))
    assert len(got) <= AREA_LIMIT
    assert b"w01010-Avg=9999.1,w01010-Flag=L;w01001-Avg=9999.12,w01001-Flag=L" in got


# ---- words ----------------------------------------------------------------------------------------------------------


def test_every_text_is_there_in_both_languages_with_the_same_facts() -> None:
    for key, both in texts().items():
        named = [{name for _, name, _, _ in string.Formatter().parse(both[each]) if name} for each in ("zh", "en")]
        assert named[0] == named[1], key


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("ok", [True, False])
@pytest.mark.parametrize("seats", [(ALONE,), SEATS])
def test_the_summary_says_plainly_what_was_seen_and_what_was_not(
    language: str, ok: bool, seats: tuple[Seat, ...]
) -> None:
    of = scenario()
    report = parts.Report(25, 10, 10, 2, 90, "A500000_9999", 3, 1.5)
    looks = parts.looks(of, report)
    found = [(name, Part(ok, "…")) for name, _ in looks]
    posts = posts_of(seats, language)
    summary = Summary.simulated(posts, found, of, report)
    said = "\n".join(summary.lines(Words(language), keeps=True))
    assert summary.good is ok
    assert said.count("✓" if ok else "✗") == len(looks)
    assert all(who.password in said for post in posts for who in post.people)
    assert all(f"http://127.0.0.1:{post.settings.http_port}" in said for post in posts)
    assert ("模拟" if language == "zh" else "simulated") in said
    assert "{" not in said


def test_no_two_demos_have_the_same_passwords() -> None:
    assert {who.password for who in sign_ins()}.isdisjoint({who.password for who in sign_ins()})


def test_a_summary_without_parts_is_not_good() -> None:
    assert not Summary.real(posts_of(SEATS, "zh"), [], Path("/data")).good


def test_the_table_of_nodes_is_straight_though_chinese_signs_are_wide() -> None:
    summary = Summary.real(posts_of(SEATS, "zh"), [], Path("/data"))
    lines = [line for line in summary.lines(Words("zh"), keeps=False) if "http://127.0.0.1" in line]
    assert len({width(line[: line.index("http")]) for line in lines[: len(SEATS)]}) == 1


# ---- the spill ------------------------------------------------------------------------------------------------------


def test_the_wave_comes_to_a_section_before_its_highest_water_and_no_earlier_than_it_was_let_go() -> None:
    affair = Affair(scenario())
    began = release(affair.scenario).hour * 3600
    for section in (FIRST, BORDER, INTAKES):
        arrival, peak = (at(affair, section).timestamp() for at in (true_arrival, true_peak))
        assert began < arrival < peak


def test_the_invented_compact_is_one_that_the_checks_accept_and_says_that_it_is_invented() -> None:
    found = parse(compact("2026").encode())
    assert sorted(party.id for party in found.parties) == ["chongqing", "sichuan"]
    assert "invented" in found.title_en


def test_a_part_about_the_spill_that_needs_another_which_failed_says_which() -> None:
    course = Course(Stage(tuple(posts_of(SEATS, "en"))), Up(1.0, 0), Words("en"), "2026-11-01", live=True)
    for part, name in ((detects, "Spill"), (warns, "Detected"), (traces, "Warned"), (closes, "Incident room")):
        with pytest.raises(UnavailableError) as caught:
            part(course)
        assert (caught.value.code, caught.value.facts["what"]) == ("demo.before", name)
        course.affair = course.affair or Affair(scenario())


# ---- who has what ---------------------------------------------------------------------------------------------------


def posts_of(seats: tuple[Seat, ...], language: str) -> list[Post]:
    return [
        Post(
            seat,
            settings_of(seat, Path("/home") / seat.id, (8350 + n, 8212 + n), language, simulated=True),
            sign_ins(),
            Path("/logs"),
            Words(language),
        )
        for n, seat in enumerate(seats)
    ]


def test_every_station_reports_to_one_node_and_every_province_has_some() -> None:
    held = [station.key for seat in SEATS for station in own_stations(seat)]
    assert sorted(held) == sorted(station.key for station in stations())
    assert [seat.id for seat in SEATS if not own_stations(seat)] == [MINISTRY]


def test_a_node_of_a_province_keeps_only_its_own_rows_of_national_files() -> None:
    for seat in SEATS:
        settings = settings_of(seat, Path("/home"), (1, 2), "zh", simulated=False)
        assert settings.provinces == ((seat.province,) if seat.province else ())
        assert settings.hj212_port == 0


def test_folders_of_other_provinces_are_not_read(tmp_path: Path) -> None:
    names = ["2021-04/四川省/a.csv", "2021-04/重庆市/b.csv", "daily/1.json", "daily/2.json", "notes.csv"]
    for name in names:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("", encoding="utf-8")
    found = files_for(tmp_path, {"重庆市", "贵州省"})
    assert [str(path.relative_to(tmp_path)) for path in found] == ["2021-04/四川省", "daily", "notes.csv"]
    assert files_for(tmp_path / "daily", {"重庆市"}) == [tmp_path / "daily"]


def test_memory_counts_a_process_and_what_it_started() -> None:
    alone = held_by([os.getpid()])
    assert alone > 1_000_000
    with subprocess.Popen([sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE) as child:
        assert held_by([os.getpid()]) > held_by([child.pid]) > 0
    assert held_by([child.pid]) == 0


# ---- parts ----------------------------------------------------------------------------------------------------------


def test_what_does_not_come_about_is_not_waited_for_for_ever() -> None:
    with pytest.raises(UnavailableError) as caught:
        until("a miracle", lambda: None, seconds=0.01)
    assert caught.value.code == "demo.waited"
    assert until("a fact", lambda: 7, seconds=0.01) == 7


def test_a_part_that_needs_another_that_failed_says_which() -> None:
    course = Course(Stage(tuple(posts_of(SEATS, "en"))), Up(1.0, 0), Words("en"), "2026-11-01", live=True)
    for need, name in ((lambda: course.dataset(PROVIDER), "Catalogue"), (lambda: course.agreement, "Contracts")):
        with pytest.raises(UnavailableError) as caught:
            need()
        assert (caught.value.code, caught.value.facts["what"]) == ("demo.before", name)


def test_nodes_that_were_slow_or_large_are_not_called_up_to_the_mark() -> None:
    stage = Stage(tuple(posts_of(SEATS, "en")))
    ticked = [
        comes_up(Course(stage, up, Words("en"), "2026-11-01", live=True)).ok
        for up in (Up(59.0, 10**9), Up(61.0, 10**9), Up(59.0, 12 * 10**8))
    ]
    assert ticked == [True, False, False]


def test_what_the_ministry_samples_lies_in_one_month_at_whole_four_hours() -> None:
    lines, month = samples(datetime(2026, 12, 1, 5, 30, tzinfo=LEGAL), "四川省")
    assert month == "2026-12"
    assert [line.split(",")[3] for line in lines] == ["12-01 04:00", "12-01 00:00"]
    lines, _ = samples(datetime(2026, 11, 23, 14, 59, tzinfo=LEGAL), "四川省")
    assert len(lines) == SAMPLES
    assert SECTION in {station.section.id for station in stations() if station.province == "四川省"}
