"""Is a method clearly better? No, unless it wins whatever could have been otherwise.

"No method is clearly better" is the default. A winner is named only if its lead over
every other method is clear on the units of replication, and if it also leads without
each region (or block of replicates), under another set of seeds, and with one segment
less and one more.

Measured on methods of equal worth, luck with the data as large as between bootstraps:
of two methods one is named in 4 to 5 % of the tables of runs (6 % of 300 where luck has
heavy tails), of three or more in at most 2 %, and of two that are best together, with
worse ones beside them, in 3 to 4 %. What that costs: to be named in four of five tables
of eight methods a lead has to be 2.5 times the standard deviation of differences over
six regions, 4 times that over 20 bootstraps, 5 to 6 times over five.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import pandas as pd

from research.comparison._conditions import (
    Asked,
    Condition,
    above_floors,
    clear_lead,
    large_enough,
    left_out,
    other_numbers_too,
    other_seeds_too,
    units_told,
    would_change,
)
from research.comparison.inference import MeanDifference, corrected_t
from research.comparison.runs import Better, cube_of

RANDOM = "random partition"
ONE = "one segment"
FLOORS = (RANDOM, ONE)
"""What every method has to beat and no verdict names."""


@dataclass(frozen=True)
class Verdict:
    """Which method to trust, if any.

    Attributes
    ----------
    winner : str or None
        None: no method is clearly better.
    leader : str
        Method with the best mean, a winner or not; no floor.
    runner_up : str
        The next best mean.
    lead, low, high : float
        How much better the leader is than the runner-up, and the interval, in the unit
        of the score; positive is better whichever way the score runs.
    score, better : str
    k : int or None
    unit : str
        "region" or "replicate".
    n_units : int
    level : float
    conditions : tuple of Condition
        All that was asked, in the order of asking.
    over_floors : mapping of str to MeanDifference
        Least lead of each method over a floor, its interval wider for the number of
        methods: one of many is above a floor by chance. Empty without floors.
    has_floors : bool
        Whether the runs hold any floor.
    would_change : tuple of str
        What would turn the verdict, in English.
    """

    winner: str | None
    leader: str
    runner_up: str
    lead: float
    low: float
    high: float
    score: str
    better: Better
    k: int | None
    unit: str
    n_units: int
    level: float
    conditions: tuple[Condition, ...]
    over_floors: Mapping[str, MeanDifference]
    has_floors: bool
    would_change: tuple[str, ...]

    @property
    def failed(self) -> tuple[str, ...]:
        """Words of the conditions that do not hold."""
        return tuple(c.words for c in self.conditions if not c.holds)

    @property
    def above_floors(self) -> tuple[str, ...]:
        """Methods clearly better than every floor, corrected for their number.

        None: by this score no segments are as good as any.
        """
        return tuple(name for name, by in self.over_floors.items() if by.low > 0)

    @property
    def kind(self) -> str:
        """What is to be said: "winner", "no segments" or "no clear winner"."""
        if self.winner is not None:
            return "winner"
        no_use = self.has_floors and not self.above_floors
        return "no segments" if no_use else "no clear winner"


def decide(
    runs: pd.DataFrame,
    score: str,
    *,
    better: Better,
    k: int | None = None,
    seeds: Sequence[int] | None = None,
    other_seeds: Sequence[int] | None = None,
    floors: Sequence[str] = FLOORS,
    test_over_train: float = 1.0,
    level: float = 0.95,
    margin: float = 0.0,
) -> Verdict:
    """Name a winner if there is one, and say what speaks against it if there is none.

    Parameters
    ----------
    runs : DataFrame
        See `check_runs`; for a winner to be possible it has the column `k`, and runs
        with `k` - 1 and `k` + 1 segments too.
    score : str
        The primary score.
    better : {"higher", "lower"}
    k : int, optional
        May be left out where the runs have one number of segments or none.
    seeds, other_seeds : sequence of int, optional
        Seeds of the verdict, and those under which it has to stand. Both unset: the
        first half of all seeds and the second.
    floors : sequence of str
        Methods to be beaten and never named; those without runs are passed over.
    test_over_train : float, default=1.0
        As for `infer`: 1 for bootstraps.
    level : float, default=0.95
        Of the intervals.
    margin : float, default=0.0
        Least lead that matters, in the unit of the score.

    Returns
    -------
    verdict : Verdict

    Raises
    ------
    ValueError
        If there is no method beside the floors or nothing beside one method, or as for
        `units`.

    Examples
    --------
    >>> runs = pd.DataFrame([(region, 0, seed, k, method, "R2", worth + gain, False)
    ...     for region, gain in zip("ABCDEF", [.1, .2, .3, .4, .5, .6])
    ...     for seed in (1, 2) for k in (3, 4, 5)
    ...     for method, worth in (("old", 0), ("new", .2 + gain / 10))],
    ...     columns="region replicate seed k method score value failed".split())
    >>> found = decide(runs, "R2", better="higher", k=4)
    >>> print(found.winner, round(found.lead, 3), round(found.low, 3))
    new 0.235 0.215
    >>> decide(runs[runs["k"] > 3], "R2", better="higher", k=4).failed
    ('No run has 3 segments.',)
    """
    cube = cube_of(runs, score, better)
    floors = [name for name in floors if name in cube.methods]
    contenders = [name for name in cube.methods if name not in floors]
    if not contenders or len(cube.methods) < 2:
        raise ValueError(
            "A verdict needs a method beside the floors, and another to compare it "
            f"with. Found: {', '.join(map(str, cube.methods))}."
        )
    k = _main_k(cube, k)
    seeds, other_seeds = _seed_sets(cube, seeds, other_seeds)
    worth, lost, names = units_told(cube, k, seeds)
    if not len(worth):
        raise ValueError("Not one run ended: there is nothing to compare.")
    asked = Asked(cube, contenders, worth)
    leader, runner_up = asked.best_two(worth, lost)
    ratio = 0.0 if cube.unit == "region" else test_over_train
    leads = {
        name: corrected_t(asked.lead(worth, leader, name), ratio, level)
        for name in cube.methods
        if name != leader
    }
    by = leads[runner_up]
    conditions = (
        clear_lead(leads, [name for name in contenders if name != leader], level),
        large_enough(by, runner_up, margin),
        above_floors(leads, floors, level),
        left_out(asked, worth, leader, names, cube.unit),
        other_seeds_too(asked, cube, k, other_seeds, leader),
        *other_numbers_too(asked, cube, k, seeds, leader, "k" in runs),
    )
    wins = all(condition.holds for condition in conditions)
    over_floors = _over_floors(asked, worth, contenders, floors, ratio, level)
    return Verdict(
        leader if wins else None,
        leader,
        runner_up,
        *by[:3],
        score,
        better,
        k,
        cube.unit,
        len(worth),
        level,
        conditions,
        over_floors,
        bool(floors),
        would_change(conditions, by, cube, len(worth), ratio, level),
    )


def _main_k(cube, k):
    if k is not None or cube.ks == [None]:
        return k
    if len(cube.ks) > 1:
        raise ValueError(
            f"Runs hold {len(cube.ks)} numbers of segments, "
            f"{', '.join(map(str, cube.ks))}; say by k which one the verdict is for."
        )
    return cube.ks[0]


def _seed_sets(cube, seeds, other_seeds):
    if seeds is None and other_seeds is None:
        half = (len(cube.seeds) + 1) // 2
        return cube.seeds[:half], cube.seeds[half:]
    if seeds is None:
        seeds = [seed for seed in cube.seeds if seed not in set(other_seeds)]
    if other_seeds is None:
        other_seeds = [seed for seed in cube.seeds if seed not in set(seeds)]
    return list(seeds), list(other_seeds)


def _over_floors(asked, worth, contenders, floors, ratio, level):
    """Least lead of each contender over a floor, wider for the number of contenders."""
    strict = 1 - (1 - level) / len(contenders)
    found = {}
    for name in contenders if floors else ():
        leads = [
            corrected_t(asked.lead(worth, name, floor), ratio, strict)
            for floor in floors
        ]
        found[name] = min(leads, key=lambda by: -np.inf if np.isnan(by.low) else by.low)
    return MappingProxyType(found)
