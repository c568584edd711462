"""`shangyou incident` from the command line: from the opening to the closing, with a report as a real file."""

from __future__ import annotations

import hashlib
import io
import json
from pathlib import Path

import docx
import pytest

from tests.faces.cli.shell import Shell

JOIN = ("federation", "init", "--member", "chongqing", "--address", "http://127.0.0.1:1", "--adm-code", "500000")


@pytest.fixture
def joined(shell: Shell) -> Shell:
    assert shell(*JOIN).code == 0
    return shell


def opened(shell: Shell) -> str:
    words = ("--river", "长江", "--substance", "benzene", "--place", "朱沱", "--english", "Benzene at Zhutuo")
    assert shell("incident", "open", "朱沱苯超标", *words).code == 0
    [row] = shell.rows("incident", "list")
    return str(row["id"])


def test_a_node_in_no_federation_has_no_incidents(shell: Shell) -> None:
    said = shell("incident", "list")
    assert (said.code, str(said.error).split()[0]) == (4, "federation.none")


def test_an_incident_is_opened_graded_reported_worked_on_and_closed(joined: Shell) -> None:
    id = opened(joined)
    short = id.removeprefix("urn:uuid:")[:8]
    assert joined("incident", "facts", short, "crossing=province", "deaths=0", "loss=1250000.5").code == 0
    [row] = joined.rows("incident", "list", "--open")
    assert (row["grade"], row["confirmed"], row["late"]) == ("II", False, 0)
    assert joined("incident", "grade", short).code == 0
    duties = ("own_government", "province", "ministry", "province_to_ministry")
    given = [word for duty in duties for word in ("--duty", duty)]
    assert joined("incident", "report", short, *given).code == 0
    clocks = joined.rows("incident", "show", short, "--what", "clocks")
    assert {clock["duty"]: clock["state"] for clock in clocks} == dict.fromkeys(duties, "done")
    assert joined("incident", "task", short, "monitoring", "--owner", "chongqing", "--state", "doing").code == 0
    tasks = {row["task"]: row["state"] for row in joined.rows("incident", "show", short, "--what", "tasks")}
    assert (len(tasks), tasks["monitoring"]) == (8, "doing")
    assert joined("incident", "point", short, "p1", "朱沱", "--parameter", "benzene", "--by", "chongqing").code == 0
    assert joined("incident", "sample", short, "p1", "benzene=0.02mg/L,limit=0.01", "cod_mn=<0.5mg/L").code == 0
    found = joined.rows("incident", "show", short, "--what", "samples")
    assert [(row["value"], row["exceeds"], row["below"]) for row in found] == [(0.02, True, False), (0.5, False, True)]
    words = ("measure", short, "m1", "dilute", "加大下泄", "--by", "chongqing", "--flow", "800")
    assert joined("incident", *words).code == 0
    assert joined("incident", "decide", short, "关闭取水口", "--why", "预计超标").code == 0
    assert joined("incident", "close", short, "连续三次达标").code == 0
    [row] = joined.rows("incident", "show", short)
    assert row["closed"] is not None
    assert json.loads(row["measures"])[0]["flow"] == 800
    kinds = [row["kind"] for row in joined.rows("incident", "show", short, "--what", "timeline")]
    assert (kinds[0], kinds[-1], len(kinds)) == ("dossier.open", "incident.close", 10)
    said = joined("incident", "decide", short, "再议", "--why", "无")
    assert (said.code, str(said.error).split()[0]) == (5, "incident.closed")
    assert joined("incident", "reopen", short, "--why", "再次超标").code == 0
    assert [row["closed"] for row in joined.rows("incident", "list")] == [None]


def test_a_room_takes_a_place_of_the_network_with_its_names_and_an_amount(joined: Shell) -> None:
    given = ("--at", "50.朱沱", "--amount", "0.25", "--substance", "benzene", "--affected", "chongqing")
    assert joined("incident", "open", "槽车翻覆", *given).code == 0
    [row] = joined.rows("incident", "list", "--open")
    assert (row["place"], row["river"], row["amount"]) == ("50.朱沱", "长江", 250.0)
    said = joined("incident", "open", "槽车翻覆", "--at", "无名沟", "--affected", "chongqing")
    assert (said.code, str(said.error).split()[0]) == (4, "network.place")
    said = joined("incident", "open", "槽车翻覆", "--amount", "许多", "--affected", "chongqing")
    assert (said.code, str(said.error).split()[0]) == (2, "entry.field")


