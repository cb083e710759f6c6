"""Indices of how well the means of segments stand for their members.

The adequacy indicators of the literature on load profiles, as functions of the points
and their labels, with the mean of a segment as its representative and the plain
Euclidean distance d. Many public versions compute something else under the same name (a
mean over pairs, a missing square, a missing 1 / n_k); these follow the definitions of
Chicco and co-workers:

- dhat(L)^2, the squared intraset distance of a set L, is half the mean squared distance
  of all ordered pairs, a point with itself included: the mean squared distance to the
  mean of L;
- MIA = sqrt(mean over segments of dhat(L_k)^2);
- CDI = MIA / dhat(R), with R the set of the representatives.

**They can not choose the number of segments.** MIA, CDI and WCBCR fall (almost) without
a break as segments are added (on shapes with 8 true classes their minimum over 2 to 15
lay at 15 each time), and so do the scatter index and VRSE: they rank methods at one
number of segments. `choose_k` chooses.
"""

from research.comparison import _segments
from research.comparison._segments import Segments


def mean_index_adequacy(X, labels):
    """Mean index adequacy (MIA): how far customers lie from their segment's mean.

    Root of the mean over the segments, each with the same weight, of the mean squared
    distance of their members to their mean. Lower is more compact. Ranks methods at one
    number of segments, can not choose that number.

    Parameters
    ----------
    X : array-like of shape (n_customers, n_features)
        The points as the method compares them (normalised curves).
    labels : array-like of shape (n_customers,)
        Segment of each point, any values.

    Returns
    -------
    mia : float
        At least 0, in the unit of `X`. Divide by sqrt(n_features) for the variant with
        the distance per reading.

    Raises
    ------
    ValueError
        If `X` holds NaN or infinite values, or lengths differ.

    References
    ----------
    .. [1] G. Chicco, R. Napoli and F. Piglione, "Comparisons among clustering
       techniques for electricity customer classification", IEEE Transactions on Power
       Systems, vol. 21, no. 2, pp. 933-940, 2006.

    Examples
    --------
    >>> mean_index_adequacy([[0.0], [2.0], [10.0], [12.0]], [0, 0, 1, 1])
    1.0
    """
    return _segments.mia(Segments.of(X, labels))


def clustering_dispersion_indicator(X, labels):
    """Clustering dispersion indicator (CDI): spread within over spread between.

    MIA over the intraset distance of the segments' means. Lower is better. Ranks
    methods at one number of segments, can not choose that number.

    Parameters
    ----------
    X : array-like of shape (n_customers, n_features)
        The points as the method compares them.
    labels : array-like of shape (n_customers,)
        Segment of each point, any values.

    Returns
    -------
    cdi : float
        At least 0 [unitless]; NaN for one segment, infinite where all means coincide.

    Raises
    ------
    ValueError
        If `X` holds NaN or infinite values, or lengths differ.

    References
    ----------
    .. [1] G. Chicco, R. Napoli and F. Piglione, "Comparisons among clustering
       techniques for electricity customer classification", IEEE Transactions on Power
       Systems, vol. 21, no. 2, pp. 933-940, 2006.

    Examples
    --------
    >>> clustering_dispersion_indicator([[0.0], [2.0], [10.0], [12.0]], [0, 0, 1, 1])
    0.2
    """
    return _segments.cdi(Segments.of(X, labels))


def davies_bouldin_rms(X, labels):
    """Davies-Bouldin index of Chicco: RMS spreads over the distance of the means.

    Mean over the segments of the worst (dhat_i + dhat_j) / d(r_i, r_j). The spread is
    the *root mean square* distance to the mean (Davies and Bouldin's q = 2).
    scikit-learn's `davies_bouldin_score` takes the *mean* distance (q = 1) and comes
    out lower or equal: never compare the two. Lower is better.

    Parameters
    ----------
    X : array-like of shape (n_customers, n_features)
        The points as the method compares them.
    labels : array-like of shape (n_customers,)
        Segment of each point, any values.

    Returns
    -------
    dbi : float
        At least 0 [unitless]; NaN for one segment, infinite where two means coincide.

    Raises
    ------
    ValueError
        If `X` holds NaN or infinite values, or lengths differ.

    References
    ----------
    .. [1] G. Chicco, "Overview and performance assessment of the clustering methods for
       electrical load pattern grouping", Energy, vol. 42, no. 1, pp. 68-80, 2012.

    Examples
    --------
    >>> davies_bouldin_rms([[0.0], [2.0], [10.0], [12.0]], [0, 0, 1, 1])
    0.2
    """
    return _segments.dbi_rms(Segments.of(X, labels))


def within_between_ratio(X, labels):
    """Within over between variation (WCBCR).

    Sum of the squared distances of the points to their mean, over the sum of the
    squared distances of all pairs of means. Lower is better. Ranks methods at one
    number of segments, can not choose that number: the sum over pairs grows with it.

    Parameters
    ----------
    X : array-like of shape (n_customers, n_features)
        The points as the method compares them.
    labels : array-like of shape (n_customers,)
        Segment of each point, any values.

    Returns
    -------
    wcbcr : float
        At least 0 [unitless]; NaN for one segment, infinite where all means coincide.

    Raises
    ------
    ValueError
        If `X` holds NaN or infinite values, or lengths differ.

    References
    ----------
    .. [1] I. P. Panapakidis and G. C. Christoforidis, "Optimal selection of clustering
       algorithm via multi-criteria decision analysis (MCDA) for load profiling
       applications", Applied Sciences, vol. 8, no. 2, art. 237, 2018.

    Examples
    --------
    >>> within_between_ratio([[0.0], [2.0], [10.0], [12.0]], [0, 0, 1, 1])
    0.04
    """
    return _segments.wcbcr(Segments.of(X, labels))


