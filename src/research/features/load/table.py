"""The load features of a region, one row a customer.

A region is anything with `cubes()`, `calendar`, `tou_bands` and
`settings.quality.complete_day_share`. Its cubes are read one at a time, and worked
through some customers at a time: that keeps what is computed on the way small.

**Only complete days count.** Days with too few readings are blanked before anything
is computed, so all features of a customer speak of the same days; `missing_share`
and `complete_days` tell what was left out.
"""

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import pandas as pd

from research.features.load.area import against_peak, area_peak_mask, at_slots
from research.features.load.daily import (
    DAY_WINDOWS,
    load_factor,
    maximum_ramp,
    mean_ramp,
    minimum_load_rate,
    peak_hour,
    peak_valley_difference,
    peak_valley_difference_rate,
    shape_entropy,
    valley_hour,
    window_share,
)
from research.features.load.energy import (
    annual_energy,
    band_shares,
    base_load,
    base_load_share,
    daily_energy,
    full_load_hours,
    mean_power,
    missing_share,
)
from research.features.load.one_pass import area_sums, features_in_one_pass
from research.features.load.parts import complete_only, some_at_a_time
from research.features.load.present import count, highest, mean, ratio, total
from research.features.load.rhythm import (
    coefficient_of_variation,
    day_to_day_variability,
    mean_hour,
    ratio_of_days,
    robust_coefficient_of_variation,
    trend,
)
from research.region.cache import kept
from research.region.compiled import WORTH_COMPILING, compiles

AREA_PEAK_HOURS = 10
"""Length of the area's peak: its highest slots, ten hours in all [h]."""


def table(
    region, peak: np.ndarray | None = None, *, compiled: bool | None = None
) -> pd.DataFrame:
    """Load features of every customer of the region (负荷特征).

    Parameters
    ----------
    region : region with readings
        Read twice: once for the area's peak, once for the customers.
    peak : bool array of shape (n_days, n_slots), optional
        The area's peak, where it is known already: then the region is read once.
    compiled : bool, optional
        Whether compiled loops compute, see `features_in_one_pass`. By default they do
        once so many readings have been gone through that it pays to load them, and
        never without numba.

    Returns
    -------
    table : DataFrame of shape (n_customers, n_features)
        On `customer_id`, in the order of the readings; the columns are described at
        `customer_features`. NaN where a customer's data do not tell.

    Examples
    --------
    >>> from types import SimpleNamespace as Record
    >>> days = pd.date_range("2013-01-01", periods=2)
    >>> cube = Record(
    ...     power=np.array([[[1.0, 3.0], [2.0, 2.0]]]),
    ...     customer_id=pd.Index(["C1"], name="customer_id"),
    ...     days=days,
    ... )
    >>> region = Record(
    ...     cubes=lambda: iter([cube]),
    ...     calendar=pd.DataFrame({"working": False, "season": "winter"}, index=days),
    ...     tou_bands=None,
    ...     settings=Record(quality=Record(complete_day_share=0.9)),
    ... )
    >>> table(region)[["annual_energy", "load_factor", "complete_days"]]
                 annual_energy  load_factor  complete_days
    customer_id
    C1                 17520.0     0.833333              2
    """
    peak = area_peak(region, compiled=compiled) if peak is None else peak
    told = (f"{peak.shape} {peak.tobytes().hex()}", str(compiled))
    return kept(lambda: _table(region, peak, compiled), "load_features", region, *told)


def _table(region, peak, compiled):
    features_of = by_days_of(region)
    frames = [
        features_of(cube, rows, peak, in_loops)
        for cube, rows, in_loops in _some_of(region, compiled)
    ]
    return pd.concat(frames).rename_axis("customer_id")


def by_days_of(region) -> Callable[..., pd.DataFrame]:
    """Features of some customers of one of a region's cubes, as a function.

    Parameters
    ----------
    region : region with readings

    Returns
    -------
    features_of : callable
        Takes a cube, a slice of its customers, the area's peak, and whether compiled
        loops compute; gives a row a customer, as `table`.
    """
    complete_share = region.settings.quality.complete_day_share
    bands, band_names = _tariff_bands(region.tou_bands)

    def features_of(cube, rows: slice, peak: np.ndarray, in_loops: bool):
        function = features_in_one_pass if in_loops else customer_features
        features = function(
            cube.power[rows],
            region.calendar.loc[cube.days],
            peak,
            complete_share=complete_share,
            bands=None if bands is None else bands.loc[cube.days].to_numpy(),
            band_names=band_names,
        )
        return features.set_axis(cube.customer_id[rows])

    return features_of


