"""Compile a kernel with numba, with its types kept for those who read and check.

Only kernels import this: numba takes some 100 MB, so it is loaded where work is done for others (adapters.computing),
never by a node that only asks.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, cast

import numba

F = TypeVar("F", bound=Callable[..., object])


def compiled(function: F) -> F:
    """The same function, compiled at its first call and kept in numba's cache folder."""
    return cast(F, numba.njit(cache=True, error_model="numpy")(function))
