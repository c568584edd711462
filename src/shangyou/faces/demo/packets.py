"""Readings of the simulated monitors as data areas of HJ 212, in the order in which each monitor sends them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from shangyou.core.vocabulary import parameter
from shangyou.ingest.hj212.answer import data_area
from shangyou.ingest.hj212.times import LegalTime
from shangyou.simulation.instruments import LOST, Readings
from shangyou.simulation.scenario import HOUR_MS
from shangyou.simulation.stretch import PARAMETERS

PW: Final = "123456"  # in HJ 212 an identifier of six characters, no secret
STRAYING: Final = {"zhiping": frozenset({"length-6", "crc-case"})}  # Station.key: how its packets stray; real ones do
CODES: Final = tuple(parameter(name).hj212 for name in PARAMETERS)
DECIMALS: Final = tuple(parameter(name).decimals or 0 for name in PARAMETERS)
HOURLY, MINUTELY, REAL_TIME = "2061", "2051", "2011"
FIELD: Final = {HOURLY: "Avg", MINUTELY: "Avg", REAL_TIME: "Rtd"}


@dataclass(frozen=True, slots=True)
class Upload:
    """One packet that a monitor is to send."""

    station: int  # index of its station
    cn: str
    area: bytes


def hourly(readings: Readings, now: int) -> list[list[Upload]]:
    """For each station its packets of hourly data that are due before the end of hour `now` (since 1970).

    Those of an outage come after it; what is lost is left out.
    """
    clock = LegalTime()
    times = [clock.write(int(hour) * HOUR_MS) for hour in readings.hours]
    uploads = []
    for i in range(readings.sent.shape[1]):
        sent = readings.sent[:, i]
        order = [n for n in np.argsort(sent, kind="stable").tolist() if LOST < sent[n] <= now]
        values, marks = readings.value[:, i].tolist(), readings.mark[:, i].tolist()
        uploads.append([Upload(i, HOURLY, area(HOURLY, times[n], values[n], marks[n])) for n in order])
    return uploads


def area(cn: str, time: str, values: list[float], marks: list[str]) -> bytes:
    """The data area of one packet: the nine parameters, each with its mark."""
    field = FIELD[cn]
    texts = (f"{value:.{digits}f}" for value, digits in zip(values, DECIMALS, strict=True))
    return data_area(
        time, {code: {field: text, "Flag": mark} for code, text, mark in zip(CODES, texts, marks, strict=True)}
    )
