"""The worked numbers in docstrings are right."""

from __future__ import annotations

import doctest
from types import ModuleType

import pytest

from shangyou.governance import change, means, oxygen, rounding
from shangyou.standards import waters


@pytest.mark.parametrize("module", [change, means, oxygen, rounding, waters], ids=lambda module: module.__name__)
def test_examples_in_docstrings(module: ModuleType) -> None:
    results = doctest.testmod(module)
    assert results.attempted > 0
    assert results.failed == 0
