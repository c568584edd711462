"""What happens inside a piece of river while its water moves on: storage, sorption and decay, solved exactly.

Three amounts [g] stand in each piece: m in the water, s in the storage zone, p on the bed.

    dm/dt = -(a + k + h c) m + a/r s + h p     a: exchange rate, r: storage area over channel area, k: decay,
    ds/dt =   a m - (a/r + l) s                l: decay in the storage zone, h: sorption rate,
    dp/dt =   h c m - h p                      c: amount on the bed over amount in the water at equilibrium

Source: Bencala and Walters (1983), Water Resources Research 19(3), 718-724, and Runkel (1998), USGS WRIR 98-4018, whose
sorption terms (rate, density of sediment times its distribution coefficient) are h and c here.
"""

from __future__ import annotations

import numpy as np

from shangyou.basin.transport.compiled import compiled
from shangyou.core.records import Array

STATES = 4  # water, storage, bed, and what has decayed


@compiled
def _product(a: Array, b: Array) -> Array:
    """Of two (4, 4) matrices, without a library of linear algebra."""
    out = np.zeros((STATES, STATES))
    for i in range(STATES):
        for j in range(STATES):
            for k in range(STATES):
                out[i, j] += a[i, k] * b[k, j]
    return out


@compiled
def _short(rates: Array, leaving: Array, fastest: float, step: float) -> Array:
    """The same for a step in which little happens, by uniformisation."""
    chance, term, out = np.zeros((STATES, STATES)), np.zeros((STATES, STATES)), np.zeros((STATES, STATES))
    weight = np.exp(-fastest * step)
    for j in range(STATES):
        for i in range(STATES):
            chance[i, j] = rates[i, j] / fastest
        chance[j, j] = 1.0 - leaving[j] / fastest
        term[j, j], out[j, j] = 1.0, weight
    for k in range(1, 18):  # 0.5**18 / 18! is below one part in 1e21
        term = _product(chance, term)
        weight *= fastest * step / k
        for i in range(STATES):
            for j in range(STATES):
                out[i, j] += weight * term[i, j]
    return out


@compiled
def propagator(
    exchange: float, ratio: float, decay: float, storage_decay: float, sorption: float, capacity: float, step: float
) -> Array:
    """(4, 4) share of each amount (column) that is in each amount (row) after `step` seconds; columns add up to 1.

    By uniformisation and squaring: only sums and products of numbers that are not negative, so that no share ever is,
    and each column's sum is kept to rounding. The fourth amount is what has decayed, so decay is counted, not inferred.

    Source: Jensen (1953), Skandinavisk Aktuarietidskrift 36, 87-91.
    """
    out = np.zeros((STATES, STATES))
    back = exchange / ratio if ratio > 0.0 else 0.0
    to_storage = exchange if ratio > 0.0 else 0.0
    to_bed = sorption * capacity
    rates = np.zeros((STATES, STATES))
    rates[1, 0], rates[2, 0], rates[3, 0] = to_storage, to_bed, decay
    rates[0, 1], rates[3, 1] = back, storage_decay
    rates[0, 2] = sorption
    leaving = np.zeros(STATES)
    for j in range(STATES):
        for i in range(STATES):
            leaving[j] += rates[i, j]
        out[j, j] = 1.0
    fastest = max(leaving[0], leaving[1], leaving[2])
    if fastest * step <= 0.0:
        return out
    squarings = 0
    while fastest * step > 0.5:
        step *= 0.5
        squarings += 1
    out = _short(rates, leaving, fastest, step)
    for _ in range(squarings):
        out = _product(out, out)
    for j in range(STATES):  # rounding of many squarings is put right where it arose
        total = out[0, j] + out[1, j] + out[2, j] + out[3, j]
        for i in range(STATES):
            out[i, j] /= total
    return out
