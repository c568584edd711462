"""The worked examples in docstrings are true."""

from __future__ import annotations

import doctest
from importlib import import_module
from pathlib import Path

import pytest

import shangyou

ROOT = Path(shangyou.__file__).parent
PARTS = ("core", "standards", "governance", "basin", "exchange")
WITH_EXAMPLES = sorted(
    "shangyou." + ".".join(path.relative_to(ROOT).with_suffix("").parts)
    for part in PARTS
    for path in (ROOT / part).rglob("*.py")
    if ">>> " in path.read_text(encoding="utf-8")
)


@pytest.mark.parametrize("name", WITH_EXAMPLES)
def test_examples_in_docstrings_are_true(name: str) -> None:
    found = doctest.testmod(import_module(name))
    assert found.attempted > 0
    assert found.failed == 0
