"""The two conversations as tables."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from shangyou.exchange.dsp.messages import ENDINGS, TYPES
from shangyou.exchange.dsp.schemas import MESSAGES
from shangyou.exchange.dsp.tables import FINAL, RANK, TABLES, allowed, diagram, reachable, states

KINDS = st.sampled_from(sorted(TABLES))


def test_nothing_leaves_a_final_state_and_every_other_state_can_be_ended_by_both_sides() -> None:
    for kind in TABLES:
        for state in states(kind):
            for side in ("provider", "consumer"):
                assert ("termination" in allowed(kind, state, side)) == (state not in FINAL)
                assert state not in FINAL or not allowed(kind, state, side)


def test_what_the_figures_of_the_protocol_forbid_is_not_in_the_tables() -> None:
    for kind, state, message in (
        *(("negotiation", "OFFERED", "agreement"), ("negotiation", "OFFERED", "finalized")),
        *(("negotiation", "REQUESTED", "request"), ("negotiation", "ACCEPTED", "offer")),
        *(("transfer", "REQUESTED", "completion"), ("transfer", "REQUESTED", "suspension")),
        ("transfer", "SUSPENDED", "completion"),
    ):
        assert not [row for row in TABLES[kind] if (row[0], row[2]) == (state, message)]


def test_every_state_can_be_reached_and_every_message_has_a_type_a_schema_and_an_address() -> None:
    for kind, table in TABLES.items():
        found = {""}
        for _ in table:
            found |= {after for (state, _, _), after in table.items() if state in found}
        assert found == {"", *states(kind)}
        for _, _, message in table:
            assert TYPES[kind, message] in MESSAGES
            assert message in ENDINGS


def test_messages_that_can_cross_have_different_ranks_unless_they_lead_to_the_same() -> None:
    for table in TABLES.values():
        for (state, side, message), after in table.items():
            for (at, other, crossing), there in table.items():
                if state == at and state and (side, other) == ("provider", "consumer") and after != there:
                    settled = (after, "consumer", crossing) in table or (there, "provider", message) in table
                    assert settled or RANK[message] != RANK[crossing]


@given(KINDS, st.data())
def test_a_state_reaches_what_its_own_moves_reach(kind: str, data: st.DataObject) -> None:
    state = data.draw(st.sampled_from(states(kind)))
    side = data.draw(st.sampled_from(["provider", "consumer"]))
    for message in allowed(kind, state, side):
        assert reachable(kind, TABLES[kind][state, side, message], side) <= reachable(kind, state, side)


def test_the_diagram_shows_every_row() -> None:
    for kind, table in TABLES.items():
        text = diagram(kind)
        for (state, _, message), after in table.items():
            assert any(
                line.strip().startswith(f"{state or '[*]'} --> {after}: ") and line.endswith(f" {message}")
                for line in text.splitlines()
            )
