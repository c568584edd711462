"""Sign in and out."""

from __future__ import annotations

from threading import BoundedSemaphore

from starlette.responses import Response

from shangyou.core.errors import RefusedError, ShangyouError, UnavailableError
from shangyou.core.ports import Person
from shangyou.faces.portal import stays
from shangyou.faces.portal.serve import Portal
from shangyou.faces.portal.throttle import Throttle
from shangyou.faces.portal.visit import Visit
from shangyou.faces.sentences import sentence

PAIR_MOST, NAME_MOST, ADDRESS_MOST, WINDOW = 5, 50, 30, 300  # failures in 300 s: five of a name from one address,
# fifty of it from all, thirty from an address: a stranger elsewhere cannot lock the officer on duty out with five
WAITING = 8  # sign-ins that wait for their turn, of forty threads that answer pages: whoever is signed in works on
AT_ONCE = 2  # checks of a password take memory and half a second of a core each, on purpose


class SignIn:
    """The two pages and what they remember of failures."""

    def __init__(self, portal: Portal) -> None:
        self._portal = portal
        self._pairs = Throttle(PAIR_MOST, WINDOW)
        self._names, self._addresses = Throttle(NAME_MOST, WINDOW), Throttle(ADDRESS_MOST, WINDOW)
        self._room, self._turn = BoundedSemaphore(WAITING), BoundedSemaphore(AT_ONCE)

    def show(self, visit: Visit) -> Response:
        """The form; straight on for somebody who is signed in already."""
        if visit.person is not None:
            return visit.go(local_path(visit.query("next")))
        return self._form(visit, None)

    def enter(self, visit: Visit) -> Response:
        """Check name and password and begin a stay; the old secret of the forms ends with it."""
        name, address = visit.form.get("name", "").strip(), _address(visit)
        try:
            person = self._check(name, visit.form.get("password", ""), address, visit.now)
        except ShangyouError as error:
            return self._form(visit, error, name)
        response = visit.go(local_path(visit.form.get("next", "")))
        token = self._portal.stays.open(person.name, visit.now)
        stays.set_cookie(response, visit.request, "shangyou_stay", token, stays.LONGEST)
        return response

    def leave(self, visit: Visit) -> Response:
        """End the stay, here and at the node."""
        self._portal.stays.close(stays.read_cookie(visit.request, "shangyou_stay"))
        response = visit.go("/sign-in")
        stays.drop_cookie(response, visit.request, "shangyou_stay")
        return response

    def _check(self, name: str, password: str, address: str, now: int) -> Person:
        """Refused before it waits for its turn, and once more in it: many that come at once all find nothing before."""
        pair = f"{name}\n{address}"
        self._need_patience(pair, name, address, now)
        if not self._room.acquire(blocking=False):
            raise UnavailableError("portal.crowded")
        try:
            with self._turn:
                self._need_patience(pair, name, address, now)
                person = self._portal.node.people.check(name, password)
                if person is None:
                    self._pairs.fail(pair, now)
                    self._names.fail(name, now)
                    self._addresses.fail(address, now)
                    raise RefusedError("portal.password")
        finally:
            self._room.release()
        self._pairs.forget(pair)
        self._names.forget(name)
        return person

    def _need_patience(self, pair: str, name: str, address: str, now: int) -> None:
        wait = max(self._pairs.wait(pair, now), self._names.wait(name, now), self._addresses.wait(address, now))
        if wait:
            raise UnavailableError("portal.throttled", minutes=-(-wait // 60))

    def _form(self, visit: Visit, error: ShangyouError | None, name: str = "") -> Response:
        wanted = visit.form.get("next", "") or visit.query("next")
        said = sentence(error.code, error.facts, visit.t.language) if error else None
        status = 429 if isinstance(error, UnavailableError) else 403 if error else 200
        return visit.page("signin.html", status, said=said, name=name, wanted=wanted)


def _address(visit: Visit) -> str:
    return visit.request.client.host if visit.request.client else ""


def local_path(wanted: str) -> str:
    """A path of this portal; anything that could lead elsewhere becomes the first page."""
    inside = wanted.startswith("/") and not wanted.startswith(("//", "/\\")) and wanted.isprintable()
    return wanted if inside else "/"