def area_peak(region, *, compiled: bool | None = None) -> np.ndarray:
    """When the area's load is highest (地区高峰): its top `AREA_PEAK_HOURS`.

    Parameters
    ----------
    region : region with readings
    compiled : bool, optional
        As for `table`.

    Returns
    -------
    area_peak : bool array of shape (n_days, n_slots)
        The highest slots of the mean load of the customers present, complete days
        only; the earliest of equals.
    """
    found = kept(
        lambda: pd.DataFrame(_area_peak(region, compiled)).rename(columns=str),
        "area_peak",
        region,
        str(compiled),
    )
    return found.to_numpy()


def _area_peak(region, compiled):
    complete_share = region.settings.quality.complete_day_share
    summed, present = 0.0, 0
    for cube, rows, in_loops in _some_of(region, compiled):
        some, of, _ = sums_of(cube.power[rows], complete_share, in_loops)
        summed, present = summed + some, present + of
    return peak_of(summed, present)


def sums_of(
    power: np.ndarray, complete_share: float, in_loops: bool
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """As `one_pass.area_sums`, by its loops or by array functions."""
    if in_loops:
        return area_sums(power, complete_share)
    power = complete_only(power, complete_share)
    return total(power, axis=0), count(power, axis=0), highest(power, axis=(-2, -1))


def peak_of(
    summed: np.ndarray, present: np.ndarray, hours: float = AREA_PEAK_HOURS
) -> np.ndarray:
    """The slots of the highest mean load, so many hours of them.

    Parameters
    ----------
    summed, present : arrays of shape (n_days, n_slots)
        Sum of the customers present, and their number.
    hours : float

    Returns
    -------
    peak_of : bool array of that shape
    """
    load = ratio(summed, present)
    return area_peak_mask(load, n_slots=int(hours * load.shape[-1] // 24))


def customer_features(
    power: np.ndarray,
    calendar: pd.DataFrame,
    area_peak: np.ndarray,
    *,
    complete_share: float = 0.9375,
    bands: np.ndarray | None = None,
    band_names: Sequence[str] = (),
) -> pd.DataFrame:
    """Load features of the customers of one cube, a pure function of its readings.

    Energy and size come first, then the shape of the day, then the rhythm of the
    days. An indicator of a day enters as its mean over the complete days that have
    it; `peak_hour` and `valley_hour` as their mean on the circle of the clock, over
    the days whose load changes at all: a constant day, as of an empty home, has no
    peak, and the first slot that stands for it would draw the mean to midnight.

    ================================= ==================================== =========
    column                            meaning                              unit
    ================================= ==================================== =========
    annual_energy                     365 mean days                        kWh
    mean_power                        mean load                            kW
    base_load                         5th percentile of the load           kW
    area_peak_load                    mean load at the area's peak         kW
    peak_valley_difference            mean of the days                     kW
    load_factor                       mean of the days                     unitless
    minimum_load_rate                 mean of the days                     unitless
    peak_valley_difference_rate       mean of the days                     unitless
    shape_entropy                     mean of the days                     unitless
    mean_ramp, maximum_ramp           mean of the days                     unitless
    peak_hour, valley_hour            mean of the days that change         h
    share_night, share_morning,       mean of the days, the windows of     unitless
    share_midday, share_evening       `DAY_WINDOWS`
    base_load_share                   base load over mean load             unitless
    full_load_hours                   8760 mean load over highest load     h
    coincidence                       load at the area's peak over own     unitless
                                      highest
    coefficient_of_variation          of the daily energy                  unitless
    robust_coefficient_of_variation   of the daily energy                  unitless
    day_to_day_variability            of the load curves                   unitless
    rest_day_ratio                    rest days over working days          unitless
    summer_ratio, winter_ratio        the season over all days             unitless
    trend                             slope of log weekly energy           1/year
    share_<band>                      energy in the tariff's band          unitless
    missing_share                     of all readings                      unitless
    complete_days                     number of them                       days
    ================================= ==================================== =========

    Parameters
    ----------
    power : array of shape (n_customers, n_days, n_slots)
        Load of each slot, NaN where missing. [kW]
    calendar : DataFrame of shape (n_days, 2 or more)
        `working` (bool) and `season` (str) of each day of the cube.
    area_peak : bool array of shape (n_days, n_slots)
        The slots of the area's peak.
    complete_share : float
        Share of the slots a day needs in order to count.
    bands : int array of shape (n_days, n_slots), optional
        Band of the tariff at each slot, an index into `band_names`; -1 is none.
    band_names : sequence of str
        The bands; each gives a column.

    Returns
    -------
    customer_features : DataFrame of shape (n_customers, n_features)
        One row a customer, in the order of the cube; NaN where its complete days do
        not tell.

    Examples
    --------
    >>> power = np.array([[[1.0, 3.0], [2.0, 2.0]]])
    >>> calendar = pd.DataFrame({"working": [True, False], "season": "winter"})
    >>> features = customer_features(power, calendar, area_peak=power[0] == 3)
    >>> features[["mean_power", "base_load", "coincidence", "rest_day_ratio"]]
       mean_power  base_load  coincidence  rest_day_ratio
    0         2.0       1.15          1.0             1.0
    """
    missing = missing_share(power)
    power = complete_only(power, complete_share)
    energy = daily_energy(power, complete_share)
    working = calendar["working"].to_numpy(dtype=bool)
    season = calendar["season"].to_numpy()
    every_day = np.ones(len(calendar), dtype=bool)
    changes = peak_valley_difference(power) > 0
    at_peak = at_slots(power, area_peak, complete_share)
    against = against_peak(at_peak, highest(power, axis=(-2, -1)))
    features = {
        "annual_energy": annual_energy(energy),
        "mean_power": mean_power(power),
        "base_load": base_load(power),
        "area_peak_load": against["area_peak_load"],
        "peak_valley_difference": mean(peak_valley_difference(power)),
        "load_factor": mean(load_factor(power)),
        "minimum_load_rate": mean(minimum_load_rate(power)),
        "peak_valley_difference_rate": mean(peak_valley_difference_rate(power)),
        "shape_entropy": mean(shape_entropy(power)),
        "mean_ramp": mean(mean_ramp(power)),
        "maximum_ramp": mean(maximum_ramp(power)),
        "peak_hour": mean_hour(np.where(changes, peak_hour(power), np.nan)),
        "valley_hour": mean_hour(np.where(changes, valley_hour(power), np.nan)),
    }
    for window, hours in DAY_WINDOWS.items():
        features[f"share_{window}"] = mean(window_share(power, *hours))
    features |= {
        "base_load_share": base_load_share(power),
        "full_load_hours": full_load_hours(power),
        "coincidence": against["coincidence"],
        "coefficient_of_variation": coefficient_of_variation(energy),
        "robust_coefficient_of_variation": robust_coefficient_of_variation(energy),
        "day_to_day_variability": day_to_day_variability(power),
        "rest_day_ratio": ratio_of_days(energy, ~working, working),
        "summer_ratio": ratio_of_days(energy, season == "summer", every_day),
        "winter_ratio": ratio_of_days(energy, season == "winter", every_day),
        "trend": trend(energy),
    }
    if bands is not None:
        shares = band_shares(power, bands, band_names)
        features |= {f"share_{name}": shares[:, i] for i, name in enumerate(band_names)}
    features |= {"missing_share": missing, "complete_days": count(energy)}
    return pd.DataFrame(features)


def _some_of(region, compiled: bool | None) -> Iterator[tuple]:
    """Each cube with some of its rows at a time, and whether loops are to compute."""
    seen = 0
    for cube in region.cubes():
        worth = seen >= WORTH_COMPILING if compiled is None else compiled
        in_loops = worth and compiles()
        for rows in some_at_a_time(len(cube.customer_id)):
            yield cube, rows, in_loops
        seen += cube.power.size


def _tariff_bands(
    tou_bands: pd.DataFrame | None,
) -> tuple[pd.DataFrame | None, Sequence[str]]:
    """Number the bands that occur, in order of their names."""
    if tou_bands is None:
        return None, ()
    codes, names = pd.factorize(tou_bands.to_numpy().ravel(), sort=True)
    return pd.DataFrame(codes.reshape(tou_bands.shape), index=tou_bands.index), names
