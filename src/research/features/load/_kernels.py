"""Loops over a cube, for `features.load.one_pass`, compiled by numba.

Each reading is looked at while its day is in the processor's cache, where the array
functions of this room, which say what is meant, go over the cube once a feature. The
sums of a day are taken in float64, from a copy of the day in float64. Days without a
gap, nearly all, take loops without a branch.

Without numba they are what is written here, Python, and far slower than the array
functions.
"""

import numpy as np

from research.region.compiled import compiled

# Sums may be taken in any order; what is not a number stays what it is.
_ANY_ORDER = {"reassoc", "contract", "nsz", "arcp"}

# log(x) is e ln 2 + log(m), m within a factor √2 of 1: from the bits of x less those
# of √½ the exponent comes as a whole number, made a float64 in the mantissa of 2^52.
_ROOT_HALF_BITS = 0x3FE6A09E667F3BCD
_MANTISSA_BITS = 52
_KEEPS_IT_POSITIVE = 1 << 62
_COUNT_BITS = 0x4330000000000000
_COUNT = 2.0**52 + 1024
_LN_2 = 0.6931471805599453
_LEAST_SHARE = 1e-300

# Every so many readings is in the sample for a quantile: prime, or a sample of quarter
# hours would see three slots of the day.
_SAMPLED, _SLACK, _FEWEST_TO_SAMPLE = 61, 1.6, 4096


@compiled(fastmath=_ANY_ORDER)
def area_sums(power, fewest, summed, present, highest):
    """Add the complete days of a cube to the load of the area.

    Parameters
    ----------
    power : array of shape (n_customers, n_days, n_slots)
    fewest : int
        Readings that make a day complete.
    summed, present : float64 and int64 arrays of shape (n_days, n_slots)
        Added to.
    highest : float64 array of shape (n_customers,)
        Raised to each customer's highest reading.
    """
    n_customers, n_days, n_slots = power.shape
    for i in range(n_customers):
        most = highest[i]
        for d in range(n_days):
            day = power[i, d]
            n_missing = 0
            for s in range(n_slots):
                n_missing += day[s] != day[s]
            if n_slots - n_missing < fewest:
                continue
            if n_missing == 0:
                for s in range(n_slots):
                    summed[d, s] += day[s]
                    present[d, s] += 1
            else:
                for s in range(n_slots):
                    if day[s] == day[s]:
                        summed[d, s] += day[s]
                        present[d, s] += 1
            for s in range(n_slots):
                most = day[s] if day[s] > most else most
        highest[i] = most


