"""State that moves between SQLite and PostgreSQL: what arrives is what left, and nothing is written over."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Table, insert, select
from sqlalchemy.types import Boolean, Float, Integer

from shangyou.adapters.state import SqlCatalogue, SqlIntake, SqlPeople, SqlRegistry, StateDatabase
from shangyou.adapters.state.carry import carry, load, save
from shangyou.adapters.state.contracts import SqlContracts
from shangyou.adapters.state.tables import every_table
from shangyou.core.errors import ConflictError, UnavailableError
from shangyou.core.ports import Command, Person
from shangyou.core.records import Refusal
from shangyou.core.registry import Agency, Device, Section
from shangyou.exchange.catalogue.port import Wanted
from shangyou.exchange.dsp.talk import Act, Change
from tests.fakes.exchange_catalogue import a_dataset
from tests.fakes.people import QUICK

BIG = 2**53 + 1


def fill(database: StateDatabase) -> None:
    """Something of each kind, as a node writes it."""
    registry, intake = SqlRegistry(database), SqlIntake(database)
    registry.put_agency(Agency("sc", "四川", "Sichuan", "provincial", "510000"))
    registry.put_section(
        Section("51.甲", "甲", province="四川省", longitude=104.12345678901234, latitude=30.5), "li", 1
    )
    registry.put_device(Device("mn", "甲站", "51.甲"), "pw", "li", BIG)
    intake.refuse(
        1, "a.csv", "table", BIG, [Refusal("tables.number", {"text": "甲"}, 1, "B", f"{n}") for n in range(9)]
    )
    intake.ask(Command(0, "mn", "2011", {"a": "1"}, "queued", by="li"))
    people = SqlPeople(database, QUICK)
    people.put_person(Person("li", "engineer"), "密码")
    people.open_login("li", 1, BIG)
    SqlCatalogue(database).put(a_dataset("sc/own", "总磷", 10))
    SqlContracts(database).commit(Change(None, acts=(Act("decision", {"at": BIG}, 7),)))


def one_of_each(database: StateDatabase) -> None:
    """A row in every table that has none yet, with blanks where there may be."""
    with database.writing() as connection:
        for table in every_table().sorted_tables:
            if not table.foreign_keys and connection.execute(select(table)).first() is None:
                connection.execute(insert(table).values(_values(table)))


def _values(table: Table) -> dict[str, object]:
    kinds = {Boolean: True, Integer: 3, Float: 0.1}
    return {
        column.name: next((value for kind, value in kinds.items() if isinstance(column.type, kind)), "{}")
        for column in table.columns
        if not column.nullable
    }


def held(database: StateDatabase) -> dict[str, list[tuple[object, ...]]]:
    """All rows of all tables."""
    with database.reading() as connection:
        return {
            table.name: [tuple(row) for row in connection.execute(select(table).order_by(*table.primary_key.columns))]
            for table in every_table().sorted_tables
        }


@pytest.fixture
def another(tmp_path: Path) -> Iterator[StateDatabase]:
    with contextlib.closing(StateDatabase(tmp_path / "another.sqlite")) as database:
        yield database


def test_state_goes_from_sqlite_to_postgresql_and_back_as_it_was(
    sqlite_database: StateDatabase, postgres_database: StateDatabase, another: StateDatabase
) -> None:
    fill(sqlite_database)
    one_of_each(sqlite_database)
    before = held(sqlite_database)
    assert all(before[table.name] for table in every_table().sorted_tables if not table.foreign_keys)
    number = carry(sqlite_database, postgres_database)
    assert number == sum(map(len, before.values()))
    assert held(postgres_database) == before
    assert carry(postgres_database, another) == number
    assert held(another) == before


def test_more_rows_than_are_in_memory_at_a_time_all_arrive(
    sqlite_database: StateDatabase, postgres_database: StateDatabase
) -> None:
    refusals = [Refusal("tables.number", {}, n, "B", "x") for n in range(2_500)]
    SqlIntake(sqlite_database).refuse(1, "a.csv", "table", 5, refusals)
    assert carry(sqlite_database, postgres_database) == 2_500
    assert SqlIntake(postgres_database).refused_count() == 2_500


def test_work_goes_on_where_it_was_carried_to(sqlite_database: StateDatabase, postgres_database: StateDatabase) -> None:
    fill(sqlite_database)
    carry(sqlite_database, postgres_database)
    registry, intake = SqlRegistry(postgres_database), SqlIntake(postgres_database)
    registry.rename("51.甲", "乙", "Yi", "li", 9)
    assert [change["at"] for change in registry.history("51.甲")][-1] == 9
    intake.refuse(2, "b.csv", "table", BIG + 1, [Refusal("tables.number", {}, 1, "B", "x")])
    assert intake.refused(1)[0].source == "b.csv"
    assert intake.ask(Command(0, "mn", "2011", {}, "queued", by="li")) == 2
    assert SqlPeople(postgres_database, QUICK).check("li", "密码") == Person("li", "engineer")
    catalogue = SqlCatalogue(postgres_database)
    catalogue.put(a_dataset("sc/lead", "铅", 11))
    assert [each.dataset.id for each in catalogue.search(Wanted("总磷")).entries] == ["sc/own"]
    assert catalogue.head()[1] == 2


def test_a_database_with_anything_in_it_is_left_as_it_is(state_database: StateDatabase, another: StateDatabase) -> None:
    fill(another)
    SqlIntake(state_database).save_map("mine", "x", 1)
    with pytest.raises(ConflictError, match=r"state\.taken"):
        carry(another, state_database)
    assert SqlIntake(state_database).maps() == {"mine": "x"}
    assert SqlRegistry(state_database).sections() == []


def test_what_cannot_be_carried_whole_is_not_carried_at_all(
    sqlite_database: StateDatabase, postgres_database: StateDatabase
) -> None:
    """SQLite takes any number into any column; PostgreSQL does not take this one."""
    fill(sqlite_database)
    table = every_table().tables["command"]
    with sqlite_database.writing() as connection:
        connection.execute(table.update().values(attempts=2**40))
    with pytest.raises(UnavailableError, match=r"state\.write"):
        carry(sqlite_database, postgres_database)
    assert not any(held(postgres_database).values())


def test_a_saved_state_is_one_file_that_any_node_can_open(state_database: StateDatabase, tmp_path: Path) -> None:
    fill(state_database)
    folder = tmp_path / "saved 100%?"
    folder.mkdir()
    save(state_database, folder / "state.sqlite")
    assert [path.name for path in folder.iterdir()] == ["state.sqlite"]
    with contextlib.closing(StateDatabase(folder / "state.sqlite")) as saved:
        assert held(saved) == held(state_database)
        assert [each.dataset.id for each in SqlCatalogue(saved).search(Wanted("总磷")).entries] == ["sc/own"]


def test_a_state_that_is_saved_while_others_write_is_of_one_moment(
    postgres_database: StateDatabase, tmp_path: Path, postgres_address: str
) -> None:
    fill(postgres_database)
    before = held(postgres_database)

    def written_meanwhile(write: Callable[[], None]) -> None:
        with postgres_database.reading() as connection:
            assert connection.execute(select(every_table().tables["agency"])).all()
            write()

    written_meanwhile(lambda: save(postgres_database, tmp_path / "saved.sqlite"))
    with contextlib.closing(StateDatabase(tmp_path / "saved.sqlite")) as saved:
        assert held(saved) == before
    with pytest.raises(ConflictError, match=r"state\.taken"):
        load(tmp_path / "saved.sqlite", postgres_address)
