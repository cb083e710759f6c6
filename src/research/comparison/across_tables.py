"""What methods reached in several regions, score by score, as tables."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from research.comparison.across import Joined
from research.comparison.inference import Inference, corrected_t
from research.comparison.protocol import WEIGHTED
from research.comparison.runs import units
from research.comparison.verdict import FLOORS


def means_by_region(joined: Joined, score: str | None = None) -> pd.DataFrame:
    """What each method reached in each region with the main number and seeds.

    Parameters
    ----------
    joined : Joined
    score : str, optional
        Unset, the one that decides.

    Returns
    -------
    means : DataFrame
        Columns `region`, `method`, `mean` (a run that failed counts as the worst one
        beside it), `low`, `high` (least and largest single run), `runs`, `failed`
        (counts), `ranked` (whether region and method are). A region in which no run has
        the score has no rows.
    """
    score = score or joined.protocol.score
    rows = []
    for region, runs in _by_region(joined, score):
        values = _values(joined, runs, score).mean()
        main = _main(joined, runs)
        own = main.groupby("method", sort=False)
        lost = (main["failed"] | main["value"].isna()).groupby(main["method"]).sum()
        table = pd.DataFrame(
            {
                "region": region,
                "mean": values,
                "low": own["value"].min(),
                "high": own["value"].max(),
                "runs": own.size(),
                "failed": lost,
            }
        ).reindex([m for m in joined.protocol.methods if m in values])
        ranked = table.index.isin(joined.methods) & (region in joined.regions)
        rows.append(table.rename_axis("method").reset_index().assign(ranked=ranked))
    columns = ["region", "method", "mean", "low", "high", "runs", "failed", "ranked"]
    if not rows:
        return pd.DataFrame(columns=columns)
    return pd.concat(rows, ignore_index=True)[columns]


def means_table(joined: Joined, score: str | None = None) -> pd.DataFrame:
    """Means of `means_by_region`, a row a method and a column a region.

    Parameters
    ----------
    joined : Joined
    score : str, optional
        Unset, the one that decides.

    Returns
    -------
    table : DataFrame
        The best ranked method first, then those that are not ranked; the ranked regions
        first. `mean`, the first column, is over the ranked regions, and NaN where a
        method is not ranked.
    """
    means = means_by_region(joined, score)
    table = means.pivot(index="method", columns="region", values="mean")
    regions = [r for r in dict.fromkeys(means["region"]) if r in joined.regions]
    others = [r for r in dict.fromkeys(means["region"]) if r not in joined.regions]
    table = table[[*regions, *others]]
    mean = table[regions].mean(axis=1).where(table.index.isin(joined.methods))
    sign = 1 if _better(joined, score or joined.protocol.score) == "higher" else -1
    order = (-sign * mean).sort_values(kind="stable", na_position="last").index
    table.insert(0, "mean", mean)
    return table.loc[order].rename_axis(columns=None)


def regions_told(
    joined: Joined, without: Mapping[str, str], titles: Mapping[str, str]
) -> pd.DataFrame:
    """Every region: whether it is ranked, what was run there, and why it is not.

    Parameters
    ----------
    joined : Joined
    without : mapping of str to str
        Regions that have no runs, and why.
    titles : mapping of str to str
        Name of each region in a reader's words.

    Returns
    -------
    regions : DataFrame
        Columns `region`, `ranked` ("yes", "shown", "no"), `why`, `methods`, `runs`,
        `failed` (of what decides), `name`; ranked regions first.
    """
    rows = [(region, "yes", "") for region in joined.regions]
    rows += [
        (row.region, "shown" if row.shown else "no", row.why)
        for row in joined.left_out.sort_values("shown", ascending=False).itertuples()
    ]
    rows += [(region, "no", why) for region, why in without.items()]
    table = pd.DataFrame(rows, columns=["region", "ranked", "why"])
    counts = pd.DataFrame(columns=["methods", "runs", "failed"])
    if len(joined.runs):
        runs = joined.runs[joined.runs["score"] == joined.protocol.score]
        own = runs.groupby("region")
        counts = pd.DataFrame(
            {
                "methods": own["method"].nunique(),
                "runs": own.size(),
                "failed": own["failed"].sum(),
            }
        )
    counts = counts.reindex(table["region"]).fillna(0).astype(int)
    for name in counts:
        table[name] = counts[name].to_numpy()
    return table.assign(name=table["region"].map(lambda r: titles.get(r, r)))


def leads_of(inference: Inference, leader: str) -> pd.DataFrame:
    """How much better one method is than each of the others, the least lead first.

    Returns
    -------
    leads : DataFrame
        Columns `name`, `mean`, `low`, `high`, `wins`, `losses`; negative where the
        other is better.
    """
    rows = []
    for row in inference.pairs.itertuples():
        if leader == row.method:
            ends = (row.better_by, row.low, row.high, row.wins, row.losses)
            rows.append((row.other, *ends))
        elif leader == row.other:
            ends = (-row.better_by, -row.high, -row.low, row.losses, row.wins)
            rows.append((row.method, *ends))
    columns = ["name", "mean", "low", "high", "wins", "losses"]
    return pd.DataFrame(rows, columns=columns).sort_values(
        "mean", kind="stable", ignore_index=True
    )


def costs_of(
    tables: Mapping[str, pd.DataFrame], regions: Sequence[str]
) -> pd.DataFrame:
    """Seconds and memory of one fit by method, mean over regions.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        By region, every cell text: column `method`, and of `seconds` and `memory MB`
        what was measured.
    regions : sequence of str
        That count.

    Returns
    -------
    costs : DataFrame
        Columns `method`, `seconds`, `memory MB`, the quickest first; NaN where nothing
        was measured.

    Examples
    --------
    >>> table = pd.DataFrame({"method": ["m"], "seconds": ["2.5"], "memory MB": [""]})
    >>> costs_of({"A": table}, ["A"]).values.tolist()
    [['m', 2.5, nan]]
    """
    columns = ["seconds", "memory MB"]
    known = [t for r, t in tables.items() if r in regions and "method" in t]
    if not known:
        return pd.DataFrame(columns=["method", *columns])
    every = pd.concat([t.reindex(columns=["method", *columns]) for t in known])
    for name in columns:
        every[name] = pd.to_numeric(every[name], errors="coerce")
    means = every.groupby("method", sort=False)[columns].mean()
    return means.sort_values("seconds", kind="stable").reset_index()


def leaders(joined: Joined, scores) -> pd.DataFrame:
    """Which method leads in how many of the ranked regions, score by score.

    Parameters
    ----------
    joined : Joined
    scores : iterable of str

    Returns
    -------
    leaders : DataFrame
        A row a score that any region has: `score`, `leader` (leads in most regions; of
        equal ones that of the better mean), `leads`, `regions` (that have the score),
        `others` (who leads elsewhere), `apart` (best less worst method, mean over the
        regions, never negative). A lead here is any lead, however small.
    """
    rows = []
    for score in scores:
        means = means_by_region(joined, score)
        means = means[means["ranked"] & means["method"].isin(joined.contenders)]
        if means.empty:
            continue
        table = means.pivot(index="region", columns="method", values="mean")
        worth = table * (1 if _better(joined, score) == "higher" else -1)
        order = [m for m in joined.contenders if m in worth]
        worth = worth[sorted(order, key=lambda m: -worth[m].mean())]
        counts = worth.idxmax(axis=1).value_counts(sort=False)
        counts = counts.reindex(worth.columns, fill_value=0).sort_values(
            ascending=False, kind="stable"
        )
        others = [f"{name} {n}" for name, n in counts.iloc[1:].items() if n]
        apart = (worth.max(axis=1) - worth.min(axis=1)).mean()
        row = (score, counts.index[0], counts.iloc[0], len(worth), ", ".join(others))
        rows.append((*row, apart))
    columns = ["score", "leader", "leads", "regions", "others", "apart"]
    return pd.DataFrame(rows, columns=columns)


def gain_by_region(
    joined: Joined, method: str, other: str, scores=None
) -> pd.DataFrame:
    """How much better one method is than another, in each region that has both.

    Parameters
    ----------
    joined : Joined
    method, other : str
    scores : iterable of str, optional
        Unset, the one that decides.

    Returns
    -------
    gains : DataFrame
        Columns `score`, `region`, `better_by` (negative where the other is better,
        whichever way the score runs), `low`, `high` (over the replicates of the region,
        at the level of the protocol), `ranked`. Without rows where no region has both.
    """
    protocol = joined.protocol
    rows = []
    for score in scores or (protocol.score,):
        sign = 1 if _better(joined, score) == "higher" else -1
        for region, runs in _by_region(joined, score):
            if not {method, other} <= set(runs["method"]):
                continue
            values = _values(joined, runs, score)
            found = corrected_t(
                (sign * (values[method] - values[other])).dropna(),
                protocol.replicates.test_over_train,
                protocol.decision.level,
            )
            rows.append((score, region, *found[:3], region in joined.regions))
    columns = ["score", "region", "better_by", "low", "high", "ranked"]
    return pd.DataFrame(rows, columns=columns)


def above_floors(joined: Joined, method: str) -> tuple[str, ...]:
    """Ranked regions in which a method is clearly better than each floor there.

    Clearly by the draws of customers of that region alone. Few regions say little of
    regions in general, whatever each of them says of itself.
    """
    floors = [name for name in FLOORS if name in joined.methods]
    gains = [gain_by_region(joined, method, floor) for floor in floors]
    if not gains:
        return ()
    every = pd.concat(gains)
    clear = (every["low"] > 0).groupby(every["region"]).all()
    return tuple(name for name in joined.regions if clear.get(name, False))


def against_classes(joined: Joined, method: str) -> pd.DataFrame:
    """A method beside that old class which does best in each region.

    Parameters
    ----------
    joined : Joined
    method : str

    Returns
    -------
    against : DataFrame
        Columns `region`, `class`, `class reaches`, `method reaches`, `better by`,
        `low`, `high` (as `gain_by_region`), a row a region that has both. To take the
        best class afterwards favours the classes.
    """
    protocol = joined.protocol
    old = [name for name in protocol.old_classes if name != method]
    means = means_by_region(joined)
    sign = 1 if _better(joined, protocol.score) == "higher" else -1
    rows = []
    for region, own in means.groupby("region", sort=False):
        reached = own.set_index("method")["mean"]
        classes = (sign * reached.reindex(old)).dropna()
        if classes.empty or method not in reached:
            continue
        best = classes.idxmax()
        gains = gain_by_region(joined, method, best).set_index("region").loc[region]
        row = (region, best, reached[best], reached[method])
        rows.append((*row, *gains[["better_by", "low", "high"]]))
    columns = ["region", "class", "class reaches", "method reaches"]
    return pd.DataFrame(rows, columns=[*columns, "better by", "low", "high"])


def _by_region(joined, score):
    """Runs of the score in each region where any has a value, ranked regions first."""
    runs = joined.runs[joined.runs["score"] == score] if len(joined.runs) else None
    if runs is None or runs.empty:
        return
    names = list(dict.fromkeys(runs["region"]))
    for region in sorted(names, key=lambda name: name not in joined.regions):
        own = runs[runs["region"] == region]
        if np.isfinite(own.loc[~own["failed"], "value"]).any():
            yield region, own


def _values(joined, runs, score):
    """Values on the replicates of one region, of shape (n_replicates, n_methods)."""
    protocol = joined.protocol
    k = protocol.k.main if runs["k"].notna().any() else None
    seeds = protocol.seeds.main if runs["seed"].notna().any() else None
    return units(runs, score, better=_better(joined, score), k=k, seeds=seeds).values


def _main(joined, runs):
    """Runs with the main number of segments and the main seeds, or without any."""
    protocol = joined.protocol
    k = runs["k"].isna() | runs["k"].eq(protocol.k.main).fillna(False)
    seed = runs["seed"].isna() | runs["seed"].isin(protocol.seeds.main)
    return runs[k & seed]


def _better(joined, score):
    return "higher" if score == WEIGHTED else joined.protocol.metrics[score].better
