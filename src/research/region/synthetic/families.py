"""Mean days of planted shape families, in memory: a truth to judge a method by.

A region takes minutes to make and holds much that is no shape. Here are the generator's
own archetypes (`population.archetypes`), its shapes (`population.shapes`) and its knob
of difficulty (`energy.rhythms`), and nothing else: one curve a customer, whose family
and archetype are known.
"""

from collections.abc import Mapping

import numpy as np

from research.region.synthetic.energy.rhythms import (
    DIFFICULTIES,
    KNOTS,
    MIXTURE,
    STEADY,
    shifted,
)
from research.region.synthetic.population.archetypes import ARCHETYPES, CODES, SHARES
from research.region.synthetic.population.shapes import HOURS, N_SLOTS, day_shapes
from research.region.synthetic.streams import following

FAMILIES = tuple(dict.fromkeys(kind.family for kind in ARCHETYPES.values()))
"""Names of the shape families, in the order of their first archetype."""

# What is left of the noise of quarter hours in a mean of sixty days: homes .20, all
# others .08 (specification, section 3), each following the one before by .8.
DAYS, PERSISTENCE = 60, 0.8
NOISE = {code: 0.20 if code.startswith("R") else 0.08 for code in CODES}
SIZE_SD = 0.6  # of the log of the mean power (assumption; no shape depends on it)
WORKING_DAYS = 5 / 7


def shape_families(
    n_customers: int = 3000,
    *,
    n_slots: int = N_SLOTS,
    difficulty: str = "medium",
    shares: Mapping[str, float] | None = None,
    random_state: int = 0,
) -> tuple[np.ndarray, np.ndarray]:
    """Draw mean daily load curves (日均负荷曲线) of known shape families.

    Parameters
    ----------
    n_customers : int
        At least 1.
    n_slots : int
        Readings a day: 96 or a whole part of it (48, 24, ...).
    difficulty : {"easy", "medium", "hard"}
        How much customers of one archetype differ: see `rhythms.DIFFICULTIES`.
    shares : mapping of archetype to float, optional
        How common each archetype is, normalised on use; those not named do not occur.
        Without it every family is equally common, and in it every archetype.
    random_state : int
        Seed.

    Returns
    -------
    curves : ndarray of shape (n_customers, n_slots)
        Above 0 [kW]; five working and two rest days, sixty days altogether.
    families : ndarray of str, shape (n_customers,)
        One of `FAMILIES`. Several archetypes may share a family without looking alike:
        what they share is when they draw most.

    Raises
    ------
    ValueError
        If a parameter is out of its range or an archetype unknown.

    Examples
    --------
    >>> curves, families = shape_families(26, n_slots=24)
    >>> curves.shape, len(set(families.tolist()))
    ((26, 24), 13)
    """
    curves, kinds = archetype_curves(
        n_customers,
        n_slots=n_slots,
        difficulty=difficulty,
        shares=shares,
        random_state=random_state,
    )
    return curves, np.array([ARCHETYPES[code].family for code in kinds])


