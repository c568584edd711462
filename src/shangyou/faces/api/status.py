"""The state of a node in figures: one place for `node status`, the API and the metrics."""

from __future__ import annotations

import os
import shutil

from shangyou import __version__
from shangyou.core.registry import Status
from shangyou.faces.api.desk import Desk

DAY = 86_400_000


Figures = dict[str, bool | int | str | None]
MOMENTS = ("started", "first_data", "last_data", "last_packet")  # those that are times [ms since 1970 UTC]


def status(desk: Desk) -> Figures:
    """Figures by name; sizes are bytes, `behind` counts journal entries not yet in the store."""
    node, running = desk.node, desk.running
    size, progress = node.store.size(), node.store.progress()
    sections = node.registry.sections()
    sessions = node.intake.sessions(1)
    places = running.places if running else {}
    return {
        "name_zh": node.settings.name_zh,
        "name_en": node.settings.name_en,
        "level": node.settings.level,
        "simulated": node.settings.simulated,
        "version": __version__,
        "home": str(node.settings.home),
        "state_store": node.database.server(),
        "serving": running is not None,
        "process": os.getpid() if running else None,
        "started": running.started if running else None,
        "http": places.get("http", ""),
        "hj212": places.get("hj212", ""),
        "trouble": running.worker.trouble() if running else "",
        "observations": size.observations,
        "series": size.series,
        "first_data": size.first,
        "last_data": size.last,
        "sections": len(sections),
        "unconfirmed": sum(section.status == Status.UNCONFIRMED for section in sections),
        "devices": len(node.registry.devices()),
        "sessions": len(node.intake.sessions(10_000, open_only=True)),
        "last_packet": sessions[0].last if sessions else None,
        "refused": node.intake.refused_count(),
        "refused_day": node.intake.refused_count(desk.now() - DAY),
        "entries": node.journal.end(),
        "behind": node.journal.end() - progress.done,
        "journal_bytes": node.journal.size(),
        "store_bytes": size.bytes,
        "disk_free": shutil.disk_usage(node.settings.home).free,
    }
