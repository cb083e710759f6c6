"""Loops over readings for `untouched`, compiled by numba.

Nearly all days are whole: every reading is there and none is zero. They take loops
without a branch; on the others each reading is asked whether it ends a silence.
"""

from research.region.compiled import compiled

# Sums in another order must not hide what lies at a threshold.
_SLACK = 1e-9
_ABOVE_ALL = 1e300


@compiled(fastmath={"reassoc", "contract"})
def sum_days(kwh, before, n_slots, there, zeros, total):
    """Count and sum each day's readings.

    Parameters
    ----------
    kwh : array of shape (n_customers, n_stamps)
    before : int
        Slots of the first day that lie before the first stamp.
    n_slots : int
        Readings of a day.
    there, zeros, total : arrays of shape (n_customers, n_days)
        Filled: number of readings, of zeros among them, and sum.
    """
    for i in range(kwh.shape[0]):
        for d in range(total.shape[1]):
            begin, end = _bounds(d, before, n_slots, kwh.shape[1])
            n, n_zero, summed = 0, 0, 0.0
            for s in range(begin, end):
                value = kwh[i, s]
                n += value == value
                n_zero += value == 0
                summed += value if value == value else 0.0
            there[i, d], zeros[i, d], total[i, d] = n, n_zero, summed


@compiled()
def zero_runs(kwh, rows):
    """Runs of zeros of some customers; `rows` are replaced by their numbers."""
    for k in range(len(rows)):
        i, n = rows[k], 0
        for s in range(kwh.shape[1]):
            n += kwh[i, s] == 0 and (s == 0 or kwh[i, s - 1] != 0)
        rows[k] = n


@compiled()
def highest_ends(kwh, whole, often, usual, before, n_slots, shortest, highest):
    """The highest reading, over what is usual then, of those that end a silence.

    Parameters
    ----------
    kwh : array of shape (n_customers, n_stamps)
    whole : bool array of shape (n_customers, n_days)
        Whether every reading of the day is there and none is zero.
    often : bool array of shape (n_customers,)
        Whether zeros come so often that they are readings, not silences.
    usual : float64 array of shape (n_customers, n_days)
    before, n_slots : int
        As for `sum_days`.
    shortest : int
        Readings that a silence lasts at least.
    highest : float64 array of shape (n_customers,)
        Filled; 0 without such a reading, beyond all where nothing is usual then.
    """
    for i in range(kwh.shape[0]):
        silent, most = 0, 0.0
        for d in range(whole.shape[1]):
            begin, end = _bounds(d, before, n_slots, kwh.shape[1])
            for s in range(begin, end):
                value = kwh[i, s]
                if value == value and (value != 0 or often[i]):
                    if silent >= shortest:
                        if usual[i, d] <= 0:
                            most = _ABOVE_ALL
                        else:
                            most = max(most, value / usual[i, d])
                    silent = 0
                    if whole[i, d]:
                        break
                else:
                    silent += 1
        highest[i] = most


@compiled()
def rarely_higher(kwh, whole, often, usual, before, n_slots, share, rare, so):
    """Whether hardly any reading that ends no silence is as far above the usual.

    Parameters
    ----------
    kwh, whole, often, usual, before, n_slots
        As for `highest_ends`.
    share : float64 array of shape (n_customers,)
        How far above.
    rare : float
        Share of the readings that are hardly any.
    so : bool array of shape (n_customers,)
        Filled.
    """
    for i in range(kwh.shape[0]):
        bounding = share[i] * (1 + _SLACK)
        n_other, n_higher, silent, begun = 0, 0, False, False
        for d in range(whole.shape[1]):
            begin, end = _bounds(d, before, n_slots, kwh.shape[1])
            bound = bounding * usual[i, d]
            n, n_high = 0, 0
            if whole[i, d]:
                first = begin + (silent and begun)
                silent, begun = False, True
                for s in range(first, end):
                    n += kwh[i, s] > 0
                    n_high += kwh[i, s] > bound
            else:
                for s in range(begin, end):
                    value = kwh[i, s]
                    if value == value and (value != 0 or often[i]):
                        if not (silent and begun):
                            n += value > 0
                            n_high += value > bound
                        silent, begun = False, True
                    else:
                        silent = True
            if usual[i, d] > 0:
                n_other += n
                n_higher += n_high
        so[i] = n_higher <= int(rare * n_other)


@compiled()
def _bounds(day, before, n_slots, n_stamps):
    """First and last stamp of a day, without the last."""
    return max(day * n_slots - before, 0), min((day + 1) * n_slots - before, n_stamps)
