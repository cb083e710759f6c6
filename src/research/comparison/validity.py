"""Every index of how compact and how separate segments are, in one table.

The indices themselves are told in adequacy.py and silhouettes.py. None of them chooses
the number of segments: `choose_k` does. None of them says whether its value is more
than chance gives: `permutation_null` does.
"""

from typing import NamedTuple

import numpy as np
import pandas as pd
from sklearn.utils import check_array

from research.comparison import _segments
from research.comparison._segments import Segments
from research.comparison.adequacy import (
    clustering_dispersion_indicator,
    davies_bouldin_rms,
    mean_index_adequacy,
    missed_share,
    modified_dunn_index,
    scatter_index,
    similarity_matrix_indicator,
    within_between_ratio,
)
from research.comparison.silhouettes import (
    point_silhouettes,
    sampled_silhouette,
    silhouette,
    simplified_silhouette,
)

__all__ = [
    "clustering_dispersion_indicator",
    "davies_bouldin_rms",
    "describe_scores",
    "mean_index_adequacy",
    "missed_share",
    "modified_dunn_index",
    "point_silhouettes",
    "sampled_silhouette",
    "scatter_index",
    "score_segmentations",
    "silhouette",
    "similarity_matrix_indicator",
    "simplified_silhouette",
    "within_between_ratio",
]

FALLS = "ranks methods at one number of segments, can not choose that number"
POOR = "ranks methods at one number of segments, a poor guide to that number"
NO_MEANING = (
    "depends on the unit, and jumps from minus to plus infinity where two means are "
    "2.718 apart: draw no conclusion"
)


class Score(NamedTuple):
    """What a score is called, which way it points and what it is good for.

    Attributes
    ----------
    title : str
        Name in full.
    better : str
        "lower" or "higher".
    unit : str
        "" for none.
    use : str
        What it can tell.
    flag : str
        A warning to print beside each of its values, "" for none.
    of : callable or None
        Function of `Segments`; None for the silhouette, which needs all distances.
    """

    title: str
    better: str
    unit: str
    use: str
    flag: str
    of: object


SCORES = {
    "silhouette": Score("mean silhouette", "higher", "", POOR, "", None),
    "simplified silhouette": Score(
        "mean silhouette by the means", "higher", "", POOR, "", _segments.simplified
    ),
    "MIA": Score(
        "mean index adequacy", "lower", "that of the points", FALLS, "", _segments.mia
    ),
    "CDI": Score(
        "clustering dispersion indicator", "lower", "", FALLS, "", _segments.cdi
    ),
    "DBI (RMS)": Score(
        "Davies-Bouldin index, root mean squares",
        "lower",
        "",
        POOR,
        "",
        _segments.dbi_rms,
    ),
    "DBI (mean, scikit-learn)": Score(
        "Davies-Bouldin index, means", "lower", "", POOR, "", _segments.dbi_mean
    ),
    "MDI": Score("modified Dunn index", "lower", "", FALLS, "", _segments.mdi),
    "SI": Score("scatter index", "lower", "", FALLS, "", _segments.si),
    "WCBCR": Score(
        "within over between variation", "lower", "", FALLS, "", _segments.wcbcr
    ),
    "VRC": Score(
        "variance ratio criterion of Calinski and Harabasz",
        "higher",
        "",
        POOR,
        "",
        _segments.vrc,
    ),
    "VRSE": Score(
        "share of points with a relative squared error above 0.2",
        "lower",
        "",
        FALLS,
        "",
        _segments.vrse,
    ),
    "SMI": Score(
        "similarity matrix indicator", "lower", "", FALLS, NO_MEANING, _segments.smi
    ),
}


def describe_scores() -> pd.DataFrame:
    """What each score of `score_segmentations` means and what it is good for.

    Returns
    -------
    scores : DataFrame
        Index `score`; `title`, `better` ("lower" or "higher"), `unit` ("" for none),
        `use`, `flag` (a warning that belongs beside each value, "" for none).

    Examples
    --------
    >>> describe_scores().loc["CDI", ["title", "better"]].tolist()
    ['clustering dispersion indicator', 'lower']
    """
    table = pd.DataFrame(SCORES.values(), index=pd.Index(SCORES, name="score"))
    return table.drop(columns="of")


def score_segmentations(X, segmentations):
    """Every validity index of every segmentation of the same points.

    Parameters
    ----------
    X : array-like of shape (n_customers, n_features)
        The points, in the space that all methods are to be judged in. A method that
        minimises the very distance of that space has a home advantage.
    segmentations : DataFrame or dict of array-like of shape (n_customers,)
        One column (key) a method: the segment of each point.

    Returns
    -------
    scores : DataFrame
        One row a method and index: `method`, `score`, `value`, `better` ("lower" or
        "higher"), `n_segments`, `flag` (a warning that belongs beside the value, ""
        for none). The scores are those of `describe_scores`. "VRC" is Calinski and
        Harabasz's variance ratio criterion as scikit-learn has it, higher is better
        (some tables of the field print its inverse). NaN where an index is not
        defined, as for one segment; infinite where means coincide.

    Raises
    ------
    ValueError
        If `X` holds NaN or infinite values, or lengths differ.

    Examples
    --------
    >>> X = [[0.0], [2.0], [10.0], [12.0]]
    >>> scores = score_segmentations(X, {"halves": [0, 0, 1, 1], "odd": [0, 1, 0, 1]})
    >>> scores.loc[scores["score"] == "CDI", ["method", "value"]].round(1)
        method  value
    3   halves    0.2
    15     odd    5.0
    """
    X = check_array(X, dtype=np.float64)
    rows = []
    for method, labels in segmentations.items():
        segments = Segments.of(X, labels)
        values = {"silhouette": silhouette(X, labels)} | index_values(segments)
        rows += [
            (method, name, values[name], SCORES[name].better, len(segments))
            for name in SCORES
        ]
    scores = pd.DataFrame(
        rows, columns=["method", "score", "value", "better", "n_segments"]
    )
    scores["flag"] = scores["score"].map(describe_scores()["flag"])
    return scores


def index_values(segments):
    """Value of each score but the silhouette."""
    return {name: score.of(segments) for name, score in SCORES.items() if score.of}
