from __future__ import annotations

import doctest

from shangyou.basin.tracing import normal


def test_examples_in_docstrings() -> None:
    results = doctest.testmod(normal)
    assert results.attempted > 0
    assert results.failed == 0
