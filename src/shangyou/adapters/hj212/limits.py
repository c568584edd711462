"""What one listener allows, and why."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Every limit is a setting with its reason."""

    connections: int = 6000  # 5,000 stations, and room for those that dial in again before their dead line is noticed
    per_address: int = 0  # 0 = none: a mobile operator may bring all stations of a province in from one address
    first_packet_s: float = 600.0  # a line that never brought a valid packet; stations may dial in before they measure
    idle_s: float = 16_200.0  # surface-water stations measure every 4 h, and not all send heartbeats
    frame_s: float = 60.0  # from the first byte of a frame to its last: 10 KB over the slowest radio link in use
    deaf_s: float = 30.0  # that a peer may leave its answers unread
    bad_in_a_row: int = 20  # refused packets without a good one between: noise on a line brings one or two
    held_bytes: int = 16 << 20  # arrived and not yet durable, of all lines: two seconds at ten times the design rate
    line_bytes_a_second: int = 1 << 20  # of one line, on average: a station sends a few hundred
    unread_bytes: int = 64 << 10  # answers waiting for a peer before nothing more is read from it
    refused_a_minute: int = 600  # refused packets kept in the raw journal; beyond, they are only counted
    registry_s: float = 60.0  # how long what the registry says of a device may be remembered
    sessions_a_second: int = 200  # written to the state store, so that 5,000 lines do not keep it busy
    sweep_s: float = 1.0  # how often lines and commands are looked over
    answer_s: float = 10.0  # for a device to answer a request. HJ 212-2017 table 1
    execute_s: float = 60.0  # for it to send data or a result: the 10 s of table 1 are too short to fetch a day
    retries: int = 3  # HJ 212-2017 table 1
    command_s: float = 3600.0  # that a request may wait for its device: later, nobody expects it any more


@dataclass(frozen=True, slots=True)
class ListenerSettings:
    """Where a listener listens, and how it treats strangers."""

    host: str = "127.0.0.1"
    port: int = 8212  # 0 = any that is free
    unknown: str = "refuse"  # packets of an MN that nobody registered: refuse, or quarantine
    limits: Limits = Limits()
