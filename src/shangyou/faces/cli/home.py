"""Making the home of a node: settings, what ships with the product, a first person."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shangyou.faces.cli.call import Call
from shangyou.settings import FILE, Settings, changed, load

if TYPE_CHECKING:
    from shangyou.adapters.backup.manifest import Manifest

FIRST = "admin"


@dataclass(frozen=True, slots=True)
class Made:
    """A new node."""

    facts: dict[str, Any]  # how many of each were entered
    password: str  # of the first person; "" = it was given


def make(call: Call, settings: Settings, person: str, facts: bool = True) -> Made:
    """Make the home, enter the facts that ship, and a first person with all powers. ConflictError "home.exists"."""
    from shangyou import wiring
    from shangyou.faces.api.acts import perform
    from shangyou.faces.api.deeds import check_person
    from shangyou.faces.api.desk import Desk

    password, made = given_password()
    check_person(person, "operator", password)  # before anything is made
    wiring.make_home(settings)
    with contextlib.closing(wiring.build(settings)) as node:
        desk = Desk(node, by=call.by, language=call.words.language)
        perform(desk, "people/put", name=person, password=password, role="operator")
        loaded = perform(desk, "facts/load") if facts else {"agencies": 0, "rivers": 0, "sections": 0}
    return Made(loaded, password if made else "")


def make_default(call: Call) -> None:
    """A node with default settings where there is none and nobody named another; says so."""
    made = make(call, Settings(call.home), FIRST)
    call.say("node.init.default", home=call.home)
    tell_password(call, FIRST, made.password)


def settled(environment: Mapping[str, str], state: str | None, folder: Path, manifest: Manifest) -> None:
    """Bring the state of a restored home to where it belongs: `state`, else as its settings say.

    Raises ConflictError "state.taken", and what opening the database raises.
    """
    from shangyou.adapters.state.carry import load as carried

    file, environment = folder / "state.sqlite", dict(environment)
    if state is not None:
        toml = folder / FILE
        toml.write_text(changed(toml.read_text(encoding="utf-8"), "state", "" if state == "sqlite" else state), "utf-8")
        environment.pop("SHANGYOU_STATE", None)
    address = load(folder, environment).state
    if address and file.exists():
        carried(file, address)
        file.unlink()


def given_password() -> tuple[str, bool]:
    """The password of SHANGYOU_PASSWORD, or one made anew; and whether it was made."""
    given = os.environ.get("SHANGYOU_PASSWORD", "")
    return (given, False) if given else (secrets.token_urlsafe(12), True)


def tell_password(call: Call, name: str, made: str) -> None:
    """Show a password that was made, once."""
    if made:
        call.say("node.init.password", name=name, password=made)
    else:
        call.say("node.init.given", name=name)
