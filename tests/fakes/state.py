"""Registry, intake and people in plain dictionaries: the same promises as the state database."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict, replace

from shangyou.core.errors import ConflictError, NotFoundError
from shangyou.core.journal import Entry, Raw
from shangyou.core.ports import Command, Person, Refused, Session
from shangyou.core.records import Refusal
from shangyou.core.registry import Agency, Device, River, Section, Status

BLANKS = ("name_en", "province", "city", "basin", "river", "source", "confidence")


class FakeRegistry:
    """core.ports.Registry, in memory."""

    def __init__(self) -> None:
        self._agencies: dict[str, Agency] = {}
        self._rivers: dict[str, River] = {}
        self._sections: dict[str, Section] = {}
        self._changes: list[tuple[str, dict[str, object]]] = []
        self._devices: dict[str, Device] = {}
        self._passwords: dict[str, str] = {}

    def agencies(self) -> list[Agency]:
        return sorted(self._agencies.values(), key=lambda a: a.adm_code)

    def rivers(self) -> list[River]:
        return sorted(self._rivers.values(), key=lambda r: r.id)

    def put_agency(self, agency: Agency) -> None:
        self._agencies[agency.id] = agency

    def put_river(self, river: River) -> None:
        self._rivers[river.id] = river

    def sections(self) -> list[Section]:
        found = [s for s in self._sections.values() if s.status != Status.MERGED]
        return sorted(found, key=lambda s: s.id)

    def _get(self, id: str) -> Section:
        if id not in self._sections:
            raise NotFoundError("registry.section", id=id)
        return self._sections[id]

    def section(self, id: str) -> Section:
        found = self._get(id)
        return self.section(found.merged_into) if found.merged_into else found

    def sites_of(self, id: str) -> tuple[str, ...]:
        sites = [self.section(id).id if id in self._sections else id]
        for site in sites:  # grows while it is walked
            sites += [s.id for s in self._sections.values() if s.merged_into == site]
        return (*sites, *(d.mn for d in self.devices() if d.section in sites))

    def put_section(self, section: Section, by: str, at: int) -> None:
        self._put(section, by, at, "put")

    def _put(self, section: Section, by: str, at: int, what: str) -> None:
        before = _plain(self._sections[section.id]) if section.id in self._sections else {}
        self._sections[section.id] = section
        change = {"at": at, "by": by, "what": what, "before": before, "after": _plain(section)}
        self._changes.append((section.id, change))

    def meet(self, sections: Sequence[Section], at: int) -> int:
        new = 0
        for section in sections:
            old = self._sections.get(section.id)
            if old is None:
                self._put(section, section.source, at, "met")
                new += 1
                continue
            filled = {name: getattr(section, name) for name in BLANKS if not getattr(old, name)}
            if old.longitude is None and section.longitude is not None:
                filled |= {"longitude": section.longitude, "latitude": section.latitude}
            if any(filled.values()):
                self._put(replace(old, **filled), section.source, at, "filled")
        return new

    def confirm(self, id: str, by: str, at: int) -> None:
        section = self._get(id)
        if section.status == Status.MERGED:
            raise ConflictError("registry.merged", id=id, into=section.merged_into)
        self._put(replace(section, status=Status.CONFIRMED), by, at, "confirmed")

    def rename(self, id: str, name_zh: str, name_en: str, by: str, at: int) -> None:
        self._put(replace(self._get(id), name_zh=name_zh, name_en=name_en), by, at, "renamed")

    def merge(self, id: str, into: str, by: str, at: int) -> None:
        section, target = self._get(id), self.section(into)
        if target.id == id or section.status == Status.MERGED:
            raise ConflictError("registry.merge", id=id, into=into)
        self._put(replace(section, status=Status.MERGED, merged_into=target.id), by, at, "merged")

    def history(self, id: str) -> list[dict[str, object]]:
        return [change for section, change in self._changes if section == id]

    def devices(self) -> list[Device]:
        return sorted(self._devices.values(), key=lambda d: d.mn)

    def device(self, mn: str) -> Device | None:
        return self._devices.get(mn)

    def put_device(self, device: Device, password: str | None, by: str, at: int) -> None:
        self._devices[device.mn] = device
        self._passwords.setdefault(device.mn, "")
        if password is not None:
            self._passwords[device.mn] = password

    def device_password(self, mn: str) -> str | None:
        return self._passwords.get(mn)

    def reporters(self, mns: Collection[str]) -> dict[str, tuple[Device, str]]:
        return {mn: (self._devices[mn], self._passwords[mn]) for mn in mns if mn in self._devices}


def _plain(section: Section) -> dict[str, object]:
    return asdict(section) | {"kind": str(section.kind), "status": str(section.status)}


class FakeIntake:
    """core.ports.Intake, in memory."""

    def __init__(self) -> None:
        self._refused: list[Refused] = []
        self._sessions: dict[int, Session] = {}
        self._commands: dict[int, Command] = {}
        self._maps: dict[str, str] = {}

    def refuse(self, entry: int, source: str, kind: str, received: int, refusals: Sequence[Refusal]) -> None:
        self.refuse_all([(Entry(entry, Raw(kind, source, received, b"")), refusals)])

    def refuse_all(self, refused: Sequence[tuple[Entry, Sequence[Refusal]]]) -> None:
        for entry, refusals in refused:
            known = sum(r.entry == entry.id for r in self._refused)
            for refusal in refusals[known:]:
                short = replace(refusal, text=refusal.text[:500])
                raw = entry.raw
                kept = Refused(len(self._refused) + 1, entry.id, raw.source, raw.kind, raw.received, short)
                self._refused.append(kept)

    def refuse_anew(self, refused: Sequence[tuple[Entry, Sequence[Refusal]]]) -> None:
        named = {entry.id for entry, _ in refused}
        self._refused = [r for r in self._refused if r.entry not in named]
        self.refuse_all(refused)

    def refused(self, limit: int = 100, source: str | None = None, since: int | None = None) -> list[Refused]:
        found = [r for r in self._refused if source in (None, r.source) and (since is None or r.received >= since)]
        return sorted(found, key=lambda r: (-r.received, -r.id))[:limit]

    def refused_count(self, since: int | None = None) -> int:
        return len(self.refused(len(self._refused), since=since))

    def save_session(self, session: Session) -> int:
        id = session.id or len(self._sessions) + 1
        self._sessions[id] = replace(session, id=id)
        return id

    def sessions(self, limit: int = 200, open_only: bool = False) -> list[Session]:
        found = [s for s in self._sessions.values() if not open_only or s.closed is None]
        return sorted(found, key=lambda s: -s.last)[:limit]

    def ask(self, command: Command) -> int:
        id = len(self._commands) + 1
        self._commands[id] = replace(command, id=id)
        return id

    def commands(self, mn: str | None = None, states: Sequence[str] = (), limit: int = 100) -> list[Command]:
        found = [c for c in self._commands.values() if mn in (None, c.mn) and (not states or c.state in states)]
        return found[::-1][:limit]

    def move(self, id: int, state: str, at: int, outcome: str = "", qn: str = "", attempts: int = 0) -> None:
        if id not in self._commands:
            raise NotFoundError("command.unknown", id=id)
        old = self._commands[id]
        self._commands[id] = replace(
            old, state=state, changed=at, outcome=outcome, qn=qn or old.qn, attempts=attempts or old.attempts
        )

    def save_map(self, name: str, body: str, at: int) -> None:
        self._maps[name] = body

    def maps(self) -> dict[str, str]:
        return dict(self._maps)


class FakePeople:
    """core.ports.People, in memory, with passwords in the clear."""

    def __init__(self) -> None:
        self._people: dict[str, tuple[Person, str]] = {}
        self._logins: dict[str, tuple[str, int, int]] = {}  # token: name, until, last use
        self._opened = 0

    def put_person(self, person: Person, password: str) -> None:
        self._people[person.name] = (person, password)
        self._logins = {token: login for token, login in self._logins.items() if login[0] != person.name}

    def check(self, name: str, password: str) -> Person | None:
        person, right = self._people.get(name, (None, ""))
        return person if person is not None and password == right else None

    def open_login(self, name: str, at: int, until: int) -> str:
        self._opened += 1
        token = f"token-{self._opened}"
        self._logins[token] = (name, until, at)
        return token

    def login(self, token: str, at: int) -> Person | None:
        name, until, last = self._logins.get(token, ("", 0, 0))
        if not name or at > until or at > last + 30 * 60_000:
            return None
        self._logins[token] = (name, until, at)
        return self._people[name][0]

    def close_login(self, token: str) -> None:
        self._logins.pop(token, None)

    def people(self) -> list[Person]:
        return [person for _, (person, _) in sorted(self._people.items())]
