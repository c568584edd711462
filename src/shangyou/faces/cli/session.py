"""The node behind a command: in this process if nobody serves it, else through the process that does."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import IO, TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from shangyou.faces.rows import Rows
    from shangyou.settings import Settings


class Session(Protocol):
    """What commands use; both kinds give the same results."""

    @property
    def serving(self) -> bool:
        """Does another process serve the node?"""
        ...

    def ask(self, question: str, /, **given: object) -> Rows:
        """Rows that answer one of faces.api.questions."""
        ...

    def do(self, deed: str, /, **given: object) -> dict[str, Any]:
        """Have one of faces.api.deeds done; returns what it says of itself."""
        ...

    def send(
        self, name: str, file: IO[bytes], size: int, kind: str, note: str, tell: Callable[[int], None]
    ) -> dict[str, Any]:
        """Give a file to the intake; see faces.api.intake.take_in. `tell` hears of the bytes as they go."""
        ...

    def settle(self, entry: int, tell: Callable[[int, int], None]) -> None:
        """Wait until the journal is in the store beyond `entry`; `tell` hears (entries done, entries in all)."""
        ...

    def backup(self) -> Iterator[bytes]:
        """The backup of the node, piece by piece."""
        ...


@contextlib.contextmanager
def open_session(settings: Settings, by: str, language: str) -> Iterator[Session]:
    """The node of these settings. ConflictError "home.in_use" if a process has it that does not serve."""
    from shangyou.adapters.serving import find_serving

    serving = find_serving(settings.home)
    if serving is not None:
        from shangyou.adapters.node_client import NodeClient
        from shangyou.faces.cli.remote import RemoteSession

        with NodeClient(serving, by, language) as client:
            yield RemoteSession(client)
        return
    from shangyou import wiring
    from shangyou.faces.api.desk import Desk
    from shangyou.faces.cli.local import LocalSession

    with contextlib.closing(wiring.build(settings)) as node:
        yield LocalSession(Desk(node, wiring.digest(node), by=by, language=language))
