"""Questions: what can be asked of a node, each a function of the desk that answers with rows.

The command line and the HTTP API read the same table, `QUESTIONS`; so whether a node serves or not, the answer is one.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Final

import pyarrow as pa

from shangyou.faces.api import (
    alarms,
    catalogue,
    compensation,
    contracts,
    federation,
    incidents,
    ledger,
    loads,
    network,
    passages,
    query,
    resolutions,
    standing,
    tracings,
    vocabulary,
    warnings,
)
from shangyou.faces.api.arrived import batches, maps, outcome, progress, refused
from shangyou.faces.api.desk import Desk
from shangyou.faces.api.kinds import TEXT, TIME, WHOLE, made, texts
from shangyou.faces.api.observed import assess, latest, observations
from shangyou.faces.api.registered import (
    agencies,
    command,
    commands,
    devices,
    history,
    rivers,
    section,
    sections,
    sessions,
)
from shangyou.faces.api.status import MOMENTS, status
from shangyou.faces.api.tables import Question
from shangyou.faces.rows import Rows


def parameters(
    desk: Desk,
    text: Annotated[str, "part of its key, names or codes"] = "",
    group: Annotated[str, "water, air, sound, process or station"] = "",
) -> Rows:
    """The vocabulary: what can be measured, in which canonical unit, and what others call it."""
    return vocabulary.parameters(text, group)


def state(desk: Desk) -> Rows:
    """The node itself: where it listens, what it holds, how far it has digested, what it has room for."""
    found = status(desk)
    kinds = {"simulated": pa.bool_(), "serving": pa.bool_()} | dict.fromkeys(MOMENTS, TIME)
    words = ("name_zh", "name_en", "level", "version", "home", "state_store", "http", "hj212", "trouble")
    kinds |= dict.fromkeys(words, TEXT)
    return made(pa.schema([(name, kinds.get(name, WHOLE)) for name in found]), [dict(found)])


def people(desk: Desk) -> Rows:
    """Who may sign in."""
    return made(texts("name", "role", "display", "language"), map(asdict, desk.node.people.people()))


QUESTIONS: Final = {
    question.path: question
    for question in (
        Question("status", state, "node"),
        Question("people", people, "node", frozenset({"operator", "security"})),
        Question("agencies", agencies, "registry"),
        Question("rivers", rivers, "registry"),
        Question("sections", sections, "registry"),
        Question("section", section, "registry"),
        Question("history", history, "registry"),
        Question("parameters", parameters, "registry"),
        Question("batches", batches, "intake"),
        Question("outcome", outcome, "intake"),
        Question("refused", refused, "intake"),
        Question("progress", progress, "intake"),
        Question("maps", maps, "intake"),
        Question("devices", devices, "devices"),
        Question("commands", commands, "devices"),
        Question("command", command, "devices"),
        Question("sessions", sessions, "devices"),
        Question("latest", latest, "observations"),
        Question("observations", observations, "observations"),
        Question("assess", assess, "observations"),
        *(Question(*each) for each in ledger.QUESTIONS),
        *catalogue.QUESTIONS,
        *federation.QUESTIONS,
        *query.QUESTIONS,
        *(Question(*each) for each in loads.QUESTIONS),
        *contracts.QUESTIONS,
        *network.QUESTIONS,
        *passages.QUESTIONS,
        *standing.QUESTIONS,
        *alarms.QUESTIONS,
        *warnings.QUESTIONS,
        *incidents.QUESTIONS,
        *resolutions.QUESTIONS,
        *compensation.QUESTIONS,
        *tracings.QUESTIONS,
    )
}
