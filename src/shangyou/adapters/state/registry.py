"""core.ports.Registry in the state database."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import asdict, fields, replace
from typing import Any

from sqlalchemy import Connection, Row, Table, delete, insert, select, update

from shangyou.adapters.state import schema
from shangyou.adapters.state.database import StateDatabase
from shangyou.core.errors import ConflictError, NotFoundError
from shangyou.core.registry import Agency, Device, River, Section, Status, WaterKind

ASKED_AT_ONCE = 1000  # devices in one query; a database bounds the variables of one
FILLED = ("name_en", "province", "city", "basin", "river", "source", "confidence")  # blanks that a source may fill


class SqlRegistry:
    """Agencies, rivers, sections and devices, with the history of every change of a section."""

    def __init__(self, database: StateDatabase) -> None:
        self._db = database

    def agencies(self) -> list[Agency]:
        """All agencies, by administrative code."""
        with self._db.reading() as connection:
            rows = connection.execute(select(schema.agency).order_by(schema.agency.c.adm_code)).all()
        return [Agency(**row._mapping) for row in rows]

    def rivers(self) -> list[River]:
        """All rivers, by id."""
        with self._db.reading() as connection:
            rows = connection.execute(select(schema.river).order_by(schema.river.c.id)).all()
        return [River(**row._mapping) for row in rows]

    def put_agency(self, agency: Agency) -> None:
        """Enter or replace."""
        self._replace(schema.agency, "id", asdict(agency))

    def put_river(self, river: River) -> None:
        """Enter or replace."""
        self._replace(schema.river, "id", asdict(river))

    def _replace(self, table: Table, key: str, values: dict[str, object]) -> None:
        with self._db.writing() as connection:
            connection.execute(delete(table).where(table.c[key] == values[key]))
            connection.execute(insert(table).values(values))

    # ---- sections ---------------------------------------------------------------------------------------------

    def sections(self) -> list[Section]:
        """All that are not merged away, by id."""
        with self._db.plain_reading() as connection:
            rows = connection.rows(_SECTIONS, {"merged": str(Status.MERGED)})
        return [_told(dict(zip(SECTION_FIELDS, row, strict=True))) for row in rows]

    def section(self, id: str) -> Section:
        """The section, or that into which it was merged; NotFoundError "registry.section"."""
        with self._db.reading() as connection:
            return self._resolve(connection, id)

    def _resolve(self, connection: Connection, id: str) -> Section:
        found = self._get(connection, id)
        while found.merged_into:  # merge() allows no circle
            found = self._get(connection, found.merged_into)
        return found

    def _get(self, connection: Connection, id: str) -> Section:
        row = connection.execute(select(schema.section).where(schema.section.c.id == id)).one_or_none()
        if row is None:
            raise NotFoundError("registry.section", id=id)
        return _section(row)

    def sites_of(self, id: str) -> tuple[str, ...]:
        """The section that it stands for, all merged into that, and the devices of any of them."""
        table, device = schema.section, schema.device
        with self._db.reading() as connection:
            known = connection.scalar(select(table.c.id).where(table.c.id == id))
            root = self._resolve(connection, id).id if known else id
            sites, edge = [root], [root]
            while edge:
                edge = list(connection.scalars(select(table.c.id).where(table.c.merged_into.in_(edge))))
                sites += edge
            sites += connection.scalars(select(device.c.mn).where(device.c.section.in_(sites)))
        return tuple(dict.fromkeys(sites))

    def put_section(self, section: Section, by: str, at: int) -> None:
        """Enter or change; what it was before is kept in its history."""
        with self._db.writing() as connection:
            self._put(connection, section, by, at, "put")

    def _put(self, connection: Connection, section: Section, by: str, at: int, what: str) -> None:
        table = schema.section
        row = connection.execute(select(table).where(table.c.id == section.id)).one_or_none()
        if row is None:
            connection.execute(insert(table).values(_values(section)))
        else:
            connection.execute(update(table).where(table.c.id == section.id).values(_values(section)))
        before = _section(row) if row is not None else None
        connection.execute(
            insert(schema.section_change).values(
                section=section.id,
                at=at,
                by=by,
                what=what,
                before=json.dumps(_values(before) if before else {}, ensure_ascii=False),
                after=json.dumps(_values(section), ensure_ascii=False),
            )
        )

    def meet(self, sections: Sequence[Section], at: int) -> int:
        """Enter those not known yet, as they are; fill blanks of known ones; return how many were new."""
        new = 0
        with self._db.writing() as connection:
            known = self._sections_of(connection, [section.id for section in sections])
            for section in sections:
                old = known.get(section.id)
                if old is None:
                    self._put(connection, section, section.source, at, "met")
                    known[section.id], new = section, new + 1
                    continue
                filled = {name: getattr(section, name) for name in FILLED if not getattr(old, name)}
                if old.longitude is None and section.longitude is not None:
                    filled |= {"longitude": section.longitude, "latitude": section.latitude}
                if any(filled.values()):
                    known[section.id] = replace(old, **filled)
                    self._put(connection, known[section.id], section.source, at, "filled")
        return new

    def _sections_of(self, connection: Connection, ids: Sequence[str]) -> dict[str, Section]:
        table, found = schema.section, dict[str, Section]()
        for start in range(0, len(ids), 500):  # SQLite bounds the parameters of a statement
            rows = connection.execute(select(table).where(table.c.id.in_(ids[start : start + 500])))
            found |= {row.id: _section(row) for row in rows}
        return found

    def confirm(self, id: str, by: str, at: int) -> None:
        """Say that a section is as it stands."""
        with self._db.writing() as connection:
            section = self._get(connection, id)
            if section.status == Status.MERGED:
                raise ConflictError("registry.merged", id=id, into=section.merged_into)
            self._put(connection, replace(section, status=Status.CONFIRMED), by, at, "confirmed")

    def rename(self, id: str, name_zh: str, name_en: str, by: str, at: int) -> None:
        """Give it other names; its id stays."""
        with self._db.writing() as connection:
            section = replace(self._get(connection, id), name_zh=name_zh, name_en=name_en)
            self._put(connection, section, by, at, "renamed")

    def merge(self, id: str, into: str, by: str, at: int) -> None:
        """Say that two are one; ConflictError "registry.merge" if that makes a circle."""
        with self._db.writing() as connection:
            section, target = self._get(connection, id), self._resolve(connection, into)
            if target.id == section.id or section.status == Status.MERGED:
                raise ConflictError("registry.merge", id=id, into=into)
            merged = replace(section, status=Status.MERGED, merged_into=target.id)
            self._put(connection, merged, by, at, "merged")

    def history(self, id: str) -> list[dict[str, object]]:
        """Changes, oldest first: at, by, what, before, after."""
        table = schema.section_change
        with self._db.reading() as connection:
            rows = connection.execute(select(table).where(table.c.section == id).order_by(table.c.id)).all()
        return [
            {
                "at": row.at,
                "by": row.by,
                "what": row.what,
                "before": json.loads(row.before),
                "after": json.loads(row.after),
            }
            for row in rows
        ]

    # ---- devices ----------------------------------------------------------------------------------------------

    def devices(self) -> list[Device]:
        """All devices, by MN."""
        with self._db.plain_reading() as connection:
            rows = connection.rows(_DEVICES, {})
        found = [dict(zip(DEVICE_FIELDS, row, strict=True)) for row in rows]
        return [Device(**values | {"outlet": bool(values["outlet"])}) for values in found]

    def device(self, mn: str) -> Device | None:
        """One device, if it is known."""
        with self._db.reading() as connection:
            row = connection.execute(select(schema.device).where(schema.device.c.mn == mn)).one_or_none()
        return _device(row) if row is not None else None

    def put_device(self, device: Device, password: str | None, by: str, at: int) -> None:
        """Enter or change; `password` None leaves it as it is."""
        table = schema.device
        values = asdict(device) | {"changed": at, "changed_by": by}
        if password is not None:
            values["password"] = password
        with self._db.writing() as connection:
            changed = connection.execute(update(table).where(table.c.mn == device.mn).values(values)).rowcount
            if not changed:
                connection.execute(insert(table).values({"password": ""} | values))

    def device_password(self, mn: str) -> str | None:
        """The PW that the device sends; None if there is no such device."""
        with self._db.reading() as connection:
            return connection.scalar(select(schema.device.c.password).where(schema.device.c.mn == mn))

    def reporters(self, mns: Collection[str]) -> dict[str, tuple[Device, str]]:
        """By MN the device and its PW, of those that are known; 10 us each where many are asked for."""
        table, wanted = schema.device, list(mns)
        query = select(*(table.c[name] for name in DEVICE_FIELDS), table.c.password)
        found: dict[str, tuple[Device, str]] = {}
        with self._db.reading() as connection:
            for start in range(0, len(wanted), ASKED_AT_ONCE):
                for row in connection.execute(query.where(table.c.mn.in_(wanted[start : start + ASKED_AT_ONCE]))):
                    *values, password = row
                    device = Device(*values)
                    found[device.mn] = device, password
        return found


def _section(row: Row[tuple[object, ...]]) -> Section:
    return _told(dict(row._mapping))


def _told(values: dict[str, Any]) -> Section:
    return Section(**values | {"kind": WaterKind(values["kind"]), "status": Status(values["status"])})


def _values(section: Section) -> dict[str, object]:
    return asdict(section) | {"kind": str(section.kind), "status": str(section.status)}


SECTION_FIELDS = tuple(field.name for field in fields(Section))
DEVICE_FIELDS = tuple(field.name for field in fields(Device))
# The statements of every question to a node.
_SECTIONS = (
    "select id, name_zh, name_en, province, city, basin, river, kind, longitude, latitude, status, merged_into, "
    "source, confidence from section where status <> :merged order by id"
)
_DEVICES = "select mn, name, section, system, profile, unit_profile, status, encoding, outlet from device order by mn"


def _device(row: Row[tuple[object, ...]]) -> Device:
    return Device(**{name: row._mapping[name] for name in DEVICE_FIELDS})
