"""Texts of compensation compacts that ship with the product: dated YAML, each with its sources and cases."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from shangyou.core.errors import NotFoundError

if TYPE_CHECKING:
    from collections.abc import Mapping

FOLDER: Final = "compensation"


@cache
def compact_texts() -> Mapping[str, bytes]:
    """YAML of each compact by its id, which is the name of its file."""
    folder = files("shangyou.standards") / FOLDER
    found = sorted((entry for entry in folder.iterdir() if entry.name.endswith(".yaml")), key=lambda entry: entry.name)
    return MappingProxyType({entry.name.removesuffix(".yaml"): entry.read_bytes() for entry in found})


def compact_text(id: str) -> bytes:
    """The YAML of one; NotFoundError "compensation.compact"."""
    try:
        return compact_texts()[id]
    except KeyError:
        raise NotFoundError("compensation.compact", id=id, known=", ".join(compact_texts())) from None
