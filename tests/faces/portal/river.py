"""A small river for tests: five sections, three days of four-hourly values, ending at 20:00 on 2021-04-05."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Final

import numpy as np

from shangyou.core.clock import to_ms
from shangyou.core.journal import Raw
from shangyou.core.ports import Batch, Session
from shangyou.core.records import Check, Flag, Flagged, Mark, Observations, Refusal, SeriesKey
from shangyou.core.registry import Device, Section, Status, WaterKind
from shangyou.flows.again import AGAIN, reader
from shangyou.ingest.hj212.frame import frame
from tests.faces.portal.node import NOW, FakeNode

HOUR: Final = 3_600_000
LAST: Final = to_ms(NOW) - HOUR // 2  # 20:00 legal time
TIMES: Final = tuple(LAST - 4 * HOUR * n for n in range(18, -1, -1))
CLEAN: Final = {
    "water_temperature": 15.2,
    "ph": 7.8,
    "dissolved_oxygen": 8.6,
    "permanganate_index": 1.6,
    "ammonia_nitrogen": 0.1,
    "total_phosphorus": 0.015,
}
SECTIONS: Final = (
    Section(
        *(
            "51.清风峡",
            "清风峡",
            "Qingfeng Gorge",
            "四川省",
            "广元市",
            "长江流域",
            "嘉陵江",
            WaterKind.RIVER,
            105.9,
            32.5,
        ),
        Status.CONFIRMED,
        source="test",
    ),
    Section("51.沱江二桥", "沱江二桥", "", "四川省", "泸州市", "长江流域", "沱江", longitude=105.4, latitude=28.9),
    Section("50.朱沱", "朱沱", "Zhutuo", "重庆市", "永川区", "长江流域", "长江", longitude=105.85, latitude=29.02),
    Section("50.无名桥", "无名桥", "", "重庆市", "", "长江流域", ""),
    Section("52.静默站", "静默站", "", "贵州省", "贵阳市", "长江流域", "乌江", longitude=106.7, latitude=26.6),
)
DIRTY: Final = "51.沱江二桥"  # total phosphorus rises in the last day: class III before, V now
MN: Final = "A510000_0001"
PACKET: Final = frame(
    b"QN=20210405200000000;ST=21;CN=2011;PW=123456;MN=A510000_0001;Flag=9;"
    b"CP=&&DataTime=20210405200000;w01001-Rtd=7.80,w01001-Flag=N;w01009-Rtd=8.60,w01009-Flag=N&&"
)


def values_of(section: str, time: int) -> dict[str, float]:
    """What is measured at a section at a time."""
    found = dict(CLEAN)
    if section == DIRTY:
        found["total_phosphorus"] = 0.36 if time > LAST - 24 * HOUR else 0.15
    if section == "50.无名桥":
        found["permanganate_index"] = 7.5
    return found


def fill(node: FakeNode) -> None:
    """Give the node the river, a device with a session, a raw packet and a refusal."""
    received = to_ms(NOW)
    node.registry.meet(SECTIONS, received)
    for number, section in enumerate(SECTIONS[:4]):
        body = f"rows of {section.name_zh}".encode()
        entry = node.journal.append([Raw("table", f"{section.name_zh}.csv", received, body)]).start
        rows = [
            (SeriesKey(section.id, parameter, "4h"), time, value, 0, int(Mark.NORMAL))
            for time in TIMES
            for parameter, value in values_of(section.id, time).items()
        ]
        observations = Observations.build(rows, entry)
        node.store.append(
            Batch(entry, "table", f"{section.name_zh}.csv", received + number, digest(body), "li"), good(observations)
        )
    _revise(node)
    node.registry.put_device(Device(MN, "清风峡自动站", "51.清风峡"), "123456", "li", received)
    node.intake.save_session(Session(0, "127.0.0.1:50001", MN, received - HOUR, received - 60_000, 7, 1, 900))
    packet = node.journal.append([Raw("hj212", MN, received, PACKET, "strict")]).start
    bad = Refusal("units.unknown", {"unit": "<b>furlong</b>"}, 3, "溶解氧", "a,b")
    node.intake.refuse(packet, "朱沱.csv", "table", received, [bad])


def _revise(node: FakeNode) -> None:
    """A later file corrects one value of the first section, fails one and suspects another."""
    received = to_ms(NOW) + 5000
    entry = node.journal.append([Raw("table", "更正.csv", received, b"corrected")]).start
    key = SeriesKey("51.清风峡", "ph", "4h")
    rows = [(key, TIMES[3], 8.1, 0, 1), (key, TIMES[5], 13.2, 0, 1), (key, TIMES[7], 8.8, 0, 1)]
    flagged = good(Observations.build(rows, entry))
    flag = flagged.flag.copy()
    flag[1], flag[2] = Flag.FAIL, Flag.SUSPECT
    fail, suspect = flagged.fail.copy(), flagged.suspect.copy()
    fail[1], suspect[2] = int(Check.SPIKE), int(Check.RATE)
    batch = Batch(entry, "table", "更正.csv", received, digest(b"corrected"), "li")
    node.store.append(batch, replace(flagged, flag=flag, fail=fail, suspect=suspect))


def refuse_packet(node: FakeNode, mn: str) -> int:
    """A packet of a device that is not registered; returns its entry."""
    body = frame(PACKET[6:-6].replace(MN.encode(), mn.encode()))
    raw = Raw("hj212", mn, to_ms(node.clock.now()), body, "refused hj212.device_unknown")
    entry = node.journal.append([raw]).start
    node.intake.refuse(entry, mn, "hj212", raw.received, [Refusal("hj212.device_unknown", {"mn": mn})])
    return entry


def digest_orders(node: FakeNode) -> None:
    """Do what was ordered to be read again; all else in the journal is in the store already."""
    read = reader(node.journal, node.store, node.registry, node.intake)
    for entry in node.journal.read(0):
        if entry.raw.kind == AGAIN:
            (parsed,) = read(entry.raw)
            batch = Batch(entry.id, AGAIN, entry.raw.source, entry.raw.received)
            node.store.append(batch, good(parsed.observations))


def good(observations: Observations) -> Flagged:
    """Values that no check speaks against."""
    n = len(observations)
    return Flagged(observations, np.full(n, Flag.GOOD, np.uint8), np.zeros(n, np.uint32), np.zeros(n, np.uint32))


def digest(body: bytes) -> str:
    """As intake names a content."""
    return hashlib.sha256(body).hexdigest()
