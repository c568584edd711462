"""Whom a verifier trusts (C2SP tlog-policy): keys of logs, keys of witnesses, and how many of them it takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from shangyou.core.errors import InputError, RefusedError
from shangyou.exchange.ledger.note import Note, NoteKey, Use, parse_key, signers

TEXT_MOST: Final = 256 << 10  # bytes of a policy
NONE: Final = "none"


@dataclass(frozen=True, slots=True)
class Trust:
    """A policy: any of the logs, and a quorum of the witnesses."""

    logs: tuple[NoteKey, ...]
    witnesses: tuple[tuple[str, NoteKey], ...]  # name in the policy, key
    groups: tuple[tuple[str, int, tuple[str, ...]], ...] = ()  # name, how many, of which
    quorum: str = NONE

    def text(self) -> str:
        """As a file."""
        lines = [f"log {key.line()}" for key in self.logs]
        lines += [f"witness {name} {key.line()}" for name, key in self.witnesses]
        lines += [f"group {name} {least} {' '.join(members)}" for name, least, members in self.groups]
        return "\n".join([*lines, f"quorum {self.quorum}"]) + "\n"


@dataclass(frozen=True, slots=True)
class Trusted:
    """What signatures a policy found under a checkpoint."""

    logs: tuple[str, ...]  # names of the logs that signed
    witnesses: tuple[tuple[str, int], ...]  # name in the policy, time [s since 1970 UTC]


def majority(logs: Sequence[NoteKey], witnesses: Sequence[tuple[str, Sequence[NoteKey]]], least: int) -> Trust:
    """The policy that asks for `least` of some members. A member with several keys counts once, by any of them."""
    lines: list[tuple[str, NoteKey]] = []
    groups: list[tuple[str, int, tuple[str, ...]]] = []
    for member, keys in witnesses:
        names = [member] if len(keys) == 1 else [f"{member}-{number}" for number in range(1, len(keys) + 1)]
        lines += zip(names, keys, strict=True)
        if len(keys) > 1:
            groups.append((member, 1, tuple(names)))
    if not witnesses or not least:
        return Trust(tuple(logs), tuple(lines), tuple(groups))
    groups.append(("members", least, tuple(member for member, _ in witnesses)))
    return Trust(tuple(logs), tuple(lines), tuple(groups), "members")


def parse_trust(text: str) -> Trust:
    """A policy from its file. InputError "ledger.policy" with the line."""
    if len(text) > TEXT_MOST:
        raise InputError("ledger.policy", line=0, detail=f"> {TEXT_MOST} bytes")
    found = _Reader()
    for number, line in enumerate(text.split("\n"), 1):
        words = line.split()
        if words and not words[0].startswith("#"):
            try:
                found.take(words)
            except (InputError, ValueError) as error:
                detail = error.facts.get("detail", "") if isinstance(error, InputError) else str(error)
                raise InputError("ledger.policy", line=number, detail=detail) from None
    if not found.quorum:
        raise InputError("ledger.policy", line=0, detail="quorum")
    return Trust(tuple(found.logs), tuple(found.witnesses), tuple(found.groups), found.quorum)


class _Reader:
    """The lines of a policy, one after the other. ValueError says what is wrong with one."""

    def __init__(self) -> None:
        self.logs: list[NoteKey] = []
        self.witnesses: list[tuple[str, NoteKey]] = []
        self.groups: list[tuple[str, int, tuple[str, ...]]] = []
        self.quorum = ""
        self._names: set[str] = set()
        self._used: set[str] = set()

    def take(self, words: list[str]) -> None:
        kind, *rest = words
        if kind == "log" and len(rest) in (1, 2):
            self.logs.append(self._key(rest[0], Use.LOG, [key.public for key in self.logs]))
        elif kind == "witness" and len(rest) in (2, 3):
            key = self._key(rest[1], Use.COSIGNATURE, [key.public for _, key in self.witnesses])
            self.witnesses.append((self._name(rest[0]), key))
        elif kind == "group" and len(rest) >= 3:
            self._group(rest[0], rest[1], rest[2:])
        elif kind == "quorum" and len(rest) == 1 and not self.quorum:
            if rest[0] != NONE and rest[0] not in self._names:
                raise ValueError(f"quorum {rest[0]!r}")
            self.quorum = rest[0]
        else:
            raise ValueError(f"{kind[:30]!r}")

    def _key(self, line: str, use: Use, before: list[bytes]) -> NoteKey:
        key = parse_key(line)
        if key.use is not use:
            raise ValueError(f"a key for {key.use.value}")
        if key.public in before:
            raise ValueError("the same key twice")
        return key

    def _name(self, name: str) -> str:
        if name == NONE or name in self._names:
            raise ValueError(f"name {name[:30]!r}")
        self._names.add(name)
        return name

    def _group(self, name: str, how_many: str, members: list[str]) -> None:
        for member in members:
            if member not in self._names or member in self._used:
                raise ValueError(f"member {member[:30]!r}")
            self._used.add(member)
        least = {"any": "1", "all": str(len(members))}.get(how_many, how_many)
        if not least.isascii() or not least.isdigit() or not 1 <= int(least[:9]) <= len(members):
            raise ValueError(f"{how_many[:30]!r} of {len(members)}")
        self.groups.append((self._name(name), int(least), tuple(members)))


def trusted(note: Note, trust: Trust) -> Trusted:
    """Who of the policy signed. RefusedError "ledger.unsigned", "ledger.quorum", "ledger.signature"."""
    names = {key: name for name, key in trust.witnesses}
    found = signers(note, [*trust.logs, *names])
    logs = tuple(key.name for key, _ in found if key in trust.logs)
    if not logs:
        raise RefusedError("ledger.unsigned", name=note.text.partition("\n")[0])
    witnesses = tuple((names[key], time) for key, time in found if key in names and time is not None)
    reached = {name for name, _ in witnesses}
    for name, least, members in trust.groups:
        if len(reached.intersection(members)) >= least:
            reached.add(name)
    if trust.quorum != NONE and trust.quorum not in reached:
        raise RefusedError("ledger.quorum", got=len(witnesses), quorum=trust.quorum)
    return Trusted(logs, witnesses)
