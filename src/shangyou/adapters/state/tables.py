"""All tables of the state store, whichever file describes them."""

from __future__ import annotations

import importlib
import pkgutil

from sqlalchemy import MetaData

from shangyou.adapters import state
from shangyou.adapters.state.schema import metadata


def every_table() -> MetaData:
    """The tables of `schema` and of every `schema_*` beside it."""
    for module in pkgutil.iter_modules(state.__path__, f"{state.__name__}."):
        if module.name.rpartition(".")[2].startswith("schema_"):
            importlib.import_module(module.name)
    return metadata
