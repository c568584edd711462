"""Every page, in both languages, with data and without."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from urllib.parse import quote

import pytest

from tests.faces.portal.node import FakeNode, Reader
from tests.faces.portal.river import DIRTY, LAST, MN, TIMES

PAGES = (
    *("/basin", "/basin?by=river", "/basin?by=city&all=1"),
    *("/map", "/map?section=51.清风峡", f"/map?section={DIRTY}&time={TIMES[3]}"),
    *("/sections", "/sections?q=清风&class=1&class=2&sort=name&size=25"),
    "/sections?status=no_place&hide=river&page=99",
    *("/sections/51.清风峡", f"/sections/{DIRTY}?parameter=total_phosphorus&span=all", "/sections/52.静默站"),
    "/sections/51.清风峡?parameter=ph&from=2021-04-03&to=2021-04-04",
    "/sections/51.清风峡?parameter=nothing&kind=x.y&page=-3",
    *("/intake", "/intake?view=refused", "/intake?view=batches", "/intake?view=commands"),
    "/intake?view=nonsense&page=x",
    *("/intake/entries", f"/intake/entries?source={MN}", "/intake/entries/0", "/intake/entries/5"),
    *("/exports", "/exports?province=四川省&parameter=ph", "/exports?section=51.清风峡&versions=all", "/settings"),
    *("/why/classes", "/why/good", "/why/exceeding", "/why/arrival", "/why/online"),
    f"/versions?site=51.清风峡&parameter=ph&cadence=4h&statistic=value&time={TIMES[3]}",
)
EMPTY = ("/basin", "/map", "/map/data", "/sections", "/intake", "/intake?view=batches", "/exports", "/why/good")


class Outline(HTMLParser):
    """What a page is made of."""

    VOID = frozenset({"meta", "link", "input", "br", "path", "circle", "rect", "img", "hr"})

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.wrong: list[str] = []
        self.ids: list[str] = []
        self.headings: list[str] = []
        self.nameless: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.ids += [given["id"] or ""] if "id" in given else []
        self.headings += [tag] if tag in ("h1", "h2", "h3") else []
        if "style" in given or any(name.startswith("on") for name in given):
            self.wrong.append(f"{tag} with style or script of its own")
        if (
            tag in ("input", "select")
            and given.get("type") != "hidden"
            and "aria-label" not in given
            and "label" not in self.open
        ):
            self.nameless.append(str(given))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in self.VOID:
            return
        if not self.open or self.open[-1] != tag:
            self.wrong.append(f"</{tag}> closes {self.open[-1:]}")
        else:
            self.open.pop()


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_page_is_whole_html_with_one_title_and_named_fields(signed_in: Reader, language: str) -> None:
    reader = signed_in
    reader.get(f"/basin?lang={language}")
    for path in PAGES:
        answer = reader.get(path)
        assert answer.status_code == 200, path
        outline = Outline(answer.text)
        assert (outline.wrong, outline.open, outline.nameless) == ([], [], []), path
        assert outline.headings.count("h1") == 1, path
        assert len(outline.ids) == len(set(outline.ids)), path
        assert ('<html lang="zh-CN"' in answer.text) == (language == "zh"), path


@pytest.mark.parametrize(
    "path", ["/basin", "/map", "/map/data", "/sections", "/intake", "/intake?view=batches", "/exports", "/why/good"]
)
def test_an_empty_node_has_pages_too(reader: Reader, path: str) -> None:
    assert reader.sign_in().get(path).status_code == 200


def test_an_empty_page_says_what_to_do_next(reader: Reader) -> None:
    reader.sign_in()
    for path in ("/basin", "/sections", "/exports"):
        assert "shangyou ingest" in reader.get(path).text


def test_the_title_states_what_is_wrong(signed_in: Reader) -> None:
    reader = signed_in
    assert "4 个断面中有 2 个劣于Ⅲ类，其中 1 个是一天内变差的" in reader.get("/basin").text
    reader.get("/basin?lang=en")
    assert "2 of 4 sections are worse than class III, 1 of them since yesterday" in reader.get("/basin").text


def test_simulated_data_carry_the_band_on_every_page_and_real_data_do_not(filled: FakeNode) -> None:
    real = Reader(filled).sign_in()
    assert "模拟数据" not in real.get("/basin").text
    filled.settings.simulated = True
    reader = Reader(filled)
    assert "模拟数据" in reader.get("/sign-in").text
    reader.sign_in()
    for path in (*PAGES, "/nowhere"):
        assert '<p class="band"' in reader.get(path).text, path


def test_what_sources_say_never_becomes_markup(signed_in: Reader) -> None:
    reader = signed_in
    for path in ("/basin", "/intake?view=refused", "/intake/entries/5"):
        page = reader.get(path).text
        assert "<b>furlong" not in page, path
    assert "&lt;b&gt;furlong" in reader.get("/intake?view=refused").text


def test_sections_are_found_filtered_sorted_and_paged_by_the_node(signed_in: Reader) -> None:
    reader = signed_in

    def rows(query: str) -> list[str]:
        return re.findall(r'<a href="/sections/([^"]+)">', reader.get(f"/sections?{query}").text)

    def ids(*names: str) -> list[str]:
        return [quote(name, safe="/") for name in names]

    assert rows("") == ids(DIRTY, "50.无名桥", "50.朱沱", "51.清风峡", "52.静默站")
    assert rows("q=沱") == ids(DIRTY, "50.朱沱")
    assert rows("class=1") == ids("50.朱沱", "51.清风峡")
    assert rows("class=0&class=5") == ids(DIRTY, "52.静默站")
    assert rows("province=四川省&sort=name") == ids(DIRTY, "51.清风峡")
    assert rows("status=no_place") == ids("50.无名桥")
    assert rows("q=qingfeng") == ids("51.清风峡")
    assert rows("q=nothing") == []


def test_a_section_shows_its_values_with_flags_and_where_they_came_from(signed_in: Reader) -> None:
    reader = signed_in
    page = reader.get("/sections/51.清风峡?parameter=ph").text
    assert "清风峡 Ⅰ类，与前一天相同" in page
    assert "突跳" in page
    assert "变化过快" in page
    assert page.count("有修订") == 3
    reader.get("/basin?lang=en")
    assert "worse than the day before (Class III)" in reader.get(f"/sections/{DIRTY}").text


def test_the_versions_of_a_value_lead_to_the_raw_entry(signed_in: Reader) -> None:
    reader = signed_in
    page = reader.get(PAGES[-1]).text
    assert "这条观测有 2 个版本" in page
    assert "更正.csv" in page
    link = re.findall(r'href="(/intake/entries/\d+)"', page)[-1]
    assert "corrected" in reader.get(link).text


def test_a_packet_is_shown_raw_and_decoded(signed_in: Reader) -> None:
    page = signed_in.get("/intake/entries/5").text
    assert "CP=&amp;&amp;DataTime" in page
    assert "pH值，实时值" in page
    assert "污染物实时数据" in page
    raw = signed_in.get("/intake/entries/5/raw")
    assert raw.content.startswith(b"##")
    assert raw.headers["content-type"] == "application/octet-stream"


def test_a_merged_section_leads_to_the_one_it_became(filled: FakeNode) -> None:
    filled.registry.merge("50.无名桥", "50.朱沱", "li", LAST)
    answer = Reader(filled).sign_in().get("/sections/50.无名桥")
    assert answer.status_code == 303
    assert answer.headers["location"].endswith(quote("50.朱沱"))


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/nowhere", 404, "portal.page"),
        ("/sections/no.such", 404, "registry.section"),
        ("/why/nothing", 404, "portal.page"),
        ("/intake/entries/99999", 404, "portal.entry"),
        ("/intake/entries/x", 404, "portal.entry"),
        ("/sections.doc", 404, "portal.format"),
        ("/sections/51.清风峡?from=yesterday", 400, "portal.days"),
        ("/series?section=51.清风峡&parameter=nothing", 404, "portal.series"),
        ("/versions?site=a&parameter=b&time=5", 404, "portal.observation"),
        ("/exports/ready/nothing.csv", 404, "portal.page"),
    ],
)
def test_an_error_has_a_code_a_sentence_a_remedy_and_a_copy_button(
    signed_in: Reader, path: str, status: int, code: str
) -> None:
    reader = signed_in
    answer = reader.get(path)
    assert answer.status_code == status
    assert f'<code id="error-code">{code}</code>' in answer.text
    assert "data-copy=" in answer.text
    problem = reader.get(path, accept="application/json")
    assert problem.headers["content-type"] == "application/problem+json"
    body = json.loads(problem.text)
    assert (body["code"], body["status"]) == (code, status)
    assert body["remedy"]


def test_a_fault_of_the_program_shows_a_number_and_no_trace(filled: FakeNode) -> None:
    reader = Reader(filled).sign_in()
    filled.store.close()
    answer = reader.get("/exports")
    assert answer.status_code == 500
    assert "portal.fault" in answer.text
    assert "Traceback" not in answer.text


def test_the_chosen_language_and_theme_stay(filled: FakeNode) -> None:
    reader = Reader(filled).sign_in()
    moved = reader.get("/sections?q=a&lang=en")
    assert (moved.status_code, moved.headers["location"]) == (303, "/sections?q=a")
    assert "Sections" in reader.get("/sections").text
    assert reader.post("/settings", "/settings", theme="dark").status_code == 303
    assert 'data-theme="dark"' in reader.get("/basin").text
    reader.post("/settings", "/settings", theme='"><script>')
    assert "data-theme" not in reader.get("/basin").text
