"""One request with all that a page needs to answer it: who asks, in which language, at what time."""

from __future__ import annotations

import json
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeAlias, TypeVar
from urllib.parse import parse_qsl, urlencode

from jinja2 import Environment
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from shangyou.core.clock import to_ms
from shangyou.core.errors import RefusedError
from shangyou.core.ports import Person
from shangyou.faces.portal import figures, stays
from shangyou.faces.portal.node import Node
from shangyou.faces.portal.shelf import Shelf
from shangyou.faces.portal.words import Words

T = TypeVar("T")
Handler: TypeAlias = Callable[["Visit"], Response]

MAY: dict[str, frozenset[str]] = {  # what changes something, and the roles that may do it; reading is for all
    "batch.withdraw": frozenset({"operator", "engineer", "manager"}),
    "device.ask": frozenset({"operator", "engineer", "manager"}),
    "ledger.sign": frozenset({"operator", "security", "manager"}),
    "ledger.reopen": frozenset({"operator", "security"}),
    "dataset.publish": frozenset({"operator", "engineer", "manager"}),
    "contract.ask": frozenset({"operator", "manager", "duty"}),
    "river.plan": frozenset({"operator", "engineer", "manager", "duty"}),
    "warning.speak": frozenset({"operator", "manager", "duty"}),
    "incident.speak": frozenset({"operator", "manager", "duty"}),
    "incident.note": frozenset({"operator", "manager", "duty", "engineer", "analyst"}),
    "resolution.bind": frozenset({"operator", "manager"}),
    "resolution.speak": frozenset({"operator", "manager", "duty", "engineer", "analyst", "security"}),
    "device.read_again": frozenset({"operator", "engineer", "manager"}),
    "statement.state": frozenset({"operator", "manager", "engineer", "analyst", "duty"}),
    "tracing.begin": frozenset({"operator", "engineer", "analyst", "duty", "manager"}),
    "statement.sign": frozenset({"operator", "manager"}),
}


class Shared(Protocol):
    """What all visits share."""

    @property
    def templates(self) -> Environment:
        """The templates of pages."""
        ...

    @property
    def static(self) -> str:
        """Path under which the static files of this version are."""
        ...

    @property
    def shelf(self) -> Shelf:
        """What was computed before."""
        ...

    @property
    def asked(self) -> Callable[[], None]:
        """Tells the listener that an order to a device was queued."""
        ...


@dataclass(frozen=True, slots=True)
class Visit:
    """What a handler gets."""

    node: Node
    request: Request
    person: Person | None
    t: Words
    now: int  # ms since 1970 UTC
    secret: str  # behind the key of the forms
    form: Mapping[str, str]
    shared: Shared
    seen: str = ""  # what the node held before the page was made

    @property
    def partial(self) -> bool:
        """Does a script ask for a part of a page?"""
        return "hx-request" in self.request.headers

    @property
    def theme(self) -> str:
        """Light or dark, where the reader chose; "" follows the system."""
        chosen = stays.read_cookie(self.request, "shangyou_theme")
        return chosen if chosen in ("light", "dark") else ""

    def query(self, name: str, default: str = "") -> str:
        """A parameter of the address."""
        return self.request.query_params.get(name, default)

    def number(self, name: str, default: int, low: int, high: int) -> int:
        """A whole number of the address, held within its limits; what is no number is the default."""
        try:
            return min(high, max(low, int(self.query(name, str(default)))))
        except ValueError:
            return default

    def decimal(self, name: str, default: float, low: float, high: float) -> float:
        """A number of the address, held within its limits; what is no number is the default."""
        try:
            given = float(self.query(name))
        except ValueError:
            return default
        return min(high, max(low, given)) if given == given else default  # NaN is no number

    def once(self, key: Hashable, compute: Callable[[], T]) -> T:
        """A result that readers share until something comes in."""
        return self.shared.shelf.get(key, self.now, compute)

    def may(self, action: str) -> bool:
        """Has this person a role that may do it?"""
        return self.person is not None and self.person.role in MAY[action]

    def need(self, action: str) -> str:
        """Raise RefusedError "portal.role" unless the person may; else who it is."""
        if self.person is None or not self.may(action):
            role = self.person.role if self.person else ""
            raise RefusedError("portal.role", role=self.t.known(f"role.{role}", role))
        return self.person.name

    def with_query(self, **changes: object) -> str:
        """The present address with some parameters changed; None takes one away."""
        kept = [(k, v) for k, v in parse_qsl(self.request.url.query) if k not in changes]
        kept += [(k, str(v)) for k, v in changes.items() if v is not None]
        return self.request.url.path + (f"?{urlencode(kept)}" if kept else "")

    def toggled(self, name: str, value: str) -> str:
        """The present address with one of several values of a parameter added, or taken away if it is there."""
        pairs = parse_qsl(self.request.url.query)
        kept = [pair for pair in pairs if pair != (name, value)]
        if len(kept) == len(pairs):
            kept.append((name, value))
        return self.request.url.path + (f"?{urlencode(kept)}" if kept else "")

    def page(self, template: str, status: int = 200, **data: object) -> Response:
        """A page, or a part of one."""
        return HTMLResponse(self.text(template, **data), status)

    def text(self, template: str, **data: object) -> str:
        """The filled template."""
        t, now, settings = self.t, self.now, self.node.settings
        return self.shared.templates.get_template(template).render(
            visit=self,
            t=t,
            now=now,
            person=self.person,
            settings=settings,
            node_name=settings.name_zh if t.language == "zh" else settings.name_en,
            static=self.shared.static,
            moment=lambda ms: figures.moment(ms, now),
            ago=lambda ms: figures.ago(ms, now, t),
            duration=lambda ms: figures.duration(ms, t),
            band=lambda early, late: figures.band(early, late, now),
            label=lambda key: figures.name_of(key, t),
            form_key=lambda: stays.form_key(self.secret),
            **data,
        )

    def go(self, path: str) -> Response:
        """Send the browser to a page of ours, after a form."""
        return RedirectResponse(path, 303)

    def moment_text(self, ms: int) -> str:
        """A time as plain text."""
        return figures.moment_text(ms, self.now)

    def ms(self, moment: datetime) -> int:
        """An aware moment as ms since 1970 UTC."""
        return to_ms(moment)


def as_json(value: object) -> Markup:
    """Data for a script, inside an element of type application/json; `<` is written so that it cannot end it."""
    return Markup(json.dumps(value, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c"))  # noqa: S704
