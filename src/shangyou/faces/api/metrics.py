"""The state of a node as Prometheus reads it."""

from __future__ import annotations

from typing import Final

from shangyou.faces.api.desk import Desk
from shangyou.faces.api.status import status

FIGURES: Final = {  # figure of the status: name, kind, help
    "observations": ("observations_total", "counter", "Versions of observations in the store."),
    "series": ("series", "gauge", "Series that have had an observation."),
    "sections": ("sections", "gauge", "Sections of the registry."),
    "unconfirmed": ("sections_unconfirmed", "gauge", "Sections that nobody has confirmed."),
    "devices": ("devices", "gauge", "Devices of the registry."),
    "sessions": ("sessions_open", "gauge", "Connections of devices that are open."),
    "refused": ("refused_total", "counter", "Refusals kept."),
    "entries": ("journal_entries_total", "counter", "Entries of the raw journal."),
    "behind": ("journal_behind_entries", "gauge", "Entries of the raw journal that are not in the store yet."),
    "journal_bytes": ("journal_bytes", "gauge", "Bytes of the raw journal on disk."),
    "store_bytes": ("store_bytes", "gauge", "Bytes of the observation store on disk."),
    "disk_free": ("disk_free_bytes", "gauge", "Bytes free on the disk of the home."),
}
MOMENTS: Final = {
    "started": ("started_seconds", "When the node began to serve, seconds since 1970."),
    "last_data": ("last_observation_seconds", "Time of the newest observation, seconds since 1970."),
    "last_packet": ("last_packet_seconds", "When the last packet of a device came, seconds since 1970."),
}


def metrics(desk: Desk) -> str:
    """All figures in the Prometheus text format 0.0.4."""
    found = status(desk)
    lines: list[str] = []
    for figure, (name, kind, told) in FIGURES.items():
        lines += _lines(name, kind, told, found[figure])
    for figure, (name, told) in MOMENTS.items():
        ms = found[figure]
        if isinstance(ms, int):
            lines += _lines(name, "gauge", told, ms / 1000)
    lines += _lines("trouble", "gauge", "1 while something is in the way of the digest.", int(bool(found["trouble"])))
    return "\n".join(lines) + "\n"


def _lines(name: str, kind: str, told: str, value: object) -> list[str]:
    full = f"shangyou_{name}"
    return [f"# HELP {full} {told}", f"# TYPE {full} {kind}", f"{full} {value}"]
