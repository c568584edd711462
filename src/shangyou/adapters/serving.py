"""Where a node serves, as its home says to the command line of the same machine."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

FILE: Final = "serving.json"  # in the home of a node that serves; only its owner can read it


@dataclass(frozen=True, slots=True)
class Serving:
    """Where a node serves and how its owner is known to it."""

    address: str
    token: str
    process: int
    pin: str = ""  # of its certificate, where it serves with TLS; see adapters.lines.pin
    certificate: str = ""  # shown to it where it asks for one
    key: str = ""


def find_serving(home: Path) -> Serving | None:
    """The process that serves the node in `home`; None if there is none. A file that a crash left behind is none."""
    try:
        told = json.loads((home / FILE).read_text(encoding="utf-8"))
        more = {name: str(told.get(name, "")) for name in ("pin", "certificate", "key")}
        serving = Serving(str(told["address"]), str(told["token"]), int(told["process"]), **more)
        os.kill(serving.process, 0)
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return serving