def test_a_report_is_a_word_file_whose_digest_is_entered(joined: Shell, tmp_path: Path) -> None:
    id = opened(joined)
    path = tmp_path / "初报.docx"
    assert joined("incident", "report", id, "--write", path, "--duty", "own_government").code == 0
    body = path.read_bytes()
    text = "\n".join(p.text for p in docx.Document(io.BytesIO(body)).paragraphs)
    assert "朱沱苯超标初报（第 1 号）" in text
    [row] = joined.rows("incident", "show", id)
    assert [each["document"] for each in json.loads(row["reports"])] == [hashlib.sha256(body).hexdigest()]
    page = tmp_path / "final.html"
    assert joined("--lang", "en", "incident", "report", id, "--type", "final", "--write", page).code == 0
    assert "Benzene at Zhutuo: final report no. 1" in page.read_text(encoding="utf-8")
    assert joined("incident", "report", id, "--write", tmp_path / "x.odt").code == 2
    assert joined("incident", "report", id, "--type", "last", "--write", page).code == 2


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("facts", "ID", "deaths"), 2, "incident.pair"),
        (("facts", "ID", "weather=bad"), 5, "incident.fact"),
        (("grade", "ID", "I"), 2, "entry.field"),
        (("sample", "ID", "p1", "benzene"), 2, "incident.result"),
        (("sample", "ID", "p1", "benzene=1mg/L"), 5, "incident.unknown"),
        (("task", "ID", "own"), 2, "entry.field"),
        (("task", "ID", "monitoring", "--owner", "hubei"), 5, "incident.stranger"),
        (("show", "ID", "--what", "all"), 2, "incident.what"),
        (("show", "ID", "--as-of", "2020-01-01"), 2, "incident.before"),
        (("show", "0"), 4, "dossier.unknown"),
    ],
)
def test_what_cannot_be_is_said_with_its_code(joined: Shell, words: tuple[str, ...], code: int, says: str) -> None:
    id = opened(joined) if "ID" in words else ""
    said = joined("incident", *(id if word == "ID" else word for word in words))
    assert (said.code, str(said.error).split()[0]) == (code, says)


def test_an_id_that_begins_several_dossiers_is_not_guessed(joined: Shell) -> None:
    opened(joined)
    assert joined("incident", "open", "又一起", "--river", "长江").code == 0
    ids = [str(row["id"]).removeprefix("urn:uuid:") for row in joined.rows("incident", "list")]
    common = next((n for n in range(9) if ids[0][n] != ids[1][n]), 0)
    said = joined("incident", "show", ids[0][:common] or "urn:uuid:")
    assert str(said.error).split()[0] in ("dossier.several", "dossier.unknown")


def test_the_effect_of_a_measure_is_computed_on_the_nodes_own_network(joined: Shell) -> None:
    id = opened(joined)
    words = ("measure", id, "m1", "divert", "泸州段导流", "--by", "chongqing", "--share", "0.5")
    river = ("--at", "intake.hejiang", "--spill-at", "risk.naxi", "--mass", "2000", "--hours", "2", "--limit", "0.01")
    said = joined("incident", *words, *river)
    assert said.code == 0, said
    [row] = joined.rows("incident", "show", id)
    [measure] = json.loads(row["measures"])
    places = measure["effect"]["places"]
    assert len(places) > 3
    for place in places:
        assert place["after"]["peak"] == pytest.approx(place["before"]["peak"] / 2, rel=0.02)
    nowhere = joined("incident", *words, "--at", "risk.naxi", "--spill-at", "intake.hejiang", "--mass", "2000")
    assert (nowhere.code, str(nowhere.error).split()[0]) == (2, "course.unknown")


def test_a_place_that_is_found_later_serves_the_measures_that_follow(joined: Shell) -> None:
    assert joined("incident", "open", "不明油膜", "--river", "长江").code == 0
    [row] = joined.rows("incident", "list")
    short = str(row["id"]).removeprefix("urn:uuid:")[:8]
    assert joined("incident", "place", short, "--at", "risk.naxi", "--amount", "2000").code == 0
    [row] = joined.rows("incident", "show", short)
    assert (row["place"], row["amount"]) == ("risk.naxi", 2e6)
    words = ("measure", short, "m1", "divert", "泸州段导流", "--by", "chongqing", "--share", "0.5")
    assert joined("incident", *words, "--at", "intake.hejiang").code == 0
    [row] = joined.rows("incident", "show", short)
    assert json.loads(row["measures"])[0]["effect"]["places"]
    said = joined("incident", "place", short)
    assert (said.code, str(said.error).split()[0]) == (2, "entry.field")


def test_a_room_of_two_provinces_proposes_grade_two_by_itself_and_says_of_whom(joined: Shell) -> None:
    given = ("--in-charge", "chongqing", "--at", "51.手爬岩")
    assert joined("incident", "open", "省界上游苯超标", *given).code == 0
    [row] = joined.rows("incident", "list")
    assert (row["grade"], row["confirmed"]) == ("II", False)
    [row] = joined.rows("incident", "show", str(row["id"]))
    assert json.loads(row["derived"]) == {"crossing": ["chongqing", "sichuan"]}
