"""Daily shapes of power in 96 quarter hours, by archetype.

Formulas and numbers are those of the generator's specification, section 3.
"""

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

import numpy as np

N_SLOTS = 96
HOURS = np.arange(N_SLOTS) / 4 + 0.125


def bump(centre: float, width: float, height: float) -> np.ndarray:
    """A Gaussian on the circle of 24 hours."""
    away = (HOURS - centre + 12) % 24 - 12
    return height * np.exp(-0.5 * (away / width) ** 2)


def block(on: float, off: float, height: float, edge: float = 0.35) -> np.ndarray:
    """Power from `on` to `off`, over midnight where `off` is earlier; soft edges."""

    def step(hour: float) -> np.ndarray:
        return 1 / (1 + np.exp(-(HOURS - hour) / edge))

    if on < off:
        return height * (step(on) - step(off))
    return height * (1 - (step(off) - step(on)))


def _formulas() -> dict[str, tuple[np.ndarray, np.ndarray | None]]:
    """Shape of a working day and, where it differs, of a rest day."""
    flat = np.zeros(N_SLOTS)
    g, p = bump, block
    sun = np.clip(np.cos((HOURS - 12.6) / 24 * 2 * np.pi * 1.02), 0, None) ** 1.6
    sun = sun * 3.2 * ((HOURS > 6.3) & (HOURS < 18.9))
    evening = 0.26 + g(18.4, 1.2, 1.1) + g(20.2, 0.9, 0.5)
    return {
        "R1": (
            0.22 + g(7.5, 0.7, 0.35) + g(20.5, 1.9, 1.0) + g(23.5, 1.2, 0.55),
            0.25
            + g(11, 1.8, 0.5)
            + g(15, 2.5, 0.35)
            + g(21, 2.2, 1)
            + g(23.8, 1.2, 0.6),
        ),
        "R2": (
            0.20 + g(7, 0.6, 0.6) + g(19.5, 1.6, 1.2) + g(22, 1.0, 0.45),
            0.24 + g(9, 1.3, 0.5) + g(12.3, 1.2, 0.55) + g(19.3, 1.9, 1.1),
        ),
        "R3": (
            0.28
            + g(6.8, 0.6, 0.75)
            + g(12, 0.9, 0.45)
            + g(18.8, 1.4, 1.3)
            + g(21.3, 1.0, 0.7),
            0.32
            + g(8.5, 1.2, 0.6)
            + g(12, 1.1, 0.8)
            + g(15.5, 1.8, 0.35)
            + g(19, 1.7, 1.2),
        ),
        "R4": (
            0.34
            + g(6, 0.8, 0.65)
            + g(11.2, 1.0, 0.9)
            + g(17.5, 1.1, 0.9)
            + g(20, 1.2, 0.45),
            None,
        ),
        "R5": (0.06 + flat, None),
        "R6": (
            0.28
            + g(6.8, 0.6, 0.6)
            + g(12, 0.9, 0.35)
            + g(18.8, 1.4, 1.0)
            + p(22.6, 4.2, 1.9, 0.5),
            None,
        ),
        "R7": (
            0.22 + g(7, 0.7, 0.4) + g(19, 1.6, 0.7) + p(21.1, 5.9, 3.2, 0.25),
            None,
        ),
        "R8": (
            0.26
            + g(5.8, 0.7, 0.7)
            + g(11.5, 0.9, 0.85)
            + g(18.2, 1.1, 1.1)
            + g(20.2, 0.9, 0.5),
            None,
        ),
        "R9": (evening + g(6, 0.8, 0.6) - sun, None),
        "S1": (
            0.10 + p(8.8, 21.3, 1.0, 0.5) + g(12, 1, 0.15) + g(19, 1.5, 0.25),
            0.10 + p(9.2, 21.8, 1.1, 0.5) + g(19, 1.6, 0.25),
        ),
        "S2": (
            0.18 + p(8.5, 22, 0.35, 0.6) + g(11.6, 0.9, 1.0) + g(18.4, 1.3, 1.1),
            0.18 + p(8.5, 22.3, 0.4, 0.6) + g(11.8, 1.0, 1.15) + g(18.5, 1.4, 1.3),
        ),
        "S3": (0.28 + p(8.6, 21.8, 1.0, 0.4), 0.28 + p(8.6, 22.1, 1.12, 0.4)),
        "S4": (
            0.45 + g(20.5, 2.6, 0.55) + g(0.5, 2.2, 0.45),
            0.48 + g(21, 2.8, 0.6) + g(1, 2.4, 0.5),
        ),
        "O1": (
            0.16 + p(8.2, 17.8, 1.0, 0.5) - g(12.6, 0.6, 0.18) + g(19, 1.2, 0.12),
            0.19 + p(8.5, 17.5, 0.10, 0.6),
        ),
        "O2": (
            0.12 + p(7, 16.8, 0.65, 0.4) - g(12.8, 0.5, 0.12) + g(19.5, 1.3, 0.45),
            0.13 + g(12, 3, 0.05),
        ),
        "O3": (
            0.58 + p(7.6, 17.5, 0.55, 0.6) + g(20, 2, 0.12),
            0.58 + p(7.8, 17, 0.30, 0.6) + g(20, 2, 0.12),
        ),
        "O4": (p(18.6, 5.6, 1.0, 0.2) + 0.02, None),
        "I1": (
            0.10 + p(7.7, 17.6, 0.9, 0.25) - g(12.2, 0.45, 0.45),
            0.10 + p(8, 12, 0.12, 0.4),
        ),
        "I2": (
            0.18 + p(7.4, 23.3, 0.8, 0.25) - g(11.8, 0.35, 0.18) - g(17.6, 0.35, 0.15),
            0.16 + p(7.6, 19, 0.35, 0.4),
        ),
        "I3": (
            0.95 - g(7.9, 0.25, 0.06) - g(15.9, 0.25, 0.06) - g(23.9, 0.25, 0.05),
            None,
        ),
        "I4": (0.15 + p(22.0, 7.9, 0.85, 0.25) + p(12, 14.2, 0.25, 0.3), None),
        "A1": (0.03 + p(4.8, 10.6, 0.9, 0.8) + p(16.2, 22.5, 0.75, 0.8), None),
        "A2": (0.03 + p(21.4, 6.8, 0.95, 0.5), None),
        "A3": (
            0.45 + g(5.5, 1.2, 0.25) + g(17.5, 1.6, 0.3) + p(19, 6, 0.20, 0.8),
            None,
        ),
        "E1": (
            0.08 + g(12.8, 1.5, 0.55) + g(18.8, 2.0, 0.35) + p(22.8, 1.8, 0.85, 0.4),
            None,
        ),
        "T1": (0.92 + g(14.5, 3.5, 0.08), None),
    }


@cache
def day_shapes() -> Mapping[str, np.ndarray]:
    """Relative power of a working and a rest day, by archetype.

    Returns
    -------
    shapes : mapping of str to ndarray of shape (2, 96)
        Net power for ``R9``, negative while the sun shines. The mean is not 1: working
        and rest day stand on one scale.
    """
    pairs = _formulas().items()
    shapes = {
        code: np.array([work, work if rest is None else rest])
        for code, (work, rest) in pairs
    }
    for shape in shapes.values():
        shape.setflags(write=False)
    return MappingProxyType(shapes)


@cache
def load_factors() -> Mapping[str, float]:
    """Mean over peak power of a working day (负荷率), by archetype; import only."""
    taken = {code: np.clip(s[0], 0, None) for code, s in day_shapes().items()}
    return MappingProxyType({c: float(s.mean() / s.max()) for c, s in taken.items()})


@cache
def rest_levels() -> Mapping[str, float]:
    """Energy of a rest day over that of a working day, by archetype."""
    levels = {c: float(s[1].sum() / s[0].sum()) for c, s in day_shapes().items()}
    return MappingProxyType(levels | {"R9": 1.0})
