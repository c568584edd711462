"""The state database itself: one moment for readers, turns for writers, upgrades with data, honest refusals."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from pathlib import Path
from threading import Barrier
from types import ModuleType

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, String, create_engine, insert, select, text
from sqlalchemy.exc import DBAPIError

from shangyou.adapters.state import SqlIntake, SqlRegistry, StateDatabase
from shangyou.adapters.state.database import migrate
from shangyou.adapters.state.schema import HEAD, column_map, section
from shangyou.adapters.state.tables import every_table
from shangyou.core.errors import ConflictError, InputError, UnavailableError
from shangyou.core.registry import Agency, Device, Section
from tests.postgres import SHARED, Server

KEPT = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
FIRST: Mapping[str, Mapping[str, object]] = {  # a row of each kind as the first edition wrote it
    "agency": {"id": "sc", "name_zh": "四川", "name_en": "Sichuan", "level": "provincial", "adm_code": "510000"},
    "section": {"id": "51.甲", "name_zh": "甲", "kind": "river", "status": "unconfirmed"},
    "section_change": {"id": 7, "section": "51.甲", "at": 1, "by": "li", "what": "put", "before": "{}", "after": "{}"},
    "column_map": {"name": "m", "body": "{}", "changed": 5},
}


def raised(database: StateDatabase, name: str) -> None:
    """One more in the body of a column map, as a caller does it who reads and then writes."""
    with database.writing() as connection:
        at = column_map.c
        old = connection.execute(select(at.body).where(at.name == name)).scalar_one()
        connection.execute(column_map.update().where(at.name == name).values(body=str(int(old) + 1)))


def test_writers_who_read_before_they_write_lose_nothing_of_each_other(state_database: StateDatabase) -> None:
    SqlIntake(state_database).save_map("count", "0", 1)
    with ThreadPoolExecutor(8) as threads:
        for done in [threads.submit(raised, state_database, "count") for _ in range(40)]:
            done.result()
    assert SqlIntake(state_database).maps() == {"count": "40"}


def test_all_that_one_reader_asks_is_of_one_moment(state_database: StateDatabase) -> None:
    intake = SqlIntake(state_database)
    intake.save_map("a", "old", 1)
    with state_database.reading() as connection:
        before = connection.execute(select(column_map.c.body)).scalars().all()
        intake.save_map("a", "new", 2)
        intake.save_map("b", "new", 2)
        assert connection.execute(select(column_map.c.body)).scalars().all() == before == ["old"]
    assert intake.maps() == {"a": "new", "b": "new"}


def test_a_reader_is_not_kept_waiting_by_a_writer(state_database: StateDatabase) -> None:
    intake = SqlIntake(state_database)
    intake.save_map("a", "old", 1)
    with state_database.writing() as connection:
        connection.execute(column_map.update().values(body="new"))
        assert intake.maps() == {"a": "old"}
    assert intake.maps() == {"a": "new"}


def test_a_reader_cannot_write_on_postgresql(postgres_database: StateDatabase) -> None:
    with pytest.raises(UnavailableError, match=r"state\.read"), postgres_database.reading() as connection:
        connection.execute(insert(column_map).values(name="a", body="", changed=1))
    assert SqlIntake(postgres_database).maps() == {}


@KEPT
@given(name=st.text(max_size=40), body=st.text(max_size=40))
def test_any_text_is_kept_and_found_by_itself(state_database: StateDatabase, name: str, body: str) -> None:
    """PostgreSQL has no U+0000 in texts: it keeps that one escaped, and finds the row by it all the same."""
    intake = SqlIntake(state_database)
    for each in (body, body + "'"):
        intake.save_map(name, each, 1)
    postgresql = state_database.engine.dialect.name == "postgresql"
    kept = (lambda given: given.replace("\0", "\\x00")) if postgresql else str
    assert intake.maps()[kept(name)] == kept(body + "'")


@KEPT
@given(st.sets(st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=6), max_size=12))
def test_names_stand_in_order_of_their_code_points_whatever_the_locale(
    state_database: StateDatabase, names: set[str]
) -> None:
    registry = SqlRegistry(state_database)
    with state_database.writing() as connection:
        connection.execute(text("delete from section_change"))
        connection.execute(section.delete())
    registry.meet([Section(name, "甲") for name in names], 1)
    assert [each.id for each in registry.sections()] == sorted(names)


def test_no_text_on_postgresql_is_compared_by_the_servers_locale(
    postgres: Server, postgres_database: StateDatabase
) -> None:
    texts = "data_type in ('text', 'character varying') and table_name <> 'alembic_version'"
    found = postgres.execute(
        "select collation_name, count(*) from information_schema.columns "
        f"where table_schema = 'public' and {texts} group by 1",
        SHARED,
    )
    columns = [column for table in every_table().tables.values() for column in table.columns]
    assert found == [("C", sum(isinstance(column.type, String) for column in columns))]
    assert postgres_database.edition() == HEAD


def test_numbers_given_by_the_database_go_on_from_the_newest(state_database: StateDatabase) -> None:
    registry = SqlRegistry(state_database)
    for n in range(3):
        registry.put_section(Section("51.甲", str(n)), "li", n)
    assert [change["at"] for change in registry.history("51.甲")] == [0, 1, 2]


# ---- upgrades -----------------------------------------------------------------------------------------------------


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where nothing is yet."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/first.sqlite"
    server: Server = request.getfixturevalue("postgres")
    return server.address(str(request.getfixturevalue("new_postgres")))


def written(connection: Connection) -> None:
    """The first edition, at work."""
    migrate(connection, "0001")
    for name, values in FIRST.items():
        names = ", ".join(f'"{key}"' for key in values)
        marks = ", ".join(f":{key}" for key in values)
        connection.execute(text(f'insert into "{name}" ({names}) values ({marks})'), values)


def test_a_database_of_the_first_edition_comes_to_the_newest_with_all_that_is_in_it(empty_address: str) -> None:
    engine = create_engine(empty_address)
    with engine.begin() as connection:
        written(connection)
    engine.dispose()
    database = StateDatabase(empty_address)
    tables = every_table()
    with database.reading() as connection:
        for name, values in FIRST.items():
            row = connection.execute(select(tables.tables[name])).one()._mapping
            assert {key: row[key] for key in values} == values
    registry = SqlRegistry(database)
    registry.put_device(Device("mn", "甲站", "51.甲"), "pw", "li", 1)
    assert registry.sites_of("51.甲") == ("51.甲", "mn")
    assert [a.name_zh for a in registry.agencies()] == [Agency("sc", "四川", "Sichuan", "provincial", "510000").name_zh]
    assert database.edition() == HEAD
    database.close()


def cut_off(connection: Connection) -> None:
    written(connection)
    raise ZeroDivisionError


def test_an_upgrade_that_is_cut_off_leaves_nothing(empty_address: str) -> None:
    database = StateDatabase(empty_address)
    with database.writing() as connection:
        every_table().drop_all(connection)
        connection.execute(text("drop table alembic_version"))
    with pytest.raises(ZeroDivisionError), database.writing() as connection:
        cut_off(connection)
    assert database.edition() == ""
    database.close()
    database = StateDatabase(empty_address)
    assert database.edition() == HEAD
    assert SqlRegistry(database).agencies() == []
    database.close()


def test_two_nodes_that_open_an_empty_database_at_once_both_find_it_made(postgres: Server, new_postgres: str) -> None:
    gate = Barrier(2)

    def opened() -> str:
        gate.wait(30)
        database = StateDatabase(postgres.address(new_postgres))
        try:
            return database.edition()
        finally:
            database.close()

    with ThreadPoolExecutor(2) as threads:
        assert [each.result() for each in [threads.submit(opened) for _ in range(2)]] == [HEAD, HEAD]


def test_a_database_that_a_newer_edition_brought_further_is_left_alone(empty_address: str) -> None:
    StateDatabase(empty_address).close()
    engine = create_engine(empty_address)
    with engine.begin() as connection:
        connection.execute(text("update alembic_version set version_num = '9999'"))
    engine.dispose()
    with pytest.raises(ConflictError) as refused:
        StateDatabase(empty_address)
    assert (refused.value.code, refused.value.facts) == ("state.newer", {"found": "9999", "known": HEAD})


def test_two_nodes_may_share_a_database_each_in_a_schema_of_its_own(postgres: Server, new_postgres: str) -> None:
    nodes = []
    for name in ("sichuan", "chongqing"):
        postgres.execute(f"create schema {name}", new_postgres)
        nodes.append(StateDatabase(f"{postgres.address(new_postgres)}&options=-csearch_path%3D{name}"))
    for number, node in enumerate(nodes):
        SqlIntake(node).save_map("m", str(number), 1)
    with nodes[0].writing():  # turns are taken within a node
        SqlIntake(nodes[1]).save_map("n", "1", 1)
    assert [SqlIntake(node).maps() for node in nodes] == [{"m": "0"}, {"m": "1", "n": "1"}]
    for node in nodes:
        node.close()
    owners = postgres.execute("select schemaname from pg_tables where tablename = 'agency' order by 1", new_postgres)
    assert owners == [("chongqing",), ("sichuan",)]


# ---- what cannot be opened ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("address", ["mysql://x/y", "postgresql+asyncpg://x/y", "://", "oracle://a:geheim@b/c"])
def test_an_address_of_an_unknown_database_is_refused_without_telling_its_password(address: str) -> None:
    with pytest.raises(InputError, match=r"state\.address") as refused:
        StateDatabase(address)
    assert "geheim" not in str(refused.value)


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg"])
def test_postgresql_is_known_by_each_of_its_names(postgres: Server, scheme: str) -> None:
    address = postgres.address(SHARED).replace("postgresql+psycopg", scheme)
    database = StateDatabase(address)
    assert (database.edition(), database.engine.dialect.driver) == (HEAD, "psycopg")
    database.close()


def test_a_server_that_is_not_there_is_said_without_the_password(tmp_path: Path) -> None:
    with pytest.raises(UnavailableError) as refused:
        StateDatabase(f"postgresql://li:geheim@/river?host={tmp_path}")
    assert refused.value.code == "state.unreachable"
    assert "geheim" not in str(refused.value.facts)
    assert tmp_path.name in str(refused.value.facts["place"])


def test_a_database_that_is_not_there_is_said(postgres: Server) -> None:
    with pytest.raises(UnavailableError, match=r"state\.unreachable") as refused:
        StateDatabase(postgres.address("nowhere"))
    assert "nowhere" in str(refused.value.facts["detail"])


def test_a_database_in_another_encoding_is_refused(postgres: Server) -> None:
    name = postgres.new("encoding 'LATIN1' template template0")
    try:
        with pytest.raises(InputError) as refused:
            StateDatabase(postgres.address(name))
        assert (refused.value.code, refused.value.facts) == ("state.encoding", {"found": "LATIN1"})
    finally:
        postgres.drop(name)


class Without(MetaPathFinder):
    """An environment in which a package is not installed."""

    def __init__(self, package: str) -> None:
        self.package = package

    def find_spec(self, name: str, path: object, target: ModuleType | None = None) -> ModuleSpec | None:
        if name.split(".")[0] == self.package:
            raise ImportError(f"No module named {name!r}")
        return None


@pytest.fixture
def without_psycopg() -> Iterator[None]:
    finder = Without("psycopg")
    hidden: Mapping[str, ModuleType] = {n: m for n, m in sys.modules.items() if n.split(".")[0] == "psycopg"}
    for name in hidden:
        del sys.modules[name]
    sys.meta_path.insert(0, finder)
    yield
    sys.meta_path.remove(finder)
    sys.modules.update(hidden)


@pytest.mark.usefixtures("without_psycopg")
def test_where_the_driver_is_missing_the_extra_is_named() -> None:
    with pytest.raises(UnavailableError) as refused:
        StateDatabase("postgresql://host/river")
    assert (refused.value.code, refused.value.facts["extra"]) == ("state.driver", "postgres")


# ---- a server that goes away --------------------------------------------------------------------------------------


def cut_within(database: StateDatabase, postgres: Server) -> None:
    with database.writing() as connection:
        connection.execute(insert(column_map).values(name="half", body="", changed=1))
        postgres.cut(SHARED)
        connection.execute(insert(column_map).values(name="other half", body="", changed=1))


def test_a_transaction_whose_server_goes_away_leaves_nothing_and_the_next_finds_the_server_again(
    postgres: Server, postgres_database: StateDatabase
) -> None:
    intake = SqlIntake(postgres_database)
    with pytest.raises(UnavailableError, match=r"state\.unreachable"):
        cut_within(postgres_database, postgres)
    assert intake.maps() == {}
    postgres.cut(SHARED)  # while nothing is under way
    intake.save_map("after", "x", 1)
    assert intake.maps() == {"after": "x"}


def test_a_commit_is_on_disk_whatever_the_server_holds_for_enough(postgres: Server, new_postgres: str) -> None:
    postgres.execute(f"alter database {new_postgres} set synchronous_commit = off")
    database = StateDatabase(postgres.address(new_postgres))
    with database.writing() as connection:
        assert connection.execute(text("show synchronous_commit")).scalar_one() == "on"
    database.close()


def test_errors_of_the_driver_stay_below(state_database: StateDatabase) -> None:
    with pytest.raises(UnavailableError, match=r"state\.write") as refused, state_database.writing() as connection:
        connection.execute(insert(column_map).values(name=None, body="", changed=1))
    assert isinstance(refused.value.__cause__, DBAPIError)
