"""A seeded year of readings, and its features by plain pandas on the long table.

Nothing here is shared with the library: it is the second opinion in the tests and
the yardstick in the benchmark.
"""

from types import SimpleNamespace

import numpy as np
import pandas as pd
from scipy.stats import circmean, theilslopes

WINDOWS = {
    "night": [22, 23, 0, 1, 2, 3, 4, 5],
    "morning": [6, 7, 8, 9],
    "midday": [10, 11, 12, 13, 14, 15, 16],
    "evening": [17, 18, 19, 20, 21],
}


def year_of_power(n_customers, *, n_days=365, n_slots=48, seed=0):
    """Load of homes and shops with seasons, rest days and gaps. [kW]"""
    rng = np.random.default_rng(seed)
    hour = np.arange(n_slots) * 24 / n_slots
    day = np.arange(n_days)
    peak_at = rng.uniform(0, 24, (n_customers, 1, 1))
    shape = 0.3 + np.exp(np.cos((hour - peak_at) * np.pi / 12) * 2 - 2)
    season = 1 + rng.uniform(-0.5, 0.5, (n_customers, 1)) * np.cos(
        day * 2 * np.pi / 365
    )
    week = np.where(day % 7 < 2, rng.uniform(0.5, 1.5, (n_customers, 1)), 1)
    size = rng.lognormal(0, 1, (n_customers, 1, 1))
    power = size * (season * week)[..., np.newaxis] * shape
    power = np.round(power * rng.gamma(4, 0.25, power.shape), 2)
    power[rng.random(power.shape) < 0.01] = np.nan
    power[rng.random((n_customers, n_days)) < 0.02] = np.nan
    return power


