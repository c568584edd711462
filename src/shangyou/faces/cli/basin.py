"""`shangyou basin`: the river network, and what flows down it."""

from __future__ import annotations

from typing import Final

import typer

from shangyou.faces.cli.call import group

basin_app: Final[typer.Typer] = group("basin")
