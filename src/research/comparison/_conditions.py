"""What a winner has to stand, in one record a condition."""

from dataclasses import dataclass

import numpy as np
from scipy.stats import t

from research.comparison.ranks import without_noise
from research.comparison.runs import Cube

BLOCKS = 5
"""Parts of the replicates of a single region, each left out once."""

_SHAKEN = ("left out", "other seeds", "k - 1", "k + 1")


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


class Asked:
    """Who leads: means over units of one table of worth."""

    def __init__(self, cube: Cube, contenders, worth):
        self.methods = cube.methods
        self.contenders = contenders
        self.like = worth

    def lead(self, worth, leader, name):
        """How much better the leader is on each unit."""
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

    def under(self, name, worth, leader, where, about=""):
        """Whether the leader leads in another table of worth."""
        if not len(worth):
            return Condition(name, False, f"{where} not one run ended.", about)
        lead, rival = self.strongest_rival(worth, leader)
        words = f"{where} {_stands(rival, lead)}."
        return Condition(name, lead > 0, words, about, rival, lead)


def units_told(cube, k, seeds):
    """Worth, share lost and names of the units where some run ended."""
    worth, lost = cube.by_unit(k, seeds)
    told = ~np.isnan(worth).any(axis=1)
    names = [name for name, is_told in zip(cube.names, told, strict=True) if is_told]
    return worth[told], lost[told], names


def clear_lead(leads, others, level):
    """Is the interval of the lead over every other method above 0."""
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


def large_enough(by, runner_up, margin):
    """Does the lead matter."""
    holds = bool(by.mean >= margin)
    words = f"The lead is {by.mean:.3g}; one of {margin:.3g} is the least that matters."
    return Condition("large enough", holds, words, "", runner_up, by.mean)


def above_floors(leads, floors, level):
    """Is the interval of the lead over every floor above 0."""
    if not floors:
        return Condition("above the floors", True, "The runs hold no floor.")
    least = min(floors, key=lambda name: (_low(leads[name]), name))
    found = leads[least]
    if np.isnan(found.low):
        words = f"The lead over {least} is {found.mean:.3g}; one alone has no interval."
        return Condition("above the floors", False, words, least, least, found.mean)
    holds = all(leads[name].low > 0 for name in floors)
    words = (
        f"The lead over {least} is {found.mean:.3g}, its {level:.0%} interval "
        f"{found.low:.3g} to {found.high:.3g}"
        + ("." if holds else f": {least} may be as good.")
    )
    return Condition("above the floors", holds, words, least, least, found.mean)


def left_out(asked, worth, leader, names, unit):
    """Does the leader lead without each region, or block of replicates."""
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


def other_seeds_too(asked, cube, k, other_seeds, leader):
    """Does the leader lead under the other seeds."""
    if cube.seeds == [None]:
        return Condition("other seeds", True, "No method takes a seed.")
    if not other_seeds:
        words = "There are no runs with another set of seeds."
        return Condition("other seeds", False, words)
    worth = units_told(cube, k, other_seeds)[0]
    return asked.under("other seeds", worth, leader, "With other seeds")


def other_numbers_too(asked, cube, k, seeds, leader, is_told):
    """Does the leader lead with one segment less and with one more."""
    if cube.ks == [None]:
        words = (
            "No method takes a number of segments."
            if is_told
            else "Runs do not say their number of segments: they have no column k."
        )
        return tuple(Condition(name, is_told, words) for name in ("k - 1", "k + 1"))
    found = []
    for name, other in (("k - 1", k - 1), ("k + 1", k + 1)):
        if other == 1:
            found.append(Condition(name, True, "One segment is a floor.", "1"))
        elif other not in cube.ks:
            words = f"No run has {other} segments."
            found.append(Condition(name, False, words, str(other)))
        else:
            worth = units_told(cube, other, seeds)[0]
            where = f"With {other} segments"
            found.append(asked.under(name, worth, leader, where, str(other)))
    return tuple(found)


def would_change(conditions, by, cube, n, ratio, level):
    """What each condition that failed would need; of a winner, its weakest."""
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
            found.append(f"Still to be asked: {condition.words}")
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
