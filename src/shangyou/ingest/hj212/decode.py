"""Packets of many devices to observations, a batch at a time.

Source: HJ 212-2017, table 4 (fields), table 8 (marks), 6.3.3.2.3 (DataTime is the instant of real-time data and the
start of the period of minute, hour and day data).
"""

from __future__ import annotations

import math
import re
from array import array
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from shangyou.core.records import Array, Censor, Ints, Mark, Observations, Refusal, SeriesKey
from shangyou.ingest.hj212.codes import CADENCES, COMMANDS, KEPT_RAW, MARKS
from shangyou.ingest.hj212.frame import readable
from shangyou.ingest.hj212.packet import Packet
from shangyou.ingest.hj212.plan import VALUES, Item, Plan, plan
from shangyou.ingest.hj212.times import LegalTime

_NUMBER: Final = re.compile(rb"[+-]?(?:\d{1,300}(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?")
_CENSORED: Final = re.compile(rb"(?:([<>])\s*(.+?)|(.+?)\s*[Ll])")  # <0.025, >100, 0.025L
_ABSENT: Final = frozenset({b"", b"-", b"--", b"*", b"null", b"nan", b"none", b"n/a"})
_MARKS: Final = {text.encode(): int(mark) for text, mark in MARKS.items()}
_PLANS: Final = 4096  # remembered at most; a sender may invent names, so the memory is bounded
_SERIES: Final = 500_000  # remembered at most, for the same reason
_BELOW: Final = int(Mark.BELOW_LIMIT)


class Place(NamedTuple):
    """Where values go, and how the device writes them."""

    site: str  # registry id of the section or outlet, or the MN
    unit_profile: str = "surface"  # as registry.Device


class _Known(NamedTuple):
    """A plan for one site and cadence."""

    plan: Plan
    cadence: str
    series: NDArray[np.int32]  # (items,) index into the decoder's series


