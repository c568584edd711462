"""The Python client against a node that really serves."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from shangyou import wiring
from shangyou.adapters.serving import find_serving
from shangyou.client import Node, completeness
from shangyou.core.errors import InputError, RefusedError, UnavailableError
from shangyou.settings import Settings
from tests.faces.processes import served
from tests.fakes.exchange_question import a_section, give


def test_a_serving_node_answers_with_tables_and_says_how_complete_they_are(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, http_port=0, hj212_port=0)
    wiring.make_home(settings)
    with closing(wiring.build(settings)) as holder:
        holder.registry.meet([a_section("51.清风峡")], 0)
        give(holder.store, [("51.清风峡", "ammonia_nitrogen", hour, 0.1 * hour) for hour in range(1, 11)])
    with served(tmp_path):
        serving = find_serving(tmp_path)
        assert serving is not None
        with Node(serving.address, serving.token) as node:
            table = node.query(parameters=["ammonia_nitrogen"], period="2021-04", percentiles=[90])
            assert (table["count"].to_pylist(), "p90" in table.column_names) == ([10], True)
            assert [(line["state"], line["values"]) for line in completeness(table)] == [("answered", 10)]
            assert node.query(rows=True).num_rows == 10
            with pytest.raises(InputError, match=r"query\.question"):
                node.query(by="planet")
        with Node.at(tmp_path) as node:
            there, here = (node.assess("2021-04", all_nodes=each) for each in (True, False))
            assert there["class"].to_pylist() == here["class"].to_pylist()
        with Node(serving.address, "wrong") as stranger, pytest.raises(RefusedError):
            stranger.query()
    with pytest.raises(UnavailableError):
        Node.at(tmp_path / "nowhere")
