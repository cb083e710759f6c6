"""Segments can be told apart on white and dark paper, by all eyes."""

import itertools

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from research import theme
from research.report import sanitize

PALETTES = {
    "light": (theme.SEGMENT_COLORS, theme.PAPER),
    "dark": (theme.DARK_SEGMENT_COLORS, theme.DARK_PAPER),
}
# Machado, Oliveira and Fernandes (2009), severity 1.0, on linear RGB.
EYES = {
    "normal": np.eye(3),
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritanopia": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}
TO_XYZ = np.array(
    [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
)


def linear(color):
    rgb = np.array(to_rgb(color))
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)


def lab(rgb):
    xyz = TO_XYZ @ np.clip(rgb, 0, 1) / [0.95047, 1, 1.08883]
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def contrast(one, other):
    light = sorted((TO_XYZ[1] @ linear(color) for color in (one, other)), reverse=True)
    return (light[0] + 0.05) / (light[1] + 0.05)


@pytest.mark.parametrize("palette", PALETTES)
def test_every_segment_stands_out_from_the_paper(palette):
    colors, paper = PALETTES[palette]
    assert min(contrast(color, paper) for color in colors) >= 3


@pytest.mark.parametrize("eyes", EYES)
@pytest.mark.parametrize("palette", PALETTES)
def test_every_two_segments_can_be_told_apart(palette, eyes):
    seen = [lab(EYES[eyes] @ linear(color)) for color in PALETTES[palette][0]]
    apart = [np.linalg.norm(a - b) for a, b in itertools.combinations(seen, 2)]
    assert min(apart) >= 18


@pytest.mark.parametrize("ink", ["INK", "MUTED", "ACCENT"])
def test_inks_can_be_read(ink):
    assert contrast(getattr(theme, ink), theme.PAPER) >= 4.5


def test_the_page_turns_the_colours_of_the_theme():
    css = (sanitize.TEMPLATES / "style.css").read_text("utf-8")
    for colors in (theme.SEGMENT_COLORS, theme.DARK_SEGMENT_COLORS):
        names = [f"--c{place}: {color};" for place, color in enumerate(colors, start=1)]
        assert css.count(" ".join(names)) == 2
    assert f"--paper: {theme.DARK_PAPER};" in css