class Decoder:
    """Collects values; `take` hands them out as columns. Remembers plans from batch to batch."""

    def __init__(self, time: LegalTime | None = None) -> None:
        self._time = time or LegalTime()
        self._plans: dict[tuple[bytes, str], Plan] = {}
        self._known: dict[tuple[bytes, str, Place], _Known] = {}
        self._series: dict[SeriesKey, int] = {}
        self._limits = array("d")  # (series,) detection limit, NaN = not known
        self._clear()

    def _clear(self) -> None:
        if len(self._series) > _SERIES:
            self._series, self._limits, self._known = {}, array("d"), {}
        self._values: list[float] = []
        self._marks: list[int] = []
        self._chunks: list[NDArray[np.int32]] = []
        self._times: list[int] = []  # one a chunk, as the next two
        self._entries: list[int] = []
        self._counts: list[int] = []
        self._censored: list[tuple[int, int]] = []  # row, Censor
        self._scales: list[tuple[int, Plan]] = []  # first row of a chunk whose units must be converted

    def add(self, packet: Packet, place: Place, entry: int = -1) -> list[Refusal]:
        """Take a packet's values in; what could not be taken is returned, the rest is kept.

        A packet that is no data packet gives nothing. About 10 us for ten factors.
        """
        if packet.cn not in CADENCES:
            return _no_data(packet)
        parts = VALUES.split(packet.cp)
        names, values = parts[::2], parts[1::2]
        skeleton = b"=".join(names)
        try:
            known = self._known[skeleton, packet.cn, place]
        except KeyError:
            known = self._meet(skeleton, names, packet.cn, place)
        refusals = [_with_text(refusal, at, values) for refusal, at in known.plan.refusals]
        if not self._add_quickly(packet, known, values, entry):
            refusals += self._add_slowly(packet, known, values, entry)
        return refusals

    def _add_quickly(self, packet: Packet, known: _Known, values: list[bytes], entry: int) -> bool:
        """Take the usual packet in, in which every text is what it should be; else nothing at all."""
        plan = known.plan
        if plan.time < 0 or b"_" in packet.cp:  # float() reads 1_000
            return False
        ms = self._time.read(values[plan.time])
        if ms is None:
            return False
        values.append(b"")
        try:
            numbers = [float(text) for text in plan.pick_values(values)]
            marks = [_MARKS[text] for text in plan.pick_flags(values)]
        except (ValueError, KeyError):
            return False
        finally:
            values.pop()
        if not math.isfinite(sum(numbers)):  # float() reads nan and inf
            return False
        if numbers:
            self._note(known.series, self._time.start(ms, known.cadence), entry, len(numbers), plan)
            self._values += numbers
            self._marks += marks
        return True

    def _note(self, series: NDArray[np.int32], ms: int, entry: int, count: int, plan: Plan) -> None:
        if plan.scale is not None:
            self._scales.append((len(self._values), plan))
        self._chunks.append(series)
        self._times.append(ms)
        self._entries.append(entry)
        self._counts.append(count)

    def _add_slowly(self, packet: Packet, known: _Known, values: list[bytes], entry: int) -> list[Refusal]:
        """Take each value in for itself, and say of each that is wrong why."""
        refusals: dict[tuple[str, str], Refusal] = {}  # one a cause: a wrong DataTime is not the fault of ten values
        for item, series in zip(known.plan.items, known.series, strict=True):
            read = self._read(item, values)
            if isinstance(read, Refusal):
                refusals.setdefault((read.code, read.column or ""), read)
                continue
            ms, value, censor, mark = read
            if censor:
                self._censored.append((len(self._values), censor))
            if known.plan.scale is not None:
                value = value * item.multiply / item.divide + item.add
            self._chunks.append(np.array([series], np.int32))
            self._times.append(self._time.start(ms, known.cadence))
            self._entries.append(entry)
            self._counts.append(1)
            self._values.append(value)
            self._marks.append(mark)
        if not known.plan.items and known.plan.time >= 0 and self._time.read(values[known.plan.time].strip()) is None:
            return [Refusal("hj212.time", {}, column="DataTime", text=readable(values[known.plan.time]))]
        return list(refusals.values())

    def _read(self, item: Item, values: list[bytes]) -> tuple[int, float, int, int] | Refusal:
        """(time, value as sent, Censor, Mark) of one item."""
        if item.time < 0:
            return Refusal("hj212.time_missing", {}, column="DataTime")
        at, column = item.time, "DataTime"
        if item.sampled is not None:  # an analyser repeats its last sample: what counts is when that was taken
            at, column = item.sampled, item.column.replace("-Rtd", "-SampleTime")
        ms = self._time.read(values[at].strip())
        if ms is None:
            return Refusal("hj212.time", {}, column=column, text=readable(values[at]))
        flag = values[item.flag].strip() if item.flag is not None else b""
        mark = _MARKS.get(flag, int(Mark.UNKNOWN))
        text = values[item.value].strip()
        if text.lower() in _ABSENT:
            return ms, math.nan, 0, mark if mark > Mark.NORMAL else int(Mark.NO_VALUE)
        censor = int(Censor.NONE)
        match = _CENSORED.fullmatch(text)
        if match:
            censor = int(Censor.ABOVE if match[1] == b">" else Censor.BELOW)
            text = match[2] or match[3]
        value = float(text) if _NUMBER.fullmatch(text) else math.nan
        if not math.isfinite(value):
            return Refusal(
                "hj212.number", {"factor": item.column}, column=item.column, text=readable(values[item.value])
            )
        return ms, value, censor, mark

    def _meet(self, skeleton: bytes, names: list[bytes], cn: str, place: Place) -> _Known:
        if len(self._known) >= _PLANS * 8:
            self._known.clear()
        if len(self._plans) >= _PLANS:
            self._plans.clear()
        known = self._plans.get((skeleton, place.unit_profile))
        if known is None:
            known = self._plans[skeleton, place.unit_profile] = plan(names, place.unit_profile)
        series = np.array([self._index(item, CADENCES[cn], place.site) for item in known.items], np.int32)
        found = self._known[skeleton, cn, place] = _Known(known, CADENCES[cn], series)
        return found

    def _index(self, item: Item, cadence: str, site: str) -> int:
        key = SeriesKey(site, item.parameter.key, cadence, item.statistic)
        index = self._series.setdefault(key, len(self._series))
        if index == len(self._limits):
            limit = item.parameter.detection_limit
            self._limits.append(math.nan if limit is None else limit)
        return index

    def take(self) -> Observations:
        """All values since the last call, in order of arrival; `entry` is filled."""
        counts = np.array(self._counts, np.int64)
        everything = np.concatenate(self._chunks) if self._chunks else np.empty(0, np.int32)
        value = np.array(self._values, np.float64)
        mark = np.array(self._marks, np.uint8)
        for first, scaled in self._scales:
            assert scaled.scale is not None
            multiply, divide, add = scaled.scale
            rows = slice(first, first + len(multiply))
            value[rows] = value[rows] * multiply / divide + add
        used, series = _renumbered(everything, len(self._series))
        censor = np.zeros(len(value), np.uint8)
        for row, kind in self._censored:
            censor[row] = kind
        keys = list(self._series)
        self._bound(value, censor, mark, everything)
        result = Observations(
            keys=tuple(keys[i] for i in used),
            series=series,
            time=_repeated(self._times, counts),
            value=value,
            censor=censor,
            mark=mark,
            entry=_repeated(self._entries, counts),
        )
        self._clear()
        return result

    def _bound(
        self, value: Array, censor: NDArray[np.uint8], mark: NDArray[np.uint8], series: NDArray[np.int32]
    ) -> None:
        """Values marked L are bounds: below the value, and below the detection limit where that is higher."""
        rows = np.flatnonzero((mark == _BELOW) & (censor == Censor.NONE) & np.isfinite(value))
        if len(rows):
            value[rows] = np.fmax(value[rows], np.asarray(self._limits)[series[rows]])
            censor[rows] = np.where(value[rows] > 0, Censor.BELOW, Censor.NONE)


def _renumbered(series: NDArray[np.int32], known: int) -> tuple[list[int], NDArray[np.int32]]:
    """Which series occur, and each as an index into them."""
    occurs = np.zeros(known, bool)
    occurs[series] = True
    place = np.cumsum(occurs, dtype=np.int32) - 1
    return np.flatnonzero(occurs).tolist(), place[series].astype(np.int32)


def _repeated(chunks: list[int], counts: Ints) -> Ints:
    return np.repeat(np.array(chunks, np.int64), counts)


def _with_text(refusal: Refusal, at: int, values: list[bytes]) -> Refusal:
    if not 0 <= at < len(values):
        return refusal
    return Refusal(refusal.code, refusal.facts, column=refusal.column, text=readable(values[at]))


def _no_data(packet: Packet) -> list[Refusal]:
    """Why a packet without observations is refused, if it is."""
    command = COMMANDS.get(packet.cn)
    if command is None:
        return [Refusal("hj212.command_unknown", {"cn": packet.cn}, column="CN")]
    if command.kind == "upload" and packet.cn not in KEPT_RAW and command.status != "confirmed":
        return [Refusal("hj212.command_unverified", {"cn": packet.cn}, column="CN")]
    return []