@compiled(fastmath=_ANY_ORDER)
def reduce_cube(
    power,
    fewest,
    weights,
    kinds,
    days,
    windows,
    by_kind,
    low,
    q,
):
    """Reduce every day to its numbers, and every customer to what spans his days.

    Parameters
    ----------
    power : array of shape (n_customers, n_days, n_slots)
    fewest : int
        Readings that make a day complete. Of other days only the count is told.
    weights : float64 array of shape (n_windows, n_slots)
    kinds : int64 array of shape (n_days,)
        Number of the day's kind: days whose slots lie in the same bands.
    days : tuple of float64 arrays of shape (n_customers, n_days)
        Filled: number, sum, highest and lowest of the readings; sum, number and
        highest of the steps; slots of highest and lowest; sum of p log p; squared
        distance from the customer's mean day, and the size of that, where read.
    windows : float64 array of shape (n_windows, n_customers, n_days)
        Filled: sums in the windows.
    by_kind : float64 array of shape (n_customers, n_kinds, n_slots)
        Filled: sum of the days of a kind.
    low : array of shape (n_customers, 2)
        Filled: the two readings around the quantile `q`, lower first.
    """
    (
        day_count,
        day_total,
        day_highest,
        day_lowest,
        day_steps,
        day_step_count,
        day_highest_step,
        day_peak,
        day_valley,
        day_plogp,
        day_error,
        day_size,
    ) = days
    n_customers, n_days, n_slots = power.shape
    day = np.empty(n_slots)
    share = np.empty(n_slots)
    log = np.empty(n_slots)
    counts = np.empty(n_slots)
    typical = np.empty(n_slots)
    kept = np.empty(n_days * n_slots, power.dtype)
    for i in range(n_customers):
        counts[:] = 0
        n_whole, n_kept = 0, 0
        of_kind = by_kind[i]
        of_kind[:] = 0
        for d in range(n_days):
            source = power[i, d]
            n_missing = 0
            for s in range(n_slots):
                day[s] = source[s]
                n_missing += source[s] != source[s]
            n = n_slots - n_missing
            day_count[i, d] = n
            if n < fewest:
                continue
            if n_missing == 0:
                n_whole += 1
                total, highest, lowest = _sum_and_bounds(day)
                steps, highest_step = _steps(day)
                step_count = n_slots - 1
                sums = of_kind[kinds[d]]
                for s in range(n_slots):
                    sums[s] += day[s]
                for s in range(n_slots):
                    kept[n_kept + s] = source[s]
            else:
                total, highest, lowest = _sum_and_bounds_of_present(day)
                steps, highest_step, step_count = _steps_of_present(day)
                at = n_kept
                for s in range(n_slots):
                    if day[s] == day[s]:
                        of_kind[kinds[d], s] += day[s]
                        counts[s] += 1
                        kept[at] = source[s]
                        at += 1
                    else:
                        day[s] = 0.0
            n_kept += n
            day_total[i, d] = total
            day_highest[i, d] = highest
            day_lowest[i, d] = lowest
            day_step_count[i, d] = step_count
            if step_count > 0:
                day_steps[i, d] = steps
                day_highest_step[i, d] = highest_step
            day_peak[i, d] = _first(source, highest)
            day_valley[i, d] = _first(source, lowest)
            for w in range(len(weights)):
                window = weights[w]
                inside = 0.0
                for s in range(n_slots):
                    inside += window[s] * day[s]
                windows[w, i, d] = inside
            if lowest >= 0 and total > 0:
                day_plogp[i, d] = _plogp(day, 1 / total, share, log)
        _two_around(kept[:n_kept], q, low[i])
        for s in range(n_slots):
            here = 0.0
            for k in range(len(of_kind)):
                here += of_kind[k, s]
            counts[s] += n_whole
            typical[s] = here / counts[s] if counts[s] > 0 else np.nan
        size_of_whole = 0.0
        for s in range(n_slots):
            size_of_whole += typical[s] * typical[s]
        for d in range(n_days):
            n = day_count[i, d]
            if n < fewest:
                continue
            source = power[i, d]
            error, size = 0.0, size_of_whole
            if n == n_slots:
                for s in range(n_slots):
                    off = source[s] - typical[s]
                    error += off * off
            else:
                size = 0.0
                for s in range(n_slots):
                    if source[s] == source[s]:
                        off = source[s] - typical[s]
                        error += off * off
                        size += typical[s] * typical[s]
            day_error[i, d] = error
            day_size[i, d] = size


@compiled(fastmath=_ANY_ORDER | {"nnan"})
def _sum_and_bounds(day):
    total, highest, lowest = 0.0, day[0], day[0]
    for s in range(len(day)):
        total += day[s]
    for s in range(len(day)):
        highest = max(highest, day[s])
        lowest = min(lowest, day[s])
    return total, highest, lowest


@compiled()
def _sum_and_bounds_of_present(day):
    total, highest, lowest = 0.0, -np.inf, np.inf
    for s in range(len(day)):
        if day[s] == day[s]:
            total += day[s]
            highest = max(highest, day[s])
            lowest = min(lowest, day[s])
    return total, highest, lowest


