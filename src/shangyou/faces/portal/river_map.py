"""The map of one river as SVG: a line downwards with what stands on it, in order of flow and not to scale.

Colours stand as attributes, for where no style sheet is, and as classes, by which the portal's style sheet paints over.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from markupsafe import Markup, escape

from shangyou.faces.archive import Line, Sheet
from shangyou.faces.portal.words import Words

WIDTH: Final = 360
ROW: Final = 26
TOP: Final = 34
AXIS: Final = 62
TEXT: Final = 84
RIGHT: Final = 354
INK: Final = "#16202a"
SOFT: Final = "#5f6d7a"
RIVER: Final = "#3f7fa6"
ALERT: Final = "#b3261e"
HOLD: Final = "#1f6f3d"
FONT: Final = "Noto Sans SC, Noto Sans CJK SC, sans-serif"


def river_map(sheet: Sheet, t: Words) -> Markup:
    """The drawing, in the language of the reader."""
    return _drawn(sheet, sheet.lines, t, last=True)


def river_maps(sheet: Sheet, t: Words, most: int) -> list[Markup]:
    """The same in pieces of so many lines, for pages."""
    starts = range(0, max(len(sheet.lines), 1), most)
    return [_drawn(sheet, sheet.lines[i : i + most], t, last=i + most >= len(sheet.lines)) for i in starts]


def _drawn(sheet: Sheet, lines: Sequence[Line], t: Words, *, last: bool) -> Markup:
    height = TOP + ROW * (len(lines) + 1) + 10
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="river-map" viewBox="0 0 {WIDTH} {height}" '
        f'width="{WIDTH}" height="{height}" role="img" font-family="{FONT}" font-size="12">',
        f"<title>{escape(t('rivers.map_of'))} {escape(sheet.name)}</title>",
        _text(AXIS - 12, 16, "km", "soft", SOFT, "end"),
        _text(RIGHT, 16, t("rivers.hours_down"), "soft", SOFT, "end"),
        f'<path class="water" d="M{AXIS} {TOP - 10}V{height - 12}" stroke="{RIVER}" stroke-width="4" fill="none"/>',
    ]
    parts += [_row(line, TOP + ROW * i + ROW // 2, t) for i, line in enumerate(lines)]
    below = f"{t('rivers.into')} {sheet.into}" if sheet.into else t("rivers.ends")
    parts.append(_text(TEXT, height - 14, f"▼ {below}" if last else "▼ …", "soft", SOFT))
    parts.append("</svg>")
    return Markup("".join(parts))  # noqa: S704  every text in it is escaped where it is put in


def _row(line: Line, y: int, t: Words) -> str:
    km = f"{line.km:,.0f}" if line.km >= 10 else f"{line.km:.1f}"
    hours = "" if line.hours is None or line.kind == "joins" else f"{line.hours:,.0f}"
    name = line.name if line.kind != "joins" else f"{line.name} {t('rivers.joins')}"
    emphasis = {"border": ("alert", ALERT), "joins": ("soft", SOFT)}.get(line.kind, ("ink", INK))
    kind = "" if line.kind in ("joins", "border") else t(f"rivers.kind_{line.kind}")
    label = _text(TEXT, y + 4, _cut(name, 300 - (60 if kind else 20)), *emphasis)
    tail = _text(RIGHT, y + 4, hours, "soft", SOFT, "end")
    whole = f"<title>{escape(name)} · {escape(kind or t('rivers.kind_' + line.kind))} · {km} km</title>"
    mile = _text(AXIS - 12, y + 4, km, "soft", SOFT, "end")
    return f'<g class="stop {line.kind}">{whole}{_sign(line.kind, y)}{mile}{label}{tail}</g>'


SIGNS: Final = {  # a shape for each kind, so that no colour speaks alone: class, path around 0, attributes
    "intake": ("intake", "m0-7c4 5 5 7 5 9a5 5 0 0 1-10 0c0-2 1-4 5-9z", f'fill="#fff" stroke="{RIVER}"'),
    "dam": ("hold", "m-9-3h18v6h-18z", f'fill="{HOLD}"'),
    "gate": ("hold", "m-9-3h18v6h-18z", f'fill="{HOLD}"'),
    "control": ("hold", "m-6-6h12v12h-12z", f'fill="#fff" stroke="{HOLD}" stroke-width="2"'),
    "risk": ("alert", "m0-7l7 12h-14z", f'fill="#fff" stroke="{ALERT}" stroke-width="2"'),
    "outlet": ("alert", "m0-7l7 12h-14z", f'fill="#fff" stroke="{ALERT}" stroke-width="2"'),
    "section": ("", "m-5 0a5 5 0 1 1 10 0a5 5 0 1 1-10 0", f'fill="#fff" stroke="{INK}" stroke-width="1.5"'),
}
OTHER: Final = ("", "m-4-4h8v8h-8z", f'fill="#fff" stroke="{SOFT}" stroke-width="1.5"')


def _sign(kind: str, y: int) -> str:
    if kind == "border":
        dashes = f'stroke="{ALERT}" stroke-width="2" stroke-dasharray="6 3"'
        return f'<path class="sign alert" d="M{AXIS - 8} {y}H{TEXT - 6}" {dashes}/>'
    if kind == "joins":
        curve = f"M{AXIS + 14} {y - 9}Q{AXIS + 4} {y - 4} {AXIS} {y + 4}"
        return f'<path class="water" d="{curve}" stroke="{RIVER}" stroke-width="2.5" fill="none"/>'
    name, path, attributes = SIGNS.get(kind, OTHER)
    return f'<path class="sign {name}" d="M{AXIS} {y}{path}" {attributes}/>'


def _text(x: int, y: int, text: str, kind: str, colour: str, anchor: str = "start") -> str:
    return f'<text class="{kind}" x="{x}" y="{y}" fill="{colour}" text-anchor="{anchor}">{escape(text)}</text>'


def _cut(text: str, room: int) -> str:
    """As much of a name as there is room for [px at 12 px]; the whole stands in the title."""
    width, kept = 0.0, ""
    for char in text:
        width += 12 if ord(char) > 0x2E7F else 6.6
        if width > room - 40:
            return kept + "…"
        kept += char
    return kept
