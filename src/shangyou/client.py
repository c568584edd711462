"""A node from Python: its questions as Arrow tables.

from shangyou.client import Node, completeness

with Node("http://127.0.0.1:8350", token) as node:          # or Node.at(home) on the node's own machine
    table = node.query(parameters=["ammonia_nitrogen"], period="2021-04", by="province", percentiles=[90])
    print(completeness(table))                              # who answered, who did not, and why
    frame = table.to_pandas()                               # where pandas is installed
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pyarrow as pa

from shangyou.adapters.node_client import NodeClient
from shangyou.adapters.serving import Serving, find_serving
from shangyou.core.errors import UnavailableError

Names = Sequence[str]


class Node:
    """A serving node. Every method raises the node's own errors, with their codes: shangyou.core.errors."""

    def __init__(self, address: str, token: str, by: str = "client", language: str = "en") -> None:
        """address: http://host:port; token: of the node's own machine, or of whoever runs it; by: for its histories."""
        self._client = NodeClient(Serving(address.rstrip("/"), token, 0), by, language)

    @classmethod
    def at(cls, home: Path | str, by: str = "client", language: str = "en") -> Self:
        """The node that serves a home on this machine. UnavailableError "node.unreachable"."""
        serving = find_serving(Path(home))
        if serving is None:
            raise UnavailableError("node.unreachable", address=str(home))
        found = cls.__new__(cls)
        found._client = NodeClient(serving, by, language)
        return found

    def __enter__(self) -> Self:
        self._client.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.__exit__(kind, error, trace)

    def query(
        self,
        *,
        sections: Names = (),
        rivers: Names = (),
        provinces: Names = (),
        parameters: Names = (),
        cadences: Names = (),
        statistics: Names = (),
        period: str = "",
        as_of: str = "",
        purpose: str = "",
        by: str = "section",
        mean: str = "month",
        percentiles: Sequence[float] = (),
        rows: bool = False,
        unusable: bool = False,
        nodes: Names = (),
        seconds: float = 20.0,
    ) -> pa.Table:
        """One question to all nodes, or to those named; see docs/query.md.

        rows: observations instead of summaries. The table carries its `completeness`.
        """
        return self.ask(
            "query",
            section=tuple(sections),
            river=tuple(rivers),
            province=tuple(provinces),
            parameter=tuple(parameters),
            cadence=tuple(cadences),
            statistic=tuple(statistics),
            period=period,
            as_of=as_of,
            purpose=purpose,
            by=by,
            mean=mean,
            percentile=tuple(f"{share:g}" for share in percentiles),
            shape="rows" if rows else "summary",
            unusable=unusable,
            node=tuple(nodes),
            seconds=seconds,
        )

    def assess(self, period: str, by: str = "section", *, all_nodes: bool = False, **more: object) -> pa.Table:
        """Classes of a period, of this node's data or of all nodes'; `more` as of the command line."""
        return self.ask("assess", period=period, by=by, nodes=all_nodes, **more)

    def ask(self, question: str, **given: object) -> pa.Table:
        """Any question of the API by its path, such as "sections" or "observations"."""
        schema, batches = self._client.ask(question, **given)
        return pa.Table.from_batches(list(batches), schema)


def completeness(table: pa.Table) -> list[dict[str, Any]]:
    """What became of a question at each node: node, state, values, at, since, code, text, remedy, left ..."""
    said: list[dict[str, Any]] = json.loads((table.schema.metadata or {}).get(b"completeness", b"[]"))
    return said