@compiled(fastmath=_ANY_ORDER | {"nnan"})
def _steps(day):
    total, highest = 0.0, 0.0
    for s in range(1, len(day)):
        step = abs(day[s] - day[s - 1])
        total += step
        highest = max(highest, step)
    return total, highest


@compiled()
def _steps_of_present(day):
    total, highest, n = 0.0, 0.0, 0
    for s in range(1, len(day)):
        step = abs(day[s] - day[s - 1])
        if step == step:
            total += step
            highest = max(highest, step)
            n += 1
    return total, highest, n


@compiled()
def _first(day, value):
    for s in range(len(day)):
        if day[s] == value:
            return s
    return 0


@compiled(fastmath=_ANY_ORDER)
def _plogp(day, scale, share, log):
    """Sum of p log p over the slots, p the slot's share; 0 where p is 0."""
    for s in range(len(day)):
        share[s] = max(day[s] * scale, _LEAST_SHARE)
    _log(share, log)
    total = 0.0
    for s in range(len(day)):
        total += day[s] * log[s]
    return total * scale


@compiled(fastmath={"contract"})
def _log(values, log):
    """Natural logarithm of positive values; one loop without a call or a branch.

    The series of 2 artanh(z), z = (m - 1) / (m + 1), ends where its next term is
    below 1e-13. The values are left as their m.
    """
    bits = values.view(np.int64)
    exponents = log.view(np.int64)
    for s in range(len(values)):
        exponent = (bits[s] - _ROOT_HALF_BITS + _KEEPS_IT_POSITIVE) >> _MANTISSA_BITS
        exponents[s] = exponent | _COUNT_BITS
        bits[s] -= (exponent << _MANTISSA_BITS) - _KEEPS_IT_POSITIVE
    for s in range(len(values)):
        m = values[s]
        z = (m - 1) / (m + 1)
        y = z * z
        series = 1 / 11 + y * (1 / 13 + y * (1 / 15))
        series = 1 / 5 + y * (1 / 7 + y * (1 / 9 + y * series))
        series = 1 + y * (1 / 3 + y * series)
        log[s] = (log[s] - _COUNT) * _LN_2 + 2 * z * series


@compiled()
def _two_around(values, q, pair):
    """The two order statistics around the quantile `q`, lower first.

    The low end of a sample bounds the part that can matter, and only that part is
    looked through; all is, where the sample was not like the rest.
    """
    n = len(values)
    if n == 0:
        pair[:] = np.nan
        return
    below = int(q * (n - 1))
    above = min(below + 1, n - 1)
    bound = values[0]
    n_up_to = 0
    if n >= _FEWEST_TO_SAMPLE:
        sample = values[::_SAMPLED].copy()
        rank = int(_SLACK * q * len(sample)) + 4
        bound = _selected(sample, min(rank, len(sample) - 1))
        for value in values:
            n_up_to += value <= bound
    less = np.empty(n + 1, values.dtype)
    n_less = 0
    if above < n_up_to:
        for value in values:
            less[n_less] = value  # written over, unless it is counted
            n_less += value < bound
    else:
        less[:n] = values
        n_less = n
    pair[0] = _selected(less[:n_less], below) if below < n_less else bound
    pair[1] = pair[0]
    if above > below:
        # What comes after the rank is no lower than what stands there.
        pair[1] = less[above:n_less].min() if above < n_less else bound


@compiled()
def _selected(values, rank):
    """Value of this rank; what stands before it is no higher, after it no lower."""
    first, last = 0, len(values) - 1
    while first < last:
        pivot = values[(first + last) // 2]
        i, j = first, last
        while i <= j:
            while values[i] < pivot:
                i += 1
            while pivot < values[j]:
                j -= 1
            if i <= j:
                values[i], values[j] = values[j], values[i]
                i += 1
                j -= 1
        if rank <= j:
            last = j
        elif rank >= i:
            first = i
        else:
            break
    return values[rank]
