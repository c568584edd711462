"""`python -m benchmarks.validation`: run the cases of docs/validation.md, draw them, and print their figures."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np

from shangyou.basin.transport.respond import respond
from shangyou.basin.transport.values import Fate, Inflow, Release
from tests.basin.courses import channel
from tests.basin.transport.otis import AT, PRINTED, START, curve, inflow, uvas
from tests.basin.transport.test_jialing import BACKGROUND, BEGAN, HOUR, KILOMETRES, hindcast
from tests.basin.transport.test_respond import gaussian

DOCS = Path(__file__).parents[1] / "docs" / "validation"
SHARED = Path(os.environ.get("SHANGYOU_SHARED") or Path(__file__).parents[2] / "shared")
COLOURS = ("#0b6e99", "#c2571a", "#2f855a", "#7a4aa0", "#9b2c2c")
WIDE, HIGH, EDGE = 640, 300, 46


def plot(name: str, title: str, x_name: str, y_name: str, lines: list[tuple[str, np.ndarray, np.ndarray, str]]) -> None:
    """An SVG of curves. Of each: name, x, y, and how it is drawn: line, dash or dots."""
    x_low, x_high = min(each[1].min() for each in lines), max(each[1].max() for each in lines)
    y_high = 1.05 * max(each[2].max() for each in lines)

    def points(x: np.ndarray, y: np.ndarray) -> list[str]:
        px = EDGE + (x - x_low) / (x_high - x_low) * (WIDE - EDGE - 12)
        py = HIGH - EDGE + 10 - np.maximum(y, 0) / y_high * (HIGH - EDGE - 20)
        return [f"{a:.1f},{b:.1f}" for a, b in zip(px, py, strict=True)]

    def across(x: float) -> str:
        return points(np.array([x]), np.zeros(1))[0].split(",")[0]

    def up(y: float) -> str:
        return points(np.array([x_low]), np.array([y]))[0].split(",")[1]

    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDE} {HIGH}" font-family="sans-serif" font-size="11">'
    ]
    out.append(
        f'<rect width="{WIDE}" height="{HIGH}" fill="#fff"/><text x="{EDGE}" y="14" font-weight="bold">{title}</text>'
    )
    base = HIGH - EDGE + 10
    out.append(f'<path d="M{EDGE} 20V{base}H{WIDE - 12}" fill="none" stroke="#555"/>')
    for k in range(5):
        x, y = x_low + (x_high - x_low) * k / 4, y_high * k / 4
        out.append(f'<text x="{across(x)}" y="{base + 14}" text-anchor="middle">{x:.4g}</text>')
        out.append(f'<text x="{EDGE - 4}" y="{up(y)}" text-anchor="end">{y:.3g}</text>')
    out.append(f'<text x="{WIDE / 2}" y="{HIGH - 6}" text-anchor="middle">{x_name}; {y_name}</text>')
    for i, (label, *xy, kind) in enumerate(lines):
        x, y = (values[:: max(len(values) // 300, 1)] for values in xy)
        colour = COLOURS[i // 2 % len(COLOURS)] if len(lines) > 3 else COLOURS[i]
        if kind == "dots":
            out += [
                f'<circle cx="{p.split(",")[0]}" cy="{p.split(",")[1]}" r="1.8" fill="{colour}" fill-opacity=".6"/>'
                for p in points(x, y)
            ]
        else:
            dash = ' stroke-dasharray="5 4"' if kind == "dash" else ""
            out.append(
                f'<polyline points="{" ".join(points(x, y))}" fill="none" stroke="{colour}" stroke-width="1.4"{dash}/>'
            )
        out.append(f'<text x="{WIDE - 16}" y="{30 + 13 * i}" text-anchor="end" fill="{colour}">{label}</text>')
    DOCS.mkdir(parents=True, exist_ok=True)
    (DOCS / f"{name}.svg").write_text("\n".join([*out, "</svg>"]) + "\n", encoding="utf-8")


def closed_forms() -> None:
    cases = json.loads((SHARED / "reference/facts/ade_vectors.json").read_text())["instantaneous"]["cases"]
    for i, case in enumerate((cases[0], cases[2], cases[3])):
        mass, area, u, d, x, k = (case[name] for name in ("M_g", "A_m2", "U", "D", "x", "k"))
        river = channel(6, length=x / 5, area=area, flow=u * area, dispersion=d)
        found = respond(river, Release(0.0, mass), at=[x], fate=Fate(decay=k))
        exact = gaussian(mass, area, u, d, x, found.time, k)
        off = np.abs(found.concentration[:, 0] - exact).max() / exact.max()
        print(f"closed form {i + 1}: {off:.2%} of the peak, balance {found.balance.error:.0e}")
        if i == 0:
            near = np.abs(found.time - x / u) < 8000
            hours = found.time[near] / HOUR
            plot(
                "pulse",
                "4,320 kg, 16 km down (0.8 m/s, 30 m2/s)",
                "hours",
                "g/m3",
                [
                    ("closed form", hours, exact[near], "line"),
                    ("computed", hours, found.concentration[near, 0], "dots"),
                ],
            )
    cases = json.loads((SHARED / "reference/facts/ade_vectors.json").read_text())["continuous_OgataBanks"]["cases"]
    for case in cases:
        river = channel(2, length=case["x"], area=1.0, flow=case["U"], dispersion=case["D"])
        head = Inflow(np.zeros(1), np.array([float(case["C0"])]))
        found = respond(river, head, 2 * case["t"], [case["x"]], step=case["t"] / 1000)
        print(f"Ogata and Banks: {abs(found.at(np.array([case['t']]))[0, 0] - case['C']) / case['C0']:.2%} of the head")


def otis() -> None:
    for case, solute, background, top in (("chloride", "cl", 3.7, 11.4), ("strontium", "str", 0.13, 1.73)):
        folder = SHARED / f"data/tracer/otis_uvas_{case}"
        course, groups = uvas()
        sorbing = Fate(
            sorption_rate=5.6e-5,
            storage_decay=1.0,
            sorption_capacity=np.array([4e4, 2e4, 2e4, 2e4, 4e4])[groups] * 70e-6,
        )
        found = respond(
            course,
            inflow(top - background),
            15.75 * HOUR,
            PRINTED,
            fate=sorbing if case == "strontium" else None,
            step=20.0,
        )
        printed = np.loadtxt(folder / f"{solute}.out")
        hours = printed[:, 0] - START
        apart = np.abs(found.at(hours * HOUR) + background - printed[:, 1:6]).max(axis=0) / (top - background)
        lines, ours, theirs = [], [], []
        for i, x in enumerate(AT):
            seen = curve(folder / f"obs{x}.dat")
            mine = np.interp((seen[:, 0] - START) * HOUR, found.time, found.concentration[:, i]) + background
            ours.append(mine - seen[:, 1])
            theirs.append(np.interp(seen[:, 0], printed[:, 0], printed[:, i + 1]) - seen[:, 1])
            a, b = (float(np.sqrt(np.mean(v[-1] ** 2))) for v in (ours, theirs))
            print(f"{case} {x} m: apart from OTIS {apart[i]:.2%}, RMSE {a:.4f}, OTIS {b:.4f}")
            if x in (38, 281, 619):
                lines.append(
                    (f"{x} m, computed", found.time / HOUR + START, found.concentration[:, i] + background, "line")
                )
                lines.append((f"{x} m, observed", seen[:, 0], seen[:, 1], "dots"))
        a, b = (float(np.sqrt(np.mean(np.concatenate(v) ** 2))) for v in (ours, theirs))
        print(f"{case}, all: RMSE {a:.4f}, OTIS {b:.4f}")
        plot(f"uvas-{case}", f"Uvas Creek 1972, {case}", "hour of the day", "mg/L", lines)


def jialing() -> None:
    found = hindcast()
    hours = found.time / HOUR - BEGAN
    late = hours > -24
    names = [f"{k:g} km" for k in KILOMETRES]
    lines = [
        (n, hours[late], (found.concentration[late, i] + BACKGROUND) * 1000, "line") for i, n in enumerate(names[:3])
    ]
    plot("jialing", "Jialing 2015: antimony below the border", "hours from 5 December, 00:00", "ug/L (limit 5)", lines)
    for h in (0.0, 8.0, 66.0):
        print(f"Jialing, {h:g} h:", np.round(found.at(np.array([(BEGAN + h) * HOUR]))[0] + BACKGROUND, 5))
    over = [hours[np.argmax(found.concentration[:, i] + BACKGROUND > 0.005)] for i in range(len(names))]
    print("Jialing: the limit is crossed at hours", np.round(over, 1))


if __name__ == "__main__":
    closed_forms()
    otis()
    jialing()