def modified_dunn_index(X, labels):
    """Modified Dunn index (MDI): the widest segment over the nearest two means.

    The largest intraset distance dhat(L_k) over the smallest distance of two means.
    Lower is better (Dunn's own index is a distance over a width, higher is better). It
    hangs on two segments and one pair of means. Ranks methods at one number of
    segments, can not choose that number.

    Parameters
    ----------
    X : array-like of shape (n_customers, n_features)
        The points as the method compares them.
    labels : array-like of shape (n_customers,)
        Segment of each point, any values.

    Returns
    -------
    mdi : float
        At least 0 [unitless]; NaN for one segment, infinite where two means coincide.

    Raises
    ------
    ValueError
        If `X` holds NaN or infinite values, or lengths differ.

    References
    ----------
    .. [1] G. Chicco, "Overview and performance assessment of the clustering methods for
       electrical load pattern grouping", Energy, vol. 42, no. 1, pp. 68-80, 2012.

    Examples
    --------
    >>> modified_dunn_index([[0.0], [2.0], [10.0], [12.0]], [0, 0, 1, 1])
    0.1
    """
    return _segments.mdi(Segments.of(X, labels))


def scatter_index(X, labels):
    """Scatter index (SI): how far points scatter, over how far the means do.

    Sum of the squared distances of the points to the mean of all points, over that of
    the segments' means, each counted once whatever its size. Lower is better. Ranks
    methods at one number of segments, can not choose that number: the numerator is the
    same for every segmentation, and every mean more adds to the denominator.

    Parameters
    ----------
    X : array-like of shape (n_customers, n_features)
        The points as the method compares them.
    labels : array-like of shape (n_customers,)
        Segment of each point, any values.

    Returns
    -------
    si : float
        Above 0 [unitless]; NaN for one segment, infinite where all means coincide. A
        far outlier in a segment of its own lowers it.

    Raises
    ------
    ValueError
        If `X` holds NaN or infinite values, or lengths differ.

    References
    ----------
    .. [1] D. Pitt and D. S. Kirschen, "Application of data mining techniques to load
       profiling", IEEE Power Industry Computer Applications, pp. 131-136, 1999.
    .. [2] G. Chicco, "Overview and performance assessment of the clustering methods for
       electrical load pattern grouping", Energy, vol. 42, no. 1, pp. 68-80, 2012.

    Examples
    --------
    >>> scatter_index([[0.0], [2.0], [10.0], [12.0]], [0, 0, 1, 1])
    2.08
    """
    return _segments.si(Segments.of(X, labels))


def missed_share(X, labels, theta=0.2):
    """Share of points that their segment's mean does not meet (VRSE).

    A point x is missed by the mean r of its segment where sum (x - r)^2 exceeds `theta`
    times sum r^2. Lower is better. Ranks methods at one number of segments, can not
    choose that number: no point is missed by itself.

    Parameters
    ----------
    X : array-like of shape (n_customers, n_features)
        The points as the method compares them, in a unit with a zero: an offset changes
        the share.
    labels : array-like of shape (n_customers,)
        Segment of each point, any values.
    theta : float, default=0.2
        Relative squared error above which a point counts as missed, at least 0.

    Returns
    -------
    share : float
        In [0, 1] [unitless].

    Raises
    ------
    ValueError
        If `X` holds NaN or infinite values, lengths differ or `theta` is negative.

    References
    ----------
    .. [1] J. Kwac, J. Flora and R. Rajagopal, "Household energy consumption
       segmentation using hourly data", IEEE Trans. Smart Grid, vol. 5, no. 1,
       pp. 420-430, 2014.

    Examples
    --------
    >>> missed_share([[0.0], [2.0], [10.0], [12.0]], [0, 0, 1, 1])
    0.5
    """
    if not theta >= 0:
        raise ValueError(f"theta must be at least 0. Got {theta!r} instead.")
    return _segments.vrse(Segments.of(X, labels), theta)


def similarity_matrix_indicator(X, labels):
    """Similarity matrix indicator (SMI): print it only with its warning.

    The largest, over the pairs of means, of 1 / (1 - 1 / ln d). Lower is meant to be
    better. **It has no meaning of its own**: it depends on the unit of the points, is 0
    at a distance of 1, falls to minus infinity as a distance rises to e = 2.718 and
    comes from plus infinity beyond. It is here because tables of the field print it.

    Parameters
    ----------
    X : array-like of shape (n_customers, n_features)
        The points as the method compares them.
    labels : array-like of shape (n_customers,)
        Segment of each point, any values.

    Returns
    -------
    smi : float
        Any number, infinite at a distance of e; NaN for one segment. Distances of 1 and
        of 0, where the formula divides by zero, take its limits: 0 and 1.

    Raises
    ------
    ValueError
        If `X` holds NaN or infinite values, or lengths differ.

    References
    ----------
    .. [1] G. Chicco, R. Napoli and F. Piglione, "Comparisons among clustering
       techniques for electricity customer classification", IEEE Transactions on Power
       Systems, vol. 21, no. 2, pp. 933-940, 2006.

    Examples
    --------
    >>> X = [[0.0], [2.0], [10.0], [12.0]]
    >>> round(similarity_matrix_indicator(X, [0, 0, 1, 1]), 2)
    1.77
    """
    return _segments.smi(Segments.of(X, labels))
