"""Who may report: the registry's word on an MN and its password, remembered for a while."""

from __future__ import annotations

import time
from typing import Final, NamedTuple, Protocol

from shangyou.core.registry import Device
from shangyou.ingest.hj212.note import Note
from shangyou.ingest.hj212.packet import Packet
from shangyou.ingest.hj212.read import standing, strayed

REMEMBERED: Final = 20_000  # MN; a stranger may invent them


class Devices(Protocol):
    """What of the registry the listener needs."""

    def device(self, mn: str) -> Device | None:
        """The device of an MN."""
        ...

    def device_password(self, mn: str) -> str | None:
        """Its password; "" and None = any will do."""
        ...


class Verdict(NamedTuple):
    """What is done with a packet."""

    note: str  # for the raw journal
    accepted: bool  # it is acknowledged once it is durable
    system: str = ""  # ST of a device that may be asked something, "" of one in quarantine


class _Known(NamedTuple):
    until: float  # by the machine's monotonic clock
    device: Device | None
    password: str | None


class Admission:
    """Judges packets. Called from one thread only, and may ask a database."""

    def __init__(self, devices: Devices, unknown: str, remember_s: float) -> None:
        self._devices, self._quarantine, self._remember = devices, unknown == "quarantine", remember_s
        self._known: dict[str, _Known] = {}

    def forget(self) -> None:
        """Ask the registry again: devices have changed. May be called from any thread."""
        self._known = {}

    def judge(self, packet: Packet) -> Verdict:
        """What is done with a packet of a whole, undamaged frame. Raises what the registry raises."""
        known = self._known.get(packet.mn)
        if known is None or known.until < time.monotonic():
            known = self._ask(packet.mn)
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

    def _ask(self, mn: str) -> _Known:
        known = _Known(time.monotonic() + self._remember, self._devices.device(mn), self._devices.device_password(mn))
        if len(self._known) >= REMEMBERED:
            self._known = {}
        self._known[mn] = known
        return known


def _refused(code: str) -> Verdict:
    return Verdict(Note(refused=code).text(), False)
