"""Is a method clearly better? No, unless it wins whatever could have been otherwise.

"No method is clearly better" is the default. A winner is named only if its lead over
every other method is clear on the units of replication, and if it also leads without
each region (or block of replicates), under another set of seeds, and with one segment
less and one more.

Measured on methods of equal worth, luck with the data as large as between bootstraps:
of two methods one is named in 4 to 5 % of the tables of runs (6 % of 300 where luck has
heavy tails), of three or more in at most 2 %. It is the same for two that are best
together with any number of worse ones beside them.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import t

from research.comparison.inference import corrected_t, without_noise
from research.comparison.runs import Better, Cube, cube_of

RANDOM = "random partition"
ONE = "one segment"
FLOORS = (RANDOM, ONE)
"""What every method has to beat and no verdict names."""

BLOCKS = 5
"""Parts of the replicates of a single region, each left out once."""


@dataclass(frozen=True)
class Condition:
    """Something a winner has to stand, and whether the leader did.

    Attributes
    ----------
    name : str
        "clear lead", "large enough", "above the floors", "left out", "other seeds", "k
        - 1" or "k + 1".
    holds : bool
    words : str
        What was found, in English.
    about : str
        What it turned on: the region, block, number of segments or method; may be "".
    rival : str or None
        Method that leads there, or that the lead over is not clear.
    lead : float
        Least lead found (negative where a rival leads), in the unit of the score; NaN
        where nothing could be asked.
    """

    name: str
    holds: bool
    words: str
    about: str = ""
    rival: str | None = None
    lead: float = np.nan


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
    above_floors : tuple of str
        Methods clearly better than every floor, corrected for their number. Empty: by
        this score no segments are as good as any.
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
    above_floors: tuple[str, ...]
    has_floors: bool
    would_change: tuple[str, ...]

    @property
    def failed(self) -> tuple[str, ...]:
        """Words of the conditions that do not hold."""
        return tuple(c.words for c in self.conditions if not c.holds)

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
        See `check_runs`; for a winner to be possible it holds the numbers of segments
        `k` - 1 and `k` + 1 too.
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
    worth, lost, names = _told(cube, k, seeds)
    asked = _Asked(cube, contenders, worth)
    leader, runner_up = asked.best_two(worth, lost)
    ratio = 0.0 if cube.unit == "region" else test_over_train
    leads = {
        name: corrected_t(asked.lead(worth, leader, name), ratio, level)
        for name in cube.methods
        if name != leader
    }
    by = leads[runner_up]
    conditions = (
        _clear(leads, [name for name in contenders if name != leader], level),
        _large(by, runner_up, margin),
        _above(leads, floors, level),
        _left_out(asked, worth, leader, names, cube.unit),
        _other_seeds(asked, cube, k, other_seeds, leader),
        *_other_numbers(asked, cube, k, seeds, leader),
    )
    wins = all(condition.holds for condition in conditions)
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
        _above_floors(asked, worth, contenders, floors, ratio, level),
        bool(floors),
        _would_change(conditions, by, cube, len(worth), ratio, level),
    )


class _Asked:
    """Who leads: means over units of one table of worth."""

    def __init__(self, cube: Cube, contenders, worth):
        self.methods = cube.methods
        self.contenders = contenders
        self.like = worth

    def lead(self, worth, leader, name):
        one, other = (worth[:, self.methods.index(m)] for m in (leader, name))
        return without_noise(one - other, self.like)

    def best_two(self, worth, lost):
        """The best contender, and the next, a floor where there is no other."""
        mean, lost = without_noise(worth.mean(axis=0), self.like), lost.mean(axis=0)
        order = sorted(
            range(len(self.methods)),
            key=lambda m: (self.methods[m] not in self.contenders, -mean[m], lost[m]),
        )
        return self.methods[order[0]], self.methods[order[1]]

    def strongest_rival(self, worth, leader):
        """Mean lead over the method that comes nearest, floors included, and which."""
        leads = {
            name: float(self.lead(worth, leader, name).mean())
            for name in self.methods
            if name != leader
        }
        rival = min(leads, key=leads.get)
        return leads[rival], rival


def _told(cube, k, seeds):
    """Worth, share lost and names of the units where some run ended."""
    worth, lost = cube.by_unit(k, seeds)
    told = ~np.isnan(worth).any(axis=1)
    if not told.any():
        raise ValueError("Not one run ended: there is nothing to compare.")
    names = [name for name, is_told in zip(cube.names, told, strict=True) if is_told]
    return worth[told], lost[told], names


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


def _clear(leads, others, level):
    if not others:
        return Condition("clear lead", True, "There is no other method.")
    least = min(others, key=lambda name: (_low(leads[name]), name))
    found = leads[least]
    if np.isnan(found.low):
        words = "One region or replicate alone says nothing of another."
        return Condition("clear lead", False, words, "", least)
    holds = all(leads[name].low > 0 for name in others)
    words = (
        f"The lead over {least} is {found.mean:.3g}, its {level:.0%} interval "
        f"{found.low:.3g} to {found.high:.3g}" + ("." if holds else ": it may be none.")
    )
    return Condition("clear lead", holds, words, least, least, found.mean)


def _large(by, runner_up, margin):
    holds = bool(by.mean >= margin)
    words = f"The lead is {by.mean:.3g}; one of {margin:.3g} is the least that matters."
    return Condition("large enough", holds, words, "", runner_up, by.mean)


def _above(leads, floors, level):
    if not floors:
        return Condition("above the floors", True, "The runs hold no floor.")
    least = min(floors, key=lambda name: (_low(leads[name]), name))
    found = leads[least]
    holds = all(leads[name].low > 0 for name in floors)
    words = (
        f"The lead over {least} is {found.mean:.3g}, its {level:.0%} interval "
        f"{found.low:.3g} to {found.high:.3g}"
        + ("." if holds else f": {least} may be as good.")
    )
    return Condition("above the floors", holds, words, least, least, found.mean)


def _left_out(asked, worth, leader, names, unit):
    if len(worth) < 2:
        return Condition(
            "left out", False, f"There is one {unit}; none can be left out."
        )
    n_blocks = len(worth) if unit == "region" else min(BLOCKS, len(worth))
    found = []
    for block in np.array_split(np.arange(len(worth)), n_blocks):
        kept = np.delete(worth, block, axis=0)
        first, last = names[block[0]], names[block[-1]]
        about = f"{unit} {first}" if first == last else f"{unit}s {first} to {last}"
        found.append((*asked.strongest_rival(kept, leader), about))
    lead, rival, about = min(found)
    holds = lead > 0
    if holds:
        words = f"Without {about} the lead is least, {lead:.3g} over {rival}."
    else:
        words = f"Without {about} {_leads(rival, lead)}."
    return Condition("left out", holds, words, about, rival, lead)


def _other_seeds(asked, cube, k, other_seeds, leader):
    if cube.seeds == [None]:
        return Condition("other seeds", True, "No method takes a seed.")
    if not other_seeds:
        words = "There are no runs with another set of seeds."
        return Condition("other seeds", False, words)
    lead, rival = asked.strongest_rival(_told(cube, k, other_seeds)[0], leader)
    words = f"With other seeds {_stands(rival, lead)}."
    return Condition("other seeds", lead > 0, words, "", rival, lead)


def _other_numbers(asked, cube, k, seeds, leader):
    if cube.ks == [None]:
        words = "No method takes a number of segments."
        return tuple(Condition(name, True, words) for name in ("k - 1", "k + 1"))
    found = []
    for name, other in (("k - 1", k - 1), ("k + 1", k + 1)):
        if other == 1:
            found.append(Condition(name, True, "One segment is a floor.", "1"))
        elif other not in cube.ks:
            words = f"No run has {other} segments."
            found.append(Condition(name, False, words, str(other)))
        else:
            worth = _told(cube, other, seeds)[0]
            lead, rival = asked.strongest_rival(worth, leader)
            words = f"With {other} segments {_stands(rival, lead)}."
            found.append(Condition(name, lead > 0, words, str(other), rival, lead))
    return tuple(found)


def _above_floors(asked, worth, contenders, floors, ratio, level):
    """Contenders above all floors, each interval wider for the number of contenders."""
    strict = 1 - (1 - level) / len(contenders)
    return tuple(
        name
        for name in contenders
        if floors
        and all(
            corrected_t(asked.lead(worth, name, floor), ratio, strict).low > 0
            for floor in floors
        )
    )


def _would_change(conditions, by, cube, n, ratio, level):
    failed = [condition for condition in conditions if not condition.holds]
    if not failed:
        weakest = [c for c in conditions if c.name in _SHAKEN and not np.isnan(c.lead)]
        least = min(weakest, key=lambda c: c.lead, default=None)
        told = f"A difference that matters only above {by.low:.3g}."
        return (told,) if least is None else (told, least.words)
    found = []
    for condition in failed:
        if condition.name == "clear lead" and not np.isnan(by.low):
            found.append(_more(by, cube, n, ratio, level))
        elif condition.name == "clear lead":
            found.append("More regions, or bootstraps of the customers.")
        elif np.isnan(condition.lead):
            found.append(f"Runs that ask it: {condition.words}")
        else:
            found.append(condition.words)
    return tuple(dict.fromkeys(found))


def _more(by, cube, n, ratio, level):
    """How many more regions or customers would make the lead clear, were it to stay."""
    half = by.high - by.mean
    if by.mean <= 0:
        return "Nothing in these runs points to either."
    spread = half / t.ppf((1 + level) / 2, n - 1)
    if cube.unit == "region":
        deviation = spread * np.sqrt(n)
        counts = np.arange(n + 1, 1001)
        enough = t.ppf((1 + level) / 2, counts - 1) * deviation / np.sqrt(counts)
        clear = counts[enough < by.mean]
        if not len(clear):
            return "More than a thousand regions with leads like these."
        return f"About {clear[0]} regions, if leads stay like these."
    times = (half / by.mean) ** 2
    if times <= 1:
        return "A clear lead over each of the other methods too."
    if times > 100:
        return "More than a hundred times as many customers, if the lead stays."
    return f"About {times:.1f} times as many customers, if the lead stays."


def _leads(rival, lead):
    return f"{rival} leads by {-lead:.3g}" if lead < 0 else f"{rival} is as good"


def _stands(rival, lead):
    return f"the lead is {lead:.3g} over {rival}" if lead > 0 else _leads(rival, lead)


def _low(difference):
    return -np.inf if np.isnan(difference.low) else difference.low


_SHAKEN = ("left out", "other seeds", "k - 1", "k + 1")