def archetype_curves(
    n_customers: int = 3000,
    *,
    n_slots: int = N_SLOTS,
    difficulty: str = "medium",
    shares: Mapping[str, float] | None = None,
    random_state: int = 0,
) -> tuple[np.ndarray, np.ndarray]:
    """Draw the curves of `shape_families` with the archetype of each.

    Parameters
    ----------
    n_customers, n_slots, difficulty, shares, random_state
        As for `shape_families`, which draws the same curves.

    Returns
    -------
    curves : ndarray of shape (n_customers, n_slots)
        [kW]
    archetypes : ndarray of str, shape (n_customers,)
        Codes such as "R1".

    Raises
    ------
    ValueError
        If a parameter is out of its range or an archetype unknown.

    Examples
    --------
    >>> curves, archetypes = archetype_curves(4, shares={"R1": 3, "O1": 1})
    >>> sorted(archetypes.tolist())
    ['O1', 'R1', 'R1', 'R1']
    """
    _check(n_customers, n_slots, difficulty)
    shares = even_shares() if shares is None else shares
    knob, rng = DIFFICULTIES[difficulty], np.random.default_rng(random_state)
    weights = _weights(shares)
    # In proportion, not by lot: the middles of n equal parts of the shares' line.
    middles = (np.arange(n_customers) + 0.5) / n_customers
    kinds = rng.permutation(np.searchsorted(weights.cumsum(), middles))
    kinds = np.minimum(kinds, len(CODES) - 1)
    days = np.maximum([day_shapes()[code] for code in CODES], 0.01)
    table = WORKING_DAYS * days[:, 0] + (1 - WORKING_DAYS) * days[:, 1]
    table /= table.mean(axis=1, keepdims=True)
    steady = np.array([STEADY.get(code, 1.0) for code in CODES])[kinds, None]
    warp = np.exp(knob.warp * steady * rng.standard_normal((n_customers, KNOTS)))
    warp[:, -1] = warp[:, 0]
    knots = np.linspace(0, 24, KNOTS)
    between = np.array([np.interp(HOURS, knots, row) for row in np.eye(KNOTS)])
    moved = shifted(table[kinds][:, None], rng.normal(0, knob.clock, n_customers))
    curves = moved[:, 0] * (warp @ between)
    mix = steady * rng.beta(*MIXTURE, (n_customers, 1))
    other = rng.choice(np.flatnonzero(weights), n_customers)
    curves = (1 - mix) * curves + mix * table[other]
    sd = np.array([NOISE[code] for code in CODES])[kinds, None] / np.sqrt(DAYS)
    shocks = rng.standard_normal(curves.shape) * np.sqrt(1 - PERSISTENCE**2)
    curves *= np.exp(sd * following(shocks, PERSISTENCE))
    curves *= np.exp(SIZE_SD * rng.standard_normal((n_customers, 1)))
    curves = curves.reshape(n_customers, n_slots, -1).mean(axis=2)
    return curves, np.array(CODES)[kinds]


def even_shares() -> dict[str, float]:
    """Share of each archetype where every family is equally common.

    Examples
    --------
    >>> shares = even_shares()
    >>> print(round(13 * shares["R1"], 3), round(13 * shares["S4"], 3))
    0.333 1.0
    """
    families = [kind.family for kind in ARCHETYPES.values()]
    return {
        code: 1 / len(FAMILIES) / families.count(kind.family)
        for code, kind in ARCHETYPES.items()
    }


def region_shares() -> dict[str, float]:
    """Share of each archetype as the synthetic regions mix them, on their mean.

    Examples
    --------
    >>> shares = region_shares()
    >>> print(max(shares, key=shares.get), round(sum(shares.values()), 3))
    R3 1.0
    """
    totals = {region: sum(shares.values()) for region, shares in SHARES.items()}
    return {
        code: sum(SHARES[r][code] / totals[r] for r in SHARES) / len(SHARES)
        for code in CODES
    }


def _weights(shares: Mapping[str, float]) -> np.ndarray:
    """Shares of all `CODES`, summing to 1."""
    unknown = sorted(set(shares) - set(CODES))
    if unknown:
        raise ValueError(
            f"shares names the archetype(s) {', '.join(map(str, unknown))}, which are "
            f"none. Known are {', '.join(CODES)}."
        )
    weights = np.array([float(shares.get(code, 0.0)) for code in CODES])
    if not (np.isfinite(weights).all() and (weights >= 0).all() and weights.sum() > 0):
        raise ValueError(
            "shares must be finite numbers of at least 0, one of them above it. "
            f"Got {dict(shares)!r} instead."
        )
    return weights / weights.sum()


def _check(n_customers: int, n_slots: int, difficulty: str) -> None:
    if n_customers < 1:
        raise ValueError(f"n_customers must be at least 1. Got {n_customers} instead.")
    if n_slots < 1 or N_SLOTS % n_slots:
        raise ValueError(f"n_slots must divide {N_SLOTS}. Got {n_slots} instead.")
    if difficulty not in DIFFICULTIES:
        raise ValueError(
            f"difficulty must be one of {', '.join(DIFFICULTIES)}. "
            f"Got {difficulty!r} instead."
        )
