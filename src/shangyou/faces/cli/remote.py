"""A node that another process serves."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import IO, Any

from shangyou.adapters.node_client import NodeClient
from shangyou.core.errors import UnavailableError
from shangyou.faces.rows import Rows

LOOK_EVERY = 0.1  # seconds between two looks at the progress of the digest


class RemoteSession:
    """The commands' way to a node that serves; see `Session`."""

    serving = True

    def __init__(self, client: NodeClient) -> None:
        self._client = client

    def ask(self, question: str, /, **given: object) -> Rows:
        """See Session."""
        return Rows(*self._client.ask(question, **given))

    def do(self, deed: str, /, **given: object) -> dict[str, Any]:
        """See Session."""
        return self._client.do(deed, **given)

    def send(
        self, name: str, file: IO[bytes], size: int, kind: str, note: str, tell: Callable[[int], None]
    ) -> dict[str, Any]:
        """See Session."""
        return self._client.send(name, file, size, kind, note, tell)

    def settle(self, entry: int, tell: Callable[[int, int], None]) -> None:
        """See Session; UnavailableError with the code of what is in the digest's way."""
        while True:
            now = self.ask("progress").table().to_pylist()[0]
            tell(now["done"], now["end"])
            if now["done"] > entry:
                return
            if now["trouble"]:
                raise UnavailableError(now["trouble"])
            time.sleep(LOOK_EVERY)

    def backup(self) -> Iterator[bytes]:
        """See Session."""
        return self._client.backup()
