"""One comparison over several regions, from the runs that each of them published.

Only what was compared by the same protocol is put together. The ranking is over the
methods that all its regions have: to rank a method over those regions alone that have
what it needs would compare it where it is at home. So that a region with few methods
does not take the others' methods away, one with fewer than a share of the planned ones
is shown and not ranked. Whether a region is ranked depends on which methods could be
run there, and never on how they did.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from research.comparison.inference import Inference, infer
from research.comparison.planned import complete, decide_by, weighted_runs
from research.comparison.protocol import Protocol
from research.comparison.runs import COLUMNS, check_runs
from research.comparison.verdict import FLOORS, Verdict

LEAST_SHARE = 0.5
"""Of the planned methods, without floors and old classes, that a ranked region has."""

_TRUE = {"True": True, "true": True, "False": False, "false": False}


@dataclass(frozen=True)
class Joined:
    """Runs of several regions under one protocol.

    Attributes
    ----------
    protocol : Protocol
    runs : DataFrame
        All planned runs of every region of that protocol, as `complete` gives them;
        a method that a region does not have has none there.
    regions : tuple of str
        The ranked ones.
    methods : tuple of str
        Those that every ranked region has, in the order of the protocol.
    left_out : DataFrame
        Columns `region`, `why`, `shown`: regions that are not ranked. `shown` is true
        where `runs` holds them all the same.
    partial : DataFrame
        Columns `method`, `lacking`: methods that are not ranked, and the regions, of
        the ranked ones, that lack them.
    """

    protocol: Protocol
    runs: pd.DataFrame
    regions: tuple[str, ...]
    methods: tuple[str, ...]
    left_out: pd.DataFrame
    partial: pd.DataFrame

    @property
    def contenders(self) -> tuple[str, ...]:
        """The ranked methods without the floors."""
        return tuple(name for name in self.methods if name not in FLOORS)

    @property
    def too_few(self) -> str:
        """Why nothing can be compared; empty where it can."""
        if len(self.regions) < 2:
            told = "; ".join(f"{r.region}: {r.why}" for r in self.left_out.itertuples())
            return (
                f"methods were compared in {len(self.regions) or 'no'} region"
                f"{'' if len(self.regions) == 1 else 's'} by {self.protocol.source}, "
                f"two at least are needed{f' ({told})' if told else ''}"
            )
        if len(self.contenders) < 2:
            return (
                f"{', '.join(self.regions)} have "
                f"{' and '.join(self.contenders) or 'no method'} in common: two "
                "methods at least are compared"
            )
        return ""


def read_runs(table: pd.DataFrame, region: str) -> pd.DataFrame:
    """Runs of one region from a published table, in which every cell is text.

    Parameters
    ----------
    table : DataFrame
        The columns of `check_runs`, `k` and `protocol` (the hash of the protocol).
    region : str
        Whose table it is.

    Returns
    -------
    runs : DataFrame
        As `check_runs` gives them.

    Raises
    ------
    ValueError
        If a column is missing, a number is none, or the table is of another region.

    Examples
    --------
    >>> text = pd.DataFrame({"region": ["A"], "replicate": ["0"], "seed": [""],
    ...     "k": ["4"], "method": ["m"], "score": ["R2"], "value": ["0.5"],
    ...     "failed": ["False"], "protocol": ["9f2c"]})
    >>> read_runs(text, "A")[["seed", "k", "value", "failed"]].values.tolist()
    [[<NA>, 4, 0.5, False]]
    """
    wanted = [*COLUMNS, "k", "protocol"]
    lacking = [name for name in wanted if name not in table]
    if lacking:
        raise ValueError(f"the table of runs lacks {', '.join(lacking)}")
    if table.empty:
        raise ValueError("the table of runs is empty")
    others = set(table["region"]) - {region}
    if others:
        raise ValueError(f"the table of runs is of {', '.join(sorted(others))}")
    runs = table.copy()
    for name in ("replicate", "seed", "k", "value"):
        text = runs[name].replace({"": None})
        try:
            runs[name] = pd.to_numeric(text)
        except (TypeError, ValueError) as error:
            raise ValueError(f"{name} of a run is no number: {error}") from None
    for name in {"failed", "added"} & set(runs):
        runs[name] = runs[name].map(lambda cell: _TRUE.get(str(cell), cell))
    return check_runs(runs)


def join_regions(
    tables: Mapping[str, pd.DataFrame],
    protocol: Protocol,
    *,
    least_share: float = LEAST_SHARE,
    leave_out: Sequence[str] = (),
) -> Joined:
    """Put the published runs of several regions together, as far as they belong so.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        By region, see `read_runs`.
    protocol : Protocol
        A region of another one is left out, with the reason.
    least_share : float
        Of the planned methods, without floors and old classes, that a ranked region
        has.
    leave_out : sequence of str
        Regions that are shown and not ranked because somebody wants it so; told as all
        others are.

    Returns
    -------
    joined : Joined

    Raises
    ------
    ValueError
        If `leave_out` names a region that has no table.

    Examples
    --------
    ``verdict_across(join_regions(tables, protocol))``
    """
    for region in leave_out:
        if region not in tables:
            raise ValueError(
                f"leave_out names {region!r}. Regions: {', '.join(tables) or 'none'}."
            )
    found, left_out = {}, []
    for region, table in tables.items():
        try:
            found[region] = _planned(table, region, protocol)
        except ValueError as fault:
            left_out.append((region, _first_line(fault), False))
    kept = []
    for region, runs in found.items():
        why = _why_not_ranked(runs, protocol, least_share)
        if region in leave_out:
            why = "left out on request: shown, and not ranked"
        if why:
            left_out.append((region, why, True))
        else:
            kept.append(region)
    has = {region: set(found[region]["method"]) for region in kept}
    common = [m for m in protocol.methods if kept and all(m in has[r] for r in kept)]
    partial = [
        (method, ", ".join(r for r in kept if method not in has[r]))
        for method in protocol.methods
        if method not in common and any(method in has[r] for r in kept)
    ]
    return Joined(
        protocol,
        pd.concat(found.values(), ignore_index=True) if found else pd.DataFrame(),
        tuple(kept),
        tuple(common),
        pd.DataFrame(left_out, columns=["region", "why", "shown"]),
        pd.DataFrame(partial, columns=["method", "lacking"]),
    )


def verdict_across(joined: Joined) -> Verdict:
    """The verdict that the protocol planned, over the ranked regions and methods.

    Raises
    ------
    ValueError
        If `joined` has too few regions or methods.
    """
    protocol, runs = _ranked(joined, joined.methods)
    return decide_by(protocol, runs)


def infer_across(joined: Joined) -> Inference:
    """Ranks, differences and tests over the ranked regions, floors left aside.

    A random partition and one segment are expected to be last; with them among the
    ranks any test would find that ranks differ.

    Raises
    ------
    ValueError
        If `joined` has too few regions or methods.
    """
    protocol, runs = _ranked(joined, joined.contenders)
    if _weighs(protocol):
        runs = weighted_runs(protocol, runs)
    return infer(
        runs,
        protocol.score,
        better=protocol.better,
        k=protocol.k.main,
        seeds=protocol.seeds.main,
        level=protocol.decision.level,
    )


def _planned(table, region, protocol):
    """All planned runs of a region under the protocol; refused with the reason."""
    runs = read_runs(table, region)
    hashes = set(runs["protocol"])
    if hashes != {protocol.sha256}:
        others = ", ".join(sorted(h[:8] or "none" for h in hashes))
        raise ValueError(
            f"compared by another protocol (sha256 {others}, not {protocol.sha256[:8]})"
        )
    if protocol.regions and region not in protocol.regions:
        raise ValueError(f"{protocol.source} names other regions")
    has = set(runs["method"])
    scores = [name for name in protocol.metrics if name in set(runs["score"])]
    own = _narrowed(protocol, [m for m in protocol.methods if m in has], scores)
    runs = complete(own, runs)
    runs = runs[~runs["added"]].drop(columns="protocol")
    if _weighs(protocol) and set(protocol.decision.weights) <= set(scores):
        runs = pd.concat([runs, weighted_runs(own, runs)], ignore_index=True)
        runs["missing"] = runs["missing"].eq(True)
    return runs


def _why_not_ranked(runs, protocol, least_share):
    told = runs[runs["score"].eq(protocol.score) & ~runs["failed"]]
    if not np.isfinite(told["value"]).any():
        return f"no run there has the score {protocol.score}"
    planned = [m for m in protocol.methods if m not in (*FLOORS, *protocol.old_classes)]
    has = [m for m in planned if m in set(runs["method"])]
    if len(has) < least_share * len(planned):
        return (
            f"has {len(has)} of {len(planned)} methods ({', '.join(has) or 'none'}): "
            "shown, and not ranked"
        )
    return ""


def _ranked(joined, methods):
    """Protocol and runs of the ranked regions, of what decides alone."""
    if joined.too_few:
        raise ValueError(joined.too_few)
    protocol, runs = joined.protocol, joined.runs
    scores = [protocol.primary]
    if _weighs(protocol):
        scores = list(protocol.decision.weights)
    keep = runs["region"].isin(joined.regions) & runs["method"].isin(methods)
    runs = runs[keep & runs["score"].isin(scores)]
    return _narrowed(protocol, methods, scores), runs


def _narrowed(protocol, methods, scores):
    """The protocol for some of its methods and scores, whichever regions there are."""
    return protocol.model_copy(
        update={
            "methods": {name: protocol.methods[name] for name in methods},
            "metrics": {name: protocol.metrics[name] for name in scores},
            "regions": (),
        }
    )


def _weighs(protocol):
    return protocol.decision.by == "weights"


def _first_line(fault):
    return str(fault).splitlines()[0].rstrip(".")
