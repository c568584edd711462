"""What registry, intake and people promise; held against plain ones in memory and the state database."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import inspect, text

from shangyou.adapters.state import SqlIntake, SqlPeople, SqlRegistry, StateDatabase
from shangyou.adapters.state.schema import HEAD
from shangyou.adapters.state.tables import every_table
from shangyou.core.errors import ConflictError, NotFoundError, UnavailableError
from shangyou.core.journal import Entry, Raw
from shangyou.core.ports import Command, Intake, People, Person, Registry, Session
from shangyou.core.records import Refusal
from shangyou.core.registry import Agency, Device, River, Section, Status
from tests.fakes.people import QUICK
from tests.fakes.state import FakeIntake, FakePeople, FakeRegistry

MINUTE = 60_000
INDEX = "catalogue_words"  # FTS5 of SQLite, which the adapter makes


@pytest.fixture(params=["memory", "sqlite_database", "postgres_database"])
def stores(request: pytest.FixtureRequest) -> tuple[Registry, Intake, People]:
    if request.param == "memory":
        return FakeRegistry(), FakeIntake(), FakePeople()
    database: StateDatabase = request.getfixturevalue(request.param)
    return SqlRegistry(database), SqlIntake(database), SqlPeople(database, QUICK)


@pytest.fixture
def registry(stores: tuple[Registry, Intake, People]) -> Registry:
    return stores[0]


@pytest.fixture
def intake(stores: tuple[Registry, Intake, People]) -> Intake:
    return stores[1]


@pytest.fixture
def people(stores: tuple[Registry, Intake, People]) -> People:
    return stores[2]


JIA = Section("51.甲", "甲", province="四川省", source="page")


def test_agencies_and_rivers_are_kept_and_replaced(registry: Registry) -> None:
    for name in ("Sichuan", "Sichuan EEB"):
        registry.put_agency(Agency("sc", "四川", name, "provincial", "510000"))
        registry.put_river(River("tuo", "沱江", name, "yangtze"))
    assert [a.name_en for a in registry.agencies()] == ["Sichuan EEB"]
    assert [(r.id, r.into) for r in registry.rivers()] == [("tuo", "yangtze")]


def test_a_section_that_nobody_registered_is_met_as_unconfirmed(registry: Registry) -> None:
    assert registry.meet([JIA, Section("50.乙", "乙")], 1) == 2
    assert registry.meet([JIA], 2) == 0
    assert [(s.id, s.status) for s in registry.sections()] == [("50.乙", "unconfirmed"), ("51.甲", "unconfirmed")]
    assert len(registry.history("51.甲")) == 1


def test_a_later_source_fills_blanks_and_overwrites_nothing(registry: Registry) -> None:
    registry.meet([JIA], 1)
    registry.meet(
        [Section("51.甲", "甲", province="别处", city="宜宾市", river="岷江", longitude=104.6, latitude=28.8)], 2
    )
    section = registry.section("51.甲")
    assert (section.province, section.city, section.river, section.longitude) == ("四川省", "宜宾市", "岷江", 104.6)


def test_confirming_and_renaming_keep_the_id_and_the_history(registry: Registry) -> None:
    registry.meet([JIA], 1)
    registry.confirm("51.甲", "li", 2)
    registry.rename("51.甲", "甲断面", "Jia", "li", 3)
    section = registry.section("51.甲")
    assert (section.name_zh, section.name_en, section.status) == ("甲断面", "Jia", Status.CONFIRMED)
    assert [(change["at"], change["by"], change["what"]) for change in registry.history("51.甲")] == [
        (1, "page", "met"),
        (2, "li", "confirmed"),
        (3, "li", "renamed"),
    ]


def test_merged_sections_lead_to_the_one_that_stays(registry: Registry) -> None:
    registry.meet([JIA, Section("51.甲(新)", "甲(新)"), Section("51.丙", "丙")], 1)
    registry.put_device(Device("A510000_0001", "站", "51.甲"), "123456", "li", 1)
    registry.merge("51.甲", "51.甲(新)", "li", 2)
    registry.merge("51.丙", "51.甲", "li", 3)
    assert registry.section("51.甲").id == registry.section("51.丙").id == "51.甲(新)"
    assert set(registry.sites_of("51.甲(新)")) == {"51.甲(新)", "51.甲", "51.丙", "A510000_0001"}
    assert [s.id for s in registry.sections()] == ["51.甲(新)"]


def test_asking_for_a_merged_section_asks_for_the_one_it_stands_for(registry: Registry) -> None:
    registry.meet([JIA, Section("51.乙", "乙")], 1)
    registry.merge("51.甲", "51.乙", "li", 2)
    assert set(registry.sites_of("51.甲")) == set(registry.sites_of("51.乙")) == {"51.甲", "51.乙"}
    assert registry.sites_of("51.无") == ("51.无",)


def test_merging_in_a_circle_is_refused(registry: Registry) -> None:
    registry.meet([JIA, Section("51.乙", "乙")], 1)
    registry.merge("51.甲", "51.乙", "li", 2)
    for id, into in (("51.乙", "51.甲"), ("51.乙", "51.乙"), ("51.甲", "51.乙")):
        with pytest.raises(ConflictError, match=r"registry\.merge"):
            registry.merge(id, into, "li", 3)
    with pytest.raises(ConflictError, match=r"registry\.merged"):
        registry.confirm("51.甲", "li", 4)


def test_an_unknown_section_is_said_to_be_unknown(registry: Registry) -> None:
    with pytest.raises(NotFoundError, match=r"registry\.section"):
        registry.section("51.无")


def test_a_device_keeps_its_password_until_another_is_given(registry: Registry) -> None:
    registry.put_device(Device("MN1", "一号", "51.甲"), "123456", "li", 1)
    registry.put_device(Device("MN1", "一号站", "51.甲", profile="lenient"), None, "li", 2)
    assert registry.device_password("MN1") == "123456"
    assert registry.device("MN1") == Device("MN1", "一号站", "51.甲", profile="lenient")
    assert registry.device("MN2") is None
    assert registry.device_password("MN2") is None
    assert [d.mn for d in registry.devices()] == ["MN1"]


def test_whoever_reports_is_found_with_the_password_however_many_are_asked_for(registry: Registry) -> None:
    for mn in ("MN1", "MN2", "MN3"):
        registry.put_device(Device(mn, mn, "51.甲"), f"pw-{mn}", "li", 1)
    found = registry.reporters({f"MN{n}" for n in range(2, 3000)})
    assert found == {mn: (Device(mn, mn, "51.甲"), f"pw-{mn}") for mn in ("MN2", "MN3")}
    assert registry.reporters([]) == {}


def test_refusals_of_an_entry_are_kept_once_however_often_it_is_read(intake: Intake) -> None:
    told = [Refusal("table.number", {"text": "abc"}, 3, "pH", "abc"), Refusal("table.time", {}, 4, "时间", "x" * 900)]
    for _ in range(2):
        intake.refuse(7, "a.csv", "table", 1_000, told)
    intake.refuse(8, "b.csv", "table", 2_000, told[:1])
    found = intake.refused()
    assert [(r.entry, r.refusal.code, r.refusal.line) for r in found] == [
        (8, "table.number", 3),
        (7, "table.time", 4),
        (7, "table.number", 3),
    ]
    assert len(found[1].refusal.text) == 500
    assert intake.refused(source="b.csv") == found[:1]
    assert (intake.refused_count(), intake.refused_count(since=1_500)) == (3, 1)


def test_refusals_of_many_entries_are_kept_at_once(intake: Intake) -> None:
    entries = [Entry(n, Raw("hj212", f"MN{n}", 1_000, b"")) for n in range(3)]
    told = [Refusal("hj212.checksum", {"n": n}) for n in range(2)]
    for _ in range(2):
        intake.refuse_all([(entry, told) for entry in entries])
    assert sorted((r.entry, r.refusal.facts["n"]) for r in intake.refused()) == [
        (n, k) for n in range(3) for k in range(2)
    ]


def test_what_an_entry_is_refused_for_by_now_takes_the_place_of_what_it_was(intake: Intake) -> None:
    entries = [Entry(n, Raw("hj212", "MN", 1_000, b"")) for n in range(3)]
    intake.refuse_all([(entry, [Refusal("hj212.device_unknown", {}), Refusal("hj212.item", {})]) for entry in entries])
    for _ in range(2):
        intake.refuse_anew([(entries[0], []), (entries[1], [Refusal("hj212.factor", {})])])
    assert sorted((r.entry, r.refusal.code) for r in intake.refused()) == [
        (1, "hj212.factor"),
        (2, "hj212.device_unknown"),
        (2, "hj212.item"),
    ]
    intake.refuse_anew([])
    assert intake.refused_count() == 3


def test_sessions_are_updated_in_place(intake: Intake) -> None:
    session = Session(0, "127.0.0.1:5", "", 1, 1, 0, 0, 0)
    id = intake.save_session(session)
    intake.save_session(Session(id, "127.0.0.1:5", "MN1", 1, 9, 4, 1, 900, 10, "idle"))
    other = intake.save_session(session)
    assert [(s.id, s.mn, s.reason) for s in intake.sessions()] == [(id, "MN1", "idle"), (other, "", "")]
    assert [s.id for s in intake.sessions(open_only=True)] == [other]


def test_commands_move_through_their_states(intake: Intake) -> None:
    id = intake.ask(Command(0, "MN1", "1012", {"SystemTime": "20261122"}, "queued", asked=1, by="li"))
    intake.move(id, "sent", 2, qn="20261122000000001", attempts=1)
    intake.move(id, "accepted", 3)
    (command,) = intake.commands("MN1", ["accepted"])
    assert (command.qn, command.attempts, command.changed) == ("20261122000000001", 1, 3)
    assert command.arguments == {"SystemTime": "20261122"}
    assert intake.commands(states=["queued"]) == []
    with pytest.raises(NotFoundError, match=r"command\.unknown"):
        intake.move(99, "sent", 2)


def test_column_maps_are_kept_by_name(intake: Intake) -> None:
    intake.save_map("宜宾", "a = 1", 1)
    intake.save_map("宜宾", "a = 2", 2)
    assert intake.maps() == {"宜宾": "a = 2"}


def test_only_the_right_password_lets_in(people: People) -> None:
    people.put_person(Person("li", "engineer", "李"), "right")
    assert people.check("li", "right") == Person("li", "engineer", "李")
    assert people.check("li", "wrong") is None
    assert people.check("nobody", "right") is None
    assert people.people() == [Person("li", "engineer", "李")]


def test_a_stay_ends_by_time_by_idleness_and_by_signing_out(people: People) -> None:
    people.put_person(Person("li", "engineer"), "right")
    token = people.open_login("li", 0, 50 * MINUTE)
    assert people.login(token, 20 * MINUTE) is not None
    assert people.login(token, 45 * MINUTE) is not None
    assert people.login(token, 51 * MINUTE) is None
    idle = people.open_login("li", 0, 500 * MINUTE)
    assert people.login(idle, 31 * MINUTE) is None
    out = people.open_login("li", 0, 500 * MINUTE)
    people.close_login(out)
    assert people.login(out, 1) is None
    assert people.login("guessed", 1) is None


def test_a_new_password_signs_everybody_out(people: People) -> None:
    people.put_person(Person("li", "engineer"), "old")
    token = people.open_login("li", 0, 50 * MINUTE)
    people.put_person(Person("li", "engineer"), "new")
    assert people.login(token, 1) is None


def test_two_who_change_one_section_at_the_same_time_lose_nothing_of_each_other(state_database: StateDatabase) -> None:
    registry = SqlRegistry(state_database)
    sections = [Section(f"51.{n}", str(n)) for n in range(20)]
    registry.meet(sections, 1)
    with ThreadPoolExecutor(4) as threads:
        for section in sections:
            threads.submit(registry.confirm, section.id, "li", 2)
            threads.submit(registry.rename, section.id, "新", "New", "wu", 2)
    found = registry.sections()
    assert {(s.status, s.name_zh) for s in found} == {(Status.CONFIRMED, "新")}


def drop_and_fail(database: StateDatabase) -> None:
    with database.writing() as connection:
        connection.execute(text("drop table login"))
        raise ZeroDivisionError


def test_a_migration_that_is_cut_off_leaves_a_home_that_opens(tmp_path: Path) -> None:
    path = tmp_path / "state.sqlite"
    StateDatabase(path).close()
    (tmp_path / "cut.sqlite").touch()
    database = StateDatabase(tmp_path / "cut.sqlite")
    with pytest.raises(ZeroDivisionError):
        drop_and_fail(database)
    with database.reading() as connection:
        assert connection.execute(text("select count(*) from login")).scalar() == 0
    database.close()


def test_a_home_may_have_any_name(tmp_path: Path) -> None:
    folder = tmp_path / "a?b%20c 100%"
    folder.mkdir()
    StateDatabase(folder / "state.sqlite").close()
    assert (folder / "state.sqlite").stat().st_size > 0


def test_half_characters_of_foreign_text_are_kept_escaped(intake: Intake) -> None:
    intake.refuse(1, "a\udcff.csv", "table", 1, [Refusal("tables.number", {"text": "\ud800"}, 1, "\ud800", "\ud800")])
    assert len(intake.refused()) == 1


def test_tokens_and_passwords_stand_nowhere_in_the_database(tmp_path: Path) -> None:
    database = StateDatabase(tmp_path / "state.sqlite")
    people = SqlPeople(database, QUICK)
    people.put_person(Person("li", "engineer"), "geheim-密码")
    token = people.open_login("li", 0, MINUTE)
    database.close()
    kept = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert b"li" in kept
    assert token.encode() not in kept
    assert "geheim-密码".encode() not in kept


def test_the_migrations_make_exactly_the_tables_that_the_code_knows(state_database: StateDatabase) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    tables = every_table()
    assert state_database.edition() == HEAD
    with state_database.reading() as connection:
        found = inspect(connection).get_table_names()
        differences = compare_metadata(MigrationContext.configure(connection), tables)
    assert set(tables.tables) | {"alembic_version"} == {each for each in found if not each.startswith(INDEX)}
    assert [each for each in differences if not (each[0] == "remove_table" and each[1].name.startswith(INDEX))] == []


def test_every_commit_of_the_state_is_synced(tmp_path: Path) -> None:
    database = StateDatabase(tmp_path / "state.sqlite")
    with database.reading() as connection:
        assert connection.execute(text("pragma synchronous")).scalar() == 2
        assert connection.execute(text("pragma journal_mode")).scalar() == "wal"
    database.close()


def fill(intake: Intake) -> None:
    for n in range(200):
        intake.save_map(f"m{n}", "x" * 4_000, 1)


def test_a_database_that_cannot_take_more_says_so_and_goes_on_when_it_can(tmp_path: Path) -> None:
    database = StateDatabase(tmp_path / "state.sqlite")
    intake = SqlIntake(database)
    with database.reading() as connection:
        pages = connection.execute(text("pragma page_count")).scalar_one()
    with database.engine.connect() as connection:
        connection.execute(text(f"pragma max_page_count = {pages}"))
    with pytest.raises(UnavailableError, match=r"state\.full"):
        fill(intake)
    with database.engine.connect() as connection:
        connection.execute(text("pragma max_page_count = 100000"))
    intake.save_map("after", "x", 1)
    assert "after" in intake.maps()
    database.close()
