"""Digests of a tracing: of all that it was given, and of what it found. Equal inputs give equal answers."""

from __future__ import annotations

import hashlib
import json
from dataclasses import fields, is_dataclass

import numpy as np

from shangyou.basin.tracing.problem import Problem
from shangyou.basin.tracing.result import Range, Ranked, TraceResult

DIGITS = 4  # that count of a figure that was found: machines differ in the last of sixteen


def of_problem(problem: Problem, seed: int) -> str:
    """ "sha256:" and the digest of ways, pulses, candidates, priors and the seed, each with its name."""
    told = hashlib.sha256()
    _add(told, "problem", problem)
    _add(told, "seed", seed)
    return f"sha256:{told.hexdigest()}"


def _add(told: hashlib._Hash, name: str, value: object) -> None:
    told.update(f"\n{name}=".encode())
    if isinstance(value, np.ndarray):
        told.update(f"{value.dtype.kind}{value.shape}".encode())
        told.update(np.ascontiguousarray(value, value.dtype.newbyteorder("<")).tobytes())
    elif isinstance(value, tuple):
        for number, each in enumerate(value):
            _add(told, str(number), each)
    elif is_dataclass(value):
        for field in fields(value):
            _add(told, field.name, getattr(value, field.name))
    else:
        told.update(repr(value).encode())


def of_result(found: TraceResult) -> str:
    """The same of verdict and ranking, to as many digits as machines agree on."""
    body = {
        "verdict": found.verdict.value,
        "elsewhere": _short(found.elsewhere),
        "ranked": [_row(each) for each in found.ranked],
    }
    return f"sha256:{hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()}"


def _row(each: Ranked) -> list[object]:
    spans = [_span(span) for span in (each.begin, each.duration, each.amount)]
    return [each.candidate.id, _short(each.probability), *spans]


def _span(span: Range) -> list[str]:
    return [_short(value) for value in (span.low, span.middle, span.high)]


def _short(value: float) -> str:
    return f"{value:.{DIGITS}g}"
