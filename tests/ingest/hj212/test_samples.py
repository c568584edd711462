"""Packets that others sent or printed, read as they stand."""

from __future__ import annotations

import math
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from shangyou.core.clock import from_ms
from shangyou.ingest.hj212.decode import Decoder, Place
from shangyou.ingest.hj212.frame import BadFrame, Frame, PacketReader
from shangyou.ingest.hj212.packet import Packet, parse

GOLDEN = tomllib.loads((Path(__file__).parents[2] / "golden" / "hj212" / "packets.toml").read_text("utf-8"))["packet"]


def frames(text: str, profile: str) -> Frame | BadFrame:
    reader = PacketReader(profile)
    reader.receive(text.encode() + b"\r\n")
    found = reader.next() or reader.finish()
    assert found is not None
    return found


@pytest.mark.parametrize("case", GOLDEN, ids=lambda case: case["source"])
def test_a_known_packet_says_what_is_known_of_it(case: dict[str, Any]) -> None:
    found = frames(case["frame"], "strict")
    assert isinstance(found, Frame)
    packet = parse(found.segment, found.deviations)
    assert isinstance(packet, Packet)
    assert (packet.cn, packet.mn, packet.deviations) == (case["cn"], case["mn"], ())
    assert packet.frame() == found.body
    decoder = Decoder()
    assert decoder.add(packet, Place(packet.mn)) == []
    got = decoder.take()
    names = [f"{got.keys[i].parameter} {got.keys[i].statistic}" for i in got.series]
    assert names == list(case["values"])
    np.testing.assert_array_equal(got.value, [float(value) for value in case["values"].values()])
    assert {key.cadence for key in got.keys} <= {case.get("cadence")}
    assert {from_ms(int(ms)).strftime("%Y-%m-%dT%H:%M:%SZ") for ms in got.time} <= {case.get("time")}


def samples(shared: Path) -> tuple[list[str], list[str], list[str]]:
    """Good, deviant and generated packets of the collection."""
    groups: dict[str, list[str]] = {"GOOD": [], "NEGATIVE": [], "GENERATED": []}
    into: list[str] = []
    for line in (shared / "reference" / "facts" / "hj212_samples.txt").read_text("utf-8").splitlines():
        if line.startswith("#! ----"):
            into = next(group for word, group in groups.items() if word in line)
        elif not line.startswith("#!"):
            into.append(line.split("\t", 1)[1])
    return groups["GOOD"], groups["NEGATIVE"], groups["GENERATED"]


def outcome(text: str, profile: str) -> tuple[str, ...]:
    """Deviations of a packet that is taken, or the code of its refusal."""
    found = frames(text, profile)
    if isinstance(found, BadFrame):
        return (found.refusal.code,)
    packet = parse(found.segment, found.deviations)
    assert isinstance(packet, Packet)
    return packet.deviations


@pytest.mark.shared
def test_every_good_packet_is_decoded(shared: Path) -> None:
    good, _, generated = samples(shared)
    assert (len(good), len(generated)) == (10, 7)
    decoder, read = Decoder(), 0
    for text in good + generated:
        found = frames(text, "lenient")
        assert isinstance(found, Frame)
        packet = parse(found.segment, found.deviations)
        assert isinstance(packet, Packet)
        refusals = decoder.add(packet, Place(packet.mn))
        assert {refusal.code for refusal in refusals} <= {"hj212.factor"}  # private codes: ele01, a34006 ...
        got = decoder.take()
        assert not np.isnan(got.value).any()
        read += len(got)
    assert read == 66


@pytest.mark.shared
def test_good_packets_stray_only_by_a_missing_qn_and_a_lower_case_sum(shared: Path) -> None:
    good, _, generated = samples(shared)
    assert {deviation for text in good + generated for deviation in outcome(text, "lenient")} == {
        "qn-missing",
        "crc-case",
    }


@pytest.mark.shared
def test_deviant_packets_are_refused_if_strict_for_the_right_reason(shared: Path) -> None:
    _, deviant, _ = samples(shared)
    assert [outcome(text, "strict")[0] for text in deviant] == [
        "hj212.checksum",  # the sum of another packet
        "hj212.length",  # six too many, the sum is right
        "hj212.length",  # one too many
        "hj212.checksum",  # six too many, and the sum is wrong
    ]


@pytest.mark.shared
def test_of_deviant_packets_only_the_overcounted_with_a_right_sum_is_taken_if_lenient(shared: Path) -> None:
    _, deviant, _ = samples(shared)
    assert [outcome(text, "lenient") for text in deviant] == [
        ("hj212.checksum",),
        ("length-6", "qn-missing"),
        ("hj212.length",),
        ("hj212.checksum",),
    ]


@pytest.mark.shared
def test_the_national_station_packet_gives_its_fifteen_items(shared: Path) -> None:
    good, _, _ = samples(shared)
    found = frames(next(text for text in good if "NM100000_0005" in text), "strict")
    assert isinstance(found, Frame)
    packet = parse(found.segment)
    assert isinstance(packet, Packet)
    decoder = Decoder()
    assert decoder.add(packet, Place(packet.mn)) == []
    got = decoder.take()
    assert len(got) == 15
    values = {got.keys[i].parameter: v for i, v in zip(got.series, got.value, strict=True)}
    assert values["turbidity"] == 17
    assert math.isclose(values["total_phosphorus"], 0.042)
