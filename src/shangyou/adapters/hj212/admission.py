"""Who may report: the registry's word on an MN and its password, remembered for a while."""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence
from typing import Final, NamedTuple, Protocol

from shangyou.core.registry import Device
from shangyou.ingest.hj212.note import Note
from shangyou.ingest.hj212.packet import Packet
from shangyou.ingest.hj212.read import standing, strayed

REMEMBERED: Final = 20_000  # MN; a stranger may invent them


class Devices(Protocol):
    """What of the registry the listener needs."""

    def reporters(self, mns: Collection[str]) -> dict[str, tuple[Device, str]]:
        """By MN the device and its password ("" = any will do), of those that are known."""
        ...


class Verdict(NamedTuple):
    """What is done with a packet."""

    note: str  # for the raw journal
    accepted: bool  # it is acknowledged once it is durable
    system: str = ""  # ST of a device that may be asked something, "" of one in quarantine


class _Known(NamedTuple):
    until: float  # by the machine's monotonic clock
    device: Device | None
    password: str


class Admission:
    """Judges packets. Called from one thread only, and may ask a database."""

    def __init__(self, devices: Devices, unknown: str, remember_s: float) -> None:
        self._devices, self._quarantine, self._remember = devices, unknown == "quarantine", remember_s
        self._known: dict[str, _Known] = {}

    def forget(self) -> None:
        """Ask the registry again: devices have changed. May be called from any thread."""
        self._known = {}

    def judge(self, packets: Sequence[Packet]) -> list[Verdict]:
        """What is done with packets of whole, undamaged frames. Raises what the registry raises."""
        known = self._ask({packet.mn for packet in packets})
        return [self._judge(packet, known[packet.mn]) for packet in packets]

    def _judge(self, packet: Packet, known: _Known) -> Verdict:
        device = known.device
        if device is not None and known.password and known.password != packet.pw:
            return _refused("hj212.password")
        code = standing(device)
        if code == "hj212.device_quarantined" or (code == "hj212.device_unknown" and self._quarantine):
            return Verdict(Note("quarantine", packet.deviations).text(), True)
        if code is not None or device is None:
            return _refused(code or "")
        if packet.deviations:
            if (code := strayed(packet, device)) is not None:
                return _refused(code)
            return Verdict(Note(device.profile, packet.deviations).text(), True, device.system)
        return Verdict(device.profile, True, device.system)

    def _ask(self, mns: set[str]) -> dict[str, _Known]:
        """What is known of some MN. All that must be asked for is asked for at once: one by one, five hundred devices
        that come back after a power cut would keep the commit for a second."""
        now, memory = time.monotonic(), self._known  # `forget` may put another one in its place meanwhile
        known = {mn: held for mn in mns if (held := memory.get(mn)) is not None and held.until >= now}
        wanted = {mn for mn in mns if mn not in known}
        if wanted:
            found = self._devices.reporters(wanted)
            if len(memory) + len(wanted) > REMEMBERED:
                memory.clear()
            for mn in wanted:
                memory[mn] = known[mn] = _Known(now + self._remember, *found.get(mn, (None, "")))
        return known


def _refused(code: str) -> Verdict:
    return Verdict(Note(refused=code).text(), False)
