"""The tokens: contrast, colour weaknesses, and that nothing else names a colour or a size."""

from __future__ import annotations

import re
from itertools import combinations, pairwise
from pathlib import Path

import numpy as np
import pytest

import shangyou.faces.portal
from shangyou.core.records import Array

STATIC = Path(shangyou.faces.portal.__file__).parent / "static"
TOKENS = (STATIC / "css" / "tokens.css").read_text(encoding="utf-8")

# Machado, Oliveira and Fernandes (2009), severity 1.0, on linear RGB
WEAKNESSES = {
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}
XYZ = [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]


def colour(name: str, dark: bool = False) -> str:
    """The #rrggbb of a token."""
    value = re.search(rf"--{name}: ([^;]+);", TOKENS)
    assert value, name
    codes = re.findall("#[0-9a-f]{6}", value[1])
    return str(codes[-1] if dark else codes[0])


def linear(code: str) -> Array:
    rgb = np.array([int(code[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)


def contrast(one: str, other: str) -> float:
    """WCAG 2.2 contrast ratio."""
    light, dark = sorted((float(np.array(XYZ[1]) @ linear(c)) for c in (one, other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def lab(rgb: Array) -> Array:
    ratio = np.array(XYZ) @ np.clip(rgb, 0, 1) / np.array([0.95047, 1.0, 1.08883])
    f = np.where(ratio > 216 / 24389, np.cbrt(ratio), (24389 / 27 * ratio + 16) / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("ground", ["ground", "surface", "sunken", "raised"])
@pytest.mark.parametrize("ink", ["ink", "ink-2", "ink-3", "accent", "danger", "warning", "success"])
def test_text_can_be_read_on_every_ground(ink: str, ground: str, dark: bool) -> None:
    assert contrast(colour(ink, dark), colour(ground, dark)) >= 4.5


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize(
    ("ink", "ground"),
    [(f"on-class-{n}", f"class-{n}") for n in range(7)]
    + [(state, f"{state}-soft") for state in ("danger", "warning", "success", "accent")]
    + [("accent-ink", "accent"), ("stripe-ink", "stripe-1"), ("stripe-ink", "stripe-2"), ("map-label", "map-ground")],
)
def test_words_on_colour_can_be_read(ink: str, ground: str, dark: bool) -> None:
    assert contrast(colour(ink, dark), colour(ground, dark)) >= 4.5


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("part", ["line-strong", "accent"])
def test_edges_of_fields_can_be_seen(part: str, dark: bool) -> None:
    assert contrast(colour(part, dark), colour("surface", dark)) >= 3


@pytest.mark.parametrize("weakness", WEAKNESSES)
def test_neighbouring_classes_differ_for_weak_colour_sight(weakness: str) -> None:
    seen = [lab(np.array(WEAKNESSES[weakness]) @ linear(colour(f"class-{n}"))) for n in range(1, 7)]
    assert min(float(np.linalg.norm(a - b)) for a, b in pairwise(seen)) > 15
    good, bad = seen[:3], seen[3:]
    assert min(float(np.linalg.norm(a - b)) for a in good for b in bad) > 15


def test_all_classes_differ_for_full_colour_sight() -> None:
    seen = [lab(linear(colour(f"class-{n}"))) for n in range(1, 7)]
    assert min(float(np.linalg.norm(a - b)) for a, b in combinations(seen, 2)) > 25


@pytest.mark.parametrize("file", sorted(p.name for p in (STATIC / "css").glob("*.css") if p.name != "tokens.css"))
def test_only_the_tokens_name_a_colour(file: str) -> None:
    text = re.sub(r"/\*.*?\*/", "", (STATIC / "css" / file).read_text(encoding="utf-8"), flags=re.S)
    assert not re.findall(r"#[0-9a-fA-F]{3,8}\b(?=[^{]*;)|\brgba?\(|\bhsla?\(", text)


@pytest.mark.parametrize("file", sorted(p.name for p in (STATIC / "css").glob("*.css") if p.name != "tokens.css"))
def test_only_the_tokens_name_a_size_in_pixels(file: str) -> None:
    text = (STATIC / "css" / file).read_text(encoding="utf-8")
    outside = [line for line in text.splitlines() if "@media" not in line and ".said {" not in line]
    assert not [line for line in outside if re.search(r"\d+px", line)]
