"""Numbers and times as readers want them: significant digits, the legal clock, durations in words."""

from __future__ import annotations

import math
from datetime import datetime
from itertools import pairwise
from typing import Final

import numpy as np
from markupsafe import Markup, escape

from shangyou.core.clock import LEGAL, from_ms
from shangyou.core.records import Censor, Flag
from shangyou.core.vocabulary import Parameter, parameters
from shangyou.faces.portal.words import Words
from shangyou.flows.look_series import Line, holes, thin

DASH = Markup("—")
SECOND, MINUTE, HOUR, DAY = 1000, 60_000, 3_600_000, 86_400_000


def legal(ms: int) -> datetime:
    """The moment on the legal clock (UTC+8)."""
    return from_ms(ms).astimezone(LEGAL)


def moment_text(ms: int, now: int) -> str:
    """`11-22 14:35`, with the year where it is not this year."""
    then = legal(ms)
    return then.strftime("%m-%d %H:%M" if then.year == legal(now).year else "%Y-%m-%d %H:%M")


def band(early: int | None, late: int | None, now: int) -> str:
    """Two times as plain text; of the second only the hour, where the day is the same; "" where one is missing."""
    if early is None or late is None:
        return ""
    low, high = moment_text(early, now), moment_text(late, now)
    day, _, hour = high.rpartition(" ")
    return f"{low}–{hour}" if low.startswith(f"{day} ") else f"{low} – {high}"


def moment(ms: int | None, now: int) -> Markup:
    """A <time> element with the zone and seconds on hover; a dash for no time."""
    if ms is None:
        return DASH
    then = legal(ms)
    return Markup('<time datetime="{}" title="{}">{}</time>').format(
        then.isoformat(timespec="seconds"), then.strftime("%Y-%m-%d %H:%M:%S UTC+8"), moment_text(ms, now)
    )


UNITS: Final = (("day", DAY), ("hour", HOUR), ("minute", MINUTE), ("second", SECOND))


def duration(ms: int, t: Words) -> str:
    """In words, in the largest unit and the one below it: 40 seconds, 12 minutes, 1 hour 59 minutes, 3 days 2 hours.

    Cut off, never rounded up: nobody is told that there is more time left than there is. Below an hour whole minutes.
    """
    for (unit, size), (below, part) in pairwise(UNITS):
        if ms >= size:
            whole, rest = t.count(f"time.{unit}", ms // size), ms % size // part
            return whole if unit == "minute" or not rest else f"{whole} {t.count(f'time.{below}', rest)}"
    return t.count("time.second", max(0, ms // SECOND))


def about(ms: int, t: Words) -> str:
    """In words, rounded to the largest unit, of which there are two or more; else as `duration`."""
    for unit, size in UNITS:
        if ms >= 2 * size:
            return t.count(f"time.{unit}", (ms + size // 2) // size)
    return duration(ms, t)


def ago(ms: int | None, now: int, t: Words) -> Markup:
    """How long ago, with the time itself on hover."""
    if ms is None:
        return DASH
    then = legal(ms)
    text = t("time.now") if 0 <= now - ms < SECOND else t("time.ago", duration=about(abs(now - ms), t))
    if ms > now:
        text = t("time.ahead", duration=duration(ms - now, t))
    return Markup('<time datetime="{}" title="{}">{}</time>').format(
        then.isoformat(timespec="seconds"), then.strftime("%Y-%m-%d %H:%M:%S UTC+8"), text
    )


def digits(value: float, decimals: int | None = None) -> str:
    """A number with its decimals; without them to four significant digits, never in powers of ten."""
    if not math.isfinite(value):
        return DASH
    if decimals is not None:
        return f"{value:,.{decimals}f}"
    if value == 0:
        return "0"
    places = max(0, 3 - math.floor(math.log10(abs(value))))
    text = f"{value:,.{places}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def measured(value: float | None, censor: int, parameter: str, upper: float | None = None) -> str:
    """A measured value as it is reported: `<0.025`, `7.86`, or a dash where there is none."""
    if value is None or not math.isfinite(value):
        return DASH
    known = parameters().get(parameter)
    text = digits(value, known.decimals if known else None)
    if known and known.decimals is not None and float(text.replace(",", "")) != value:
        text = digits(value)  # more digits came than are usual: do not hide them
    if censor == Censor.BELOW:
        return f"<{text}"
    if censor == Censor.ABOVE:
        return f">{text}"
    return f"{text}–{digits(upper)}" if censor == Censor.INTERVAL and upper is not None else text


def name_of(key: str, t: Words) -> str:
    """A parameter's name in the reader's language; its key if the vocabulary does not know it."""
    known: Parameter | None = parameters().get(key)
    if known is None:
        return key
    return known.name_zh if t.language == "zh" else known.name_en


def unit_of(key: str) -> str:
    """A parameter's unit as it is printed; nothing for a pure number."""
    known = parameters().get(key)
    return PRINTED.get(known.unit, known.unit) if known else ""


PRINTED = {"1": "", "pH": "", "degC": "℃", "ug/L": "μg/L", "uS/cm": "μS/cm", "m3/s": "m³/s", "%": "%"}


def share(part: int, whole: int) -> str:
    """A share in per cent with one decimal; a dash of nothing."""
    return f"{100 * part / whole:.1f}%" if whole else DASH


def size(n: int) -> str:
    """Bytes in the unit that fits."""
    amount = float(n)
    for unit in ("B", "kB", "MB", "GB"):
        if amount < 1000:
            return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1000
    return f"{amount:.1f} TB"


def printable(data: bytes, most: int = 4000) -> Markup:
    """Raw bytes as text: UTF-8 or GB 18030, everything else and control characters made visible."""
    cut = data[:most]
    for encoding in ("utf-8", "gb18030"):
        try:
            text = cut.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    else:
        text = cut.decode("latin-1")
    text = text.replace("\r\n", "\n")
    return escape("".join(c if c.isprintable() or c in "\n\t" else "\ufffd" for c in text))


def spark(shown: Line) -> str:
    """The path of a small line 100 wide and 20 high, at most 60 points, broken where there is no value."""
    known = np.isfinite(shown.value) & (shown.flag != Flag.FAIL)
    if np.count_nonzero(known) < 2:
        return ""
    rows = thin(shown, 30)
    low, high = float(shown.value[known].min()), float(shown.value[known].max())
    x = 100 * (shown.time[rows] - shown.time[0]) / max(1, int(shown.time[-1] - shown.time[0]))
    y = 20 - 20 * (shown.value[rows] - low) / ((high - low) or 1.0)
    parts, pen, broken = [], False, holes(shown, rows)
    for place, row in enumerate(rows.tolist()):
        if known[row]:
            parts.append(f"{'L' if pen else 'M'}{x[place]:.1f} {y[place]:.1f}")
        pen = bool(known[row]) and not broken[place]
    return " ".join(parts)
