"""The log of a serving node: one line each on the standard error, as text or as JSON. Nothing secret is ever in it."""

from __future__ import annotations

import logging
import sys
from datetime import UTC, datetime
from typing import Final

import msgspec

from shangyou.core.errors import InputError

LEVELS: Final = ("debug", "info", "warning", "error")
FORMS: Final = ("text", "json")


CONTROL: Final = {n: f"\\x{n:02x}" for n in (*range(32), *range(127, 160)) if chr(n) not in "\n\t"}


class Text(logging.Formatter):
    """`2021-04-01T00:00:00.000Z INFO shangyou.serve: ready`; further lines, of a trace, are indented.

    What others sent may be told in it, such as an address: nobody may write lines of their own, or to a terminal.
    """

    def format(self, record: logging.LogRecord) -> str:
        """One record."""
        text = record.getMessage() + (f"\n{self.formatException(record.exc_info)}" if record.exc_info else "")
        return f"{_moment(record)} {record.levelname} {record.name}: {text}".translate(CONTROL).replace("\n", "\n    ")


class Json(logging.Formatter):
    """One JSON object a line: time, level, logger, text, and trace where there is one."""

    def format(self, record: logging.LogRecord) -> str:
        """One record."""
        line = {"time": _moment(record), "level": record.levelname.lower(), "logger": record.name}
        line["text"] = record.getMessage()
        if record.exc_info:
            line["trace"] = self.formatException(record.exc_info)
        return msgspec.json.encode(line).decode()


def _moment(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def start_logs(form: str, level: str) -> None:
    """Send the log to the standard error. InputError "logs.form", "logs.level"."""
    if form not in FORMS:
        raise InputError("logs.form", form=form, known=", ".join(FORMS))
    if level not in LEVELS:
        raise InputError("logs.level", level=level, known=", ".join(LEVELS))
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Json() if form == "json" else Text())
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    if level != "debug":  # these tell of every request and pull
        for name in ("httpx2", "httpcore2", "uvicorn.access", "asyncio"):
            logging.getLogger(name).setLevel(logging.WARNING)