def calendar_of(days):
    season = np.array(["winter", "spring", "summer", "autumn"])[days.month % 12 // 3]
    return pd.DataFrame({"working": days.day_of_week < 5, "season": season}, days)


def bands_of(days, n_slots):
    """Valley at night, a peak at noon in summer and in the evening else."""
    hour = np.arange(n_slots) * 24 / n_slots
    summer = days.month.isin([6, 7, 8])[:, np.newaxis]
    peak = np.where(summer, (hour >= 10) & (hour < 14), (hour >= 17) & (hour < 21))
    bands = np.where(
        peak, "peak", np.where((hour < 7) | (hour >= 23), "valley", "flat")
    )
    return pd.DataFrame(bands, index=days, dtype="str")


def region_of(power, *, start="2013-01-01", with_bands=True, customers_a_cube=100):
    """Hand out `power` by the interface of a region."""
    n_customers, n_days, n_slots = power.shape
    days = pd.date_range(start, periods=n_days)
    customer_id = pd.Index([f"C{i:05}" for i in range(n_customers)], name="customer_id")

    def cubes():
        for first in range(0, n_customers, customers_a_cube):
            rows = slice(first, first + customers_a_cube)
            yield SimpleNamespace(
                power=power[rows], customer_id=customer_id[rows], days=days
            )

    return SimpleNamespace(
        cubes=cubes,
        calendar=calendar_of(days),
        tou_bands=bands_of(days, n_slots) if with_bands else None,
        settings=SimpleNamespace(quality=SimpleNamespace(complete_day_share=0.9)),
    )


def long_table(power, *, start="2013-01-01"):
    """Readings as `customer_id, ts, kwh`; a missing one has no row."""
    n_customers, n_days, n_slots = power.shape
    ts = pd.date_range(start, periods=n_days * n_slots, freq=f"{24 * 60 // n_slots}min")
    customer_id = np.repeat([f"C{i:05}" for i in range(n_customers)], len(ts))
    readings = pd.DataFrame(
        {
            "customer_id": pd.Categorical(customer_id),
            "ts": np.tile(ts, n_customers),
            "kwh": power.ravel() * 24 / n_slots,
        }
    )
    return readings.dropna(subset="kwh", ignore_index=True)


def complete_readings(readings, *, n_slots, complete_share=0.9):
    """Readings of complete days, with what pandas needs to group them."""
    start = readings["ts"]
    readings = readings.assign(
        day=start.dt.normalize(),
        hour=start.dt.hour + start.dt.minute / 60,
        power=readings["kwh"] * n_slots / 24,
    )
    n_present = readings.groupby(["customer_id", "day"], observed=True)["kwh"]
    enough = n_present.transform("size") >= complete_share * n_slots
    return readings[enough].reset_index(drop=True)


def features(readings, calendar, bands, *, n_slots, complete_share=0.9):
    """Every column of the table of features, by groupby."""
    by = {"observed": False}
    result = pd.DataFrame(index=readings["customer_id"].cat.categories)
    n_expected = len(calendar) * n_slots
    missing_share = 1 - readings.groupby("customer_id", **by).size() / n_expected

    complete = complete_readings(
        readings, n_slots=n_slots, complete_share=complete_share
    )
    power = complete.groupby("customer_id", **by)["power"]
    a_day = ["customer_id", "day"]
    on_day = complete.groupby(a_day, observed=True)["power"]
    daily = on_day.agg(["mean", "min", "max", "sum"])
    daily["energy"] = daily["mean"] * 24
    some = daily["sum"].where(daily["sum"] > 0)
    most = daily["max"].where(daily["max"] > 0)

    daily["peak_valley_difference"] = daily["max"] - daily["min"]
    daily["load_factor"] = daily["mean"] / most
    daily["minimum_load_rate"] = daily["min"] / most
    daily["peak_valley_difference_rate"] = 1 - daily["min"] / most
    share = complete["power"] / on_day.transform("sum").replace(0, np.nan)
    logs = share * np.log(share.where(share > 0))
    entropy = -logs.groupby([complete[key] for key in a_day], observed=True).sum()
    daily["shape_entropy"] = (entropy / np.log(n_slots)).where(some.notna())
    follows = on_day.transform("size") > 0
    follows &= complete.groupby(a_day, observed=True)["hour"].diff() == 24 / n_slots
    step = on_day.diff().abs().where(follows)
    steps = step.groupby([complete[key] for key in a_day], observed=True)
    daily["mean_ramp"] = steps.mean() * len_over(some, on_day)
    daily["maximum_ramp"] = steps.max() * len_over(some, on_day)
    daily["peak_hour"] = complete.loc[on_day.idxmax(), "hour"].to_numpy()
    daily["valley_hour"] = complete.loc[on_day.idxmin(), "hour"].to_numpy()
    constant = daily["peak_valley_difference"] == 0
    daily.loc[constant, ["peak_hour", "valley_hour"]] = np.nan
    for window, hours in WINDOWS.items():
        inside = complete["power"].where(complete["hour"].astype(int).isin(hours), 0)
        energy = inside.groupby([complete[key] for key in a_day], observed=True).sum()
        daily[f"share_{window}"] = energy / some

    customer = daily.groupby("customer_id", **by)
    energy = customer["energy"]
    result["annual_energy"] = energy.mean() * 365
    result["mean_power"] = power.mean()
    result["base_load"] = power.quantile(0.05)
    area = complete.groupby("ts")["power"].mean()
    at_peak = complete["ts"].isin(area.nlargest(10 * n_slots // 24, keep="first").index)
    load_then = complete[at_peak].groupby("customer_id", **by)["power"].mean()
    result["area_peak_load"] = load_then
    mean_of_days = customer[
        [
            "peak_valley_difference",
            "load_factor",
            "minimum_load_rate",
            "peak_valley_difference_rate",
            "shape_entropy",
            "mean_ramp",
            "maximum_ramp",
        ]
    ].mean()
    result = result.join(mean_of_days)
    for hour in ("peak_hour", "valley_hour"):
        result[hour] = customer[hour].apply(circular_mean)
    result = result.join(customer[[f"share_{window}" for window in WINDOWS]].mean())
    positive_mean = power.mean().where(power.mean() > 0)
    positive_peak = power.max().where(power.max() > 0)
    result["base_load_share"] = power.quantile(0.05) / positive_mean
    result["full_load_hours"] = 8760 * power.mean() / positive_peak
    result["coincidence"] = load_then / positive_peak

    every = energy.mean().where(energy.mean() > 0)
    result["coefficient_of_variation"] = energy.std() / every
    deviation = (daily["energy"] - energy.transform("median")).abs()
    median = energy.median().where(energy.median() > 0)
    mad = deviation.groupby("customer_id", **by).median()
    result["robust_coefficient_of_variation"] = 1.4826 * mad / median
    typical = complete.groupby(["customer_id", "hour"], observed=True)["power"]
    typical = typical.transform("mean")
    squares = pd.DataFrame(
        {"error": (complete["power"] - typical) ** 2, "size": typical**2}
    )
    squares = squares.groupby([complete[key] for key in a_day], observed=True).sum()
    relative = squares["error"] / squares["size"].where(squares["size"] > 0)
    result["day_to_day_variability"] = relative.groupby("customer_id", **by).mean()

    kind = calendar.reindex(daily.index.get_level_values("day")).set_axis(daily.index)

    def mean_energy(days):
        return daily.loc[days, "energy"].groupby("customer_id", **by).mean()

    rest, working = mean_energy(~kind["working"]), mean_energy(kind["working"])
    result["rest_day_ratio"] = rest / working.where(working > 0)
    result["summer_ratio"] = mean_energy(kind["season"] == "summer") / every
    result["winter_ratio"] = mean_energy(kind["season"] == "winter") / every
    result["trend"] = trend(daily["energy"], calendar.index)

    band = bands.rename_axis("day").stack().rename("band").reset_index()
    band["ts"] = band["day"] + pd.to_timedelta(band["level_1"] * 24 / n_slots, "h")
    complete = complete.merge(band[["ts", "band"]], on="ts")
    in_band = complete.pivot_table(
        index="customer_id", columns="band", values="kwh", aggfunc="sum", observed=False
    )
    total = in_band.sum(axis=1)
    in_band = in_band.div(total.where(total > 0), axis=0).add_prefix("share_")
    result = result.join(in_band)
    result["missing_share"] = missing_share
    result["complete_days"] = energy.size()
    return result.rename_axis("customer_id")


def circular_mean(hours):
    """Mean on the circle of the clock."""
    hours = hours.dropna()
    return circmean(hours, high=24) if len(hours) else np.nan


def len_over(total, grouped):
    """One over the mean, where there is energy."""
    return grouped.size() / total


def trend(daily_energy, days):
    """Theil-Sen slope of the log of weekly means, customer by customer."""
    slopes = {}
    for customer, energy in daily_energy.groupby("customer_id", observed=True):
        energy = energy.droplevel("customer_id").reindex(days)
        week = np.arange(len(days)) // 7
        whole = week < len(days) // 7
        weekly = energy[whole].groupby(week[whole]).mean().dropna()
        if len(weekly) >= 8 and (weekly > 0).all():
            years = weekly.index.to_numpy() * 7 / 365
            slopes[customer] = theilslopes(np.log(weekly), years).slope
    return pd.Series(slopes, dtype=float)
