"""The two conversations of the Dataspace Protocol 2025-1 as tables; what no row allows is refused.

Source: Dataspace Protocol 2025-1, Contract Negotiation Protocol and Transfer Process Protocol, sections "States" and
"State Machine". Where figure and text differ on who may terminate, the text holds: both sides, before a final state.
"""

from __future__ import annotations

from typing import Final

Table = dict[tuple[str, str, str], str]  # (state, sender, message): next state

BOTH: Final = ("consumer", "provider")

NEGOTIATION: Final[Table] = {
    ("", "consumer", "request"): "REQUESTED",
    ("", "provider", "offer"): "OFFERED",
    ("REQUESTED", "provider", "offer"): "OFFERED",
    ("REQUESTED", "provider", "agreement"): "AGREED",
    ("OFFERED", "consumer", "request"): "REQUESTED",
    ("OFFERED", "consumer", "accepted"): "ACCEPTED",
    ("ACCEPTED", "provider", "agreement"): "AGREED",
    ("AGREED", "consumer", "verification"): "VERIFIED",
    ("VERIFIED", "provider", "finalized"): "FINALIZED",
} | {
    (state, side, "termination"): "TERMINATED"
    for state in ("REQUESTED", "OFFERED", "ACCEPTED", "AGREED", "VERIFIED")
    for side in BOTH
}

TRANSFER: Final[Table] = {
    ("", "consumer", "request"): "REQUESTED",
    ("REQUESTED", "provider", "start"): "STARTED",
    ("SUSPENDED", "provider", "start"): "STARTED",
    ("SUSPENDED", "consumer", "start"): "STARTED",
} | {
    (state, side, message): after
    for side in BOTH
    for state, message, after in (
        ("STARTED", "completion", "COMPLETED"),
        ("STARTED", "suspension", "SUSPENDED"),
        ("REQUESTED", "termination", "TERMINATED"),
        ("STARTED", "termination", "TERMINATED"),
        ("SUSPENDED", "termination", "TERMINATED"),
    )
}

TABLES: Final = {"negotiation": NEGOTIATION, "transfer": TRANSFER}
FINAL: Final = frozenset({"FINALIZED", "TERMINATED", "COMPLETED"})

RANK: Final = {  # of two messages that cross, the one with the higher rank counts, at both ends
    "start": 1,
    "suspension": 2,
    "completion": 3,
    "termination": 4,
    "finalized": 5,  # the agreement may be in use already
}

STATE_RANK: Final = {"COMPLETED": RANK["completion"], "TERMINATED": RANK["termination"], "FINALIZED": RANK["finalized"]}


def states(kind: str) -> list[str]:
    """States of a conversation, in the order of the table."""
    return list(dict.fromkeys(TABLES[kind].values()))


def allowed(kind: str, state: str, sender: str) -> list[str]:
    """Messages that a side may send in a state."""
    return [message for (at, side, message) in TABLES[kind] if (at, side) == (state, sender)]


def reachable(kind: str, state: str, sender: str) -> set[str]:
    """The state itself and those to which the other side may have gone on from it by messages of its own."""
    found, new = {state}, {state}
    while new:
        new = {after for (at, side, _), after in TABLES[kind].items() if at in new and side == sender} - found
        found |= new
    return found


def diagram(kind: str) -> str:
    """The table as a mermaid state diagram; C and P say who sends."""
    grouped: dict[tuple[str, str, str], list[str]] = {}
    for (state, sender, message), after in TABLES[kind].items():
        grouped.setdefault((state, after, message), []).append(sender[0].upper())
    lines = ["stateDiagram-v2"]
    for (state, after, message), senders in grouped.items():
        lines.append(f"    {state or '[*]'} --> {after}: {'/'.join(sorted(senders))} {message}")
    lines += [f"    {state} --> [*]" for state in states(kind) if state in FINAL]
    return "\n".join(lines)
