"""The trust list as a node keeps it: every version it ever accepted, in files, and the newest one in memory.

    HOME/federation/me.json          which member this node is
    HOME/federation/lists/000001.json  accepted lists as they were signed; the newest is in force
    HOME/federation/keys/            private keys of the member
    HOME/federation/anchors/         private anchor keys, where this node keeps some
    HOME/federation/drafts/          next versions with the signatures so far
    HOME/federation/signed/          which draft of which version was signed here
    HOME/federation/invitations/     secrets given out, until they are used or too old
    HOME/federation/requests/        who asks to join

A file is written whole and synced before the list is in force, so a crash leaves the old one or the new one.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

from shangyou.adapters.drafts import Pile
from shangyou.adapters.keys import KeyFolder, write_whole
from shangyou.core.errors import ConflictError, InputError, NotFoundError, ShangyouError
from shangyou.exchange.member import Member
from shangyou.exchange.trust.acceptance import Accepted, Roots, accept_first, accept_next
from shangyou.exchange.trust.document import TrustList

FOLDER: Final = "federation"
MOST_SENT: Final = 64  # versions in one answer


def founded(home: Path) -> bool:
    """Is the node in that home a member of a federation?"""
    return any((home / FOLDER / "lists").glob("[0-9]*.json"))


class TrustFolder:
    """The list in force and those before it; safe to be used by many threads. See `exchange.ports.Members`."""

    def __init__(self, home: Path) -> None:
        """Read what is there. InputError "trust.file" if the newest list cannot be read."""
        self.folder = home / FOLDER
        self.keys, self.anchors = KeyFolder(self.folder / "keys"), KeyFolder(self.folder / "anchors")
        self.drafts, self.signed = Pile(self.folder / "drafts"), Pile(self.folder / "signed")
        self.invitations, self.requests = Pile(self.folder / "invitations"), Pile(self.folder / "requests")
        self._lock = threading.Lock()
        self._me = self._read_me()
        self._accepted = self._newest()
        self._heard: list[Callable[[Accepted], None]] = []

    @property
    def me(self) -> str:
        """This node's member id; "" while it is none."""
        return self._me

    @property
    def accepted(self) -> Accepted:
        """The list in force. NotFoundError "federation.none"."""
        if self._accepted is None:
            raise NotFoundError("federation.none")
        return self._accepted

    @property
    def trusted(self) -> TrustList:
        """The same, as a value."""
        return self.accepted.trusted

    def member(self, id: str) -> Member:
        """NotFoundError "federation.member"."""
        return self.trusted.member(id)

    def members(self) -> list[Member]:
        """All members of the list in force, whatever their standing."""
        return list(self.trusted.members)

    def on_change(self, hear: Callable[[Accepted], None]) -> None:
        """Call this whenever another list comes into force."""
        self._heard.append(hear)

    def call_me(self, id: str) -> None:
        """Write down which member this node is."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_whole(self.folder / "me.json", json.dumps({"member": id}).encode())
        self._me = id

    def begin(self, sealed: Mapping[str, object], roots: Roots, at: int) -> Accepted:
        """Accept a first list. ConflictError "federation.founded"; raises as `accept_first`."""
        with self._lock:
            if self._accepted is not None:
                raise ConflictError("federation.founded", federation=self._accepted.trusted.federation)
            found = accept_first(sealed, roots, at)
            self._keep(found)
        return found

    def accept(self, chain: Sequence[object], at: int) -> Accepted:
        """Accept versions in their order; what was accepted before an error stays. Raises as `accept_next`."""
        before = self.accepted
        try:
            with self._lock:
                for sealed in chain:
                    found = accept_next(self.accepted, sealed, at)
                    if found is not self._accepted:
                        self._keep(found)
        finally:
            if self.accepted is not before:
                for hear in self._heard:
                    hear(self.accepted)
        return self.accepted

    def after(self, version: int) -> list[Mapping[str, object]]:
        """The lists that follow a version, oldest first, at most 64."""
        newest = self.trusted.version
        wanted = range(max(1, version + 1), min(newest, version + MOST_SENT) + 1)
        return [_sealed(self._path(number)) for number in wanted if self._path(number).is_file()]

    def _keep(self, found: Accepted) -> None:
        self._path(1).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_whole(self._path(found.trusted.version), json.dumps(found.sealed, ensure_ascii=False).encode())
        self._accepted = found

    def _path(self, version: int) -> Path:
        return self.folder / "lists" / f"{version:06}.json"

    def _newest(self) -> Accepted | None:
        """The newest list here. It was accepted once; it is only asked whether its file is still whole."""
        found = sorted((self.folder / "lists").glob("[0-9]*.json"))
        if not found:
            return None
        sealed = _sealed(found[-1])
        try:
            return own(sealed)
        except ShangyouError as error:
            raise InputError("trust.file", path=str(found[-1]), detail=error.code) from error

    def _read_me(self) -> str:
        try:
            return str(json.loads((self.folder / "me.json").read_bytes())["member"])
        except FileNotFoundError:
            return ""
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise InputError("trust.file", path=str(self.folder / "me.json"), detail=type(error).__name__) from error


def own(sealed: Mapping[str, object]) -> Accepted:
    """A list of our own disk: still signed by enough of its own anchors. Raises as `accept_first`."""
    from shangyou.exchange.trust.document import from_document

    trusted = from_document(sealed.get("document"))
    roots = Roots(trusted.federation, frozenset(key.kid for key in trusted.anchors), trusted.threshold)
    return accept_first(_without_strangers(sealed, roots), roots, trusted.issued)


def _without_strangers(sealed: Mapping[str, object], roots: Roots) -> Mapping[str, object]:
    """Signatures of the anchors that went with this version are right, but can no longer be known from it alone."""
    given = sealed.get("signatures")
    kept = [each for each in given if each.get("kid") in roots.kids] if isinstance(given, list) else given
    return {"document": sealed.get("document"), "signatures": kept}


def _sealed(path: Path) -> Mapping[str, object]:
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise InputError("trust.file", path=str(path), detail=type(error).__name__) from error
    if not isinstance(found, dict):
        raise InputError("trust.file", path=str(path), detail="object")
    return found
