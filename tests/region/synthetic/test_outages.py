"""Outages: hours without supply, causes, times, and whom they strike."""

import numpy as np
import pandas as pd
import pytest
from synthetic_grid import Grid, planned_grid

from research.region.synthetic.grid.outages import HOURS, PLANNED_SHARE, customers_off


def hours_of(on: Grid) -> pd.DataFrame:
    """Hours without supply of each customer a year, planned and all."""
    off = on.outages
    lasts = (off["ts_end"] - off["ts_start"]).dt.total_seconds().to_numpy() / 3600
    outage, who = customers_off(on.people, on.transformers, off)
    planned = off["planned"].to_numpy()[outage]
    n, years = len(on.people), on.plan.n_days / 365.25
    return pd.DataFrame(
        {
            "all": np.bincount(who, lasts[outage], n) / years,
            "planned": np.bincount(who, lasts[outage] * planned, n) / years,
        }
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "setting", "band"),
    [
        pytest.param("haihe", "urban", 0.6, id="town"),
        pytest.param("hetao", "rural", 1.8, id="country"),
    ],
)
def test_hours_without_supply_are_those_of_town_and_country(name, setting, band):
    means = []
    for seed in range(5):
        on = planned_grid(name, 6000, 500, seed)
        hours = hours_of(on)
        means.append(hours.loc[on.people["urban_rural"] == setting, "all"].mean())
    assert np.mean(means) == pytest.approx(HOURS[setting], abs=band)


@pytest.mark.slow
def test_a_third_of_the_hours_is_planned():
    hours = sum(hours_of(planned_grid("hetao", 6000, 500, s)).sum() for s in range(5))
    assert hours["planned"] / hours["all"] == pytest.approx(PLANNED_SHARE, abs=0.05)


def test_an_outage_is_of_a_transformer_or_of_a_feeder():
    on = planned_grid("hetao")
    off = on.outages
    assert (off["transformer_id"].notna() ^ off["feeder_id"].notna()).all()
    assert off["outage_id"].is_unique
    assert off["transformer_id"].dropna().isin(on.transformers["transformer_id"]).all()
    assert off["feeder_id"].dropna().isin(on.transformers["feeder_id"]).all()


def test_outages_end_after_they_begin_and_are_told_before():
    on = planned_grid("hetao")
    off = on.outages
    assert (off["ts_end"] > off["ts_start"]).all()
    assert off["ts_start"].is_monotonic_increasing
    told = off["notice_ts"].notna()
    assert (off.loc[told, "notice_ts"] < off.loc[told, "ts_start"]).all()
    assert off.loc[told, "planned"].all()
    assert told.sum() / off["planned"].sum() == pytest.approx(0.94, abs=0.05)


def test_work_is_planned_on_working_days():
    on = planned_grid("hetao")
    day = on.outages.loc[on.outages["planned"], "ts_start"].dt.normalize()
    # Weekends are worked only where a holiday was moved: some three in a hundred days.
    assert (day.dt.day_of_week >= 5).mean() < 0.1


@pytest.mark.slow
def test_old_transformers_fail_four_times_as_often():
    times, years = {"aged": 0, "none": 0}, {"aged": 0.0, "none": 0.0}
    for seed in range(5):
        on = planned_grid("hetao", 6000, 500, seed)
        public = on.transformers[~on.transformers["true_dedicated"]]
        faults = on.outages[~on.outages["planned"]]["transformer_id"].value_counts()
        # The urban ones fail less often, whatever their age: compare the villages.
        rural = public["area_id"].isin(
            on.areas.loc[on.areas["kind"] == "village", "area_id"]
        )
        for root in times:
            some = public.loc[
                rural & (public["true_root_cause"] == root), "transformer_id"
            ]
            times[root] += faults.reindex(some).sum()
            years[root] += len(some) * on.plan.n_days / 365.25
    rate = {root: times[root] / years[root] for root in times}
    assert rate["aged"] / rate["none"] == pytest.approx(4, abs=1)


def test_customers_off_by_hand():
    people = pd.DataFrame(
        {
            "transformer_id": ["T2", "T1", "T2", "T3"],
            "urban_rural": ["urban", "rural", "urban", "urban"],
        }
    )
    transformers = pd.DataFrame(
        {"transformer_id": ["T1", "T2", "T3"], "feeder_id": ["F1", "F1", "F2"]}
    )
    outages = pd.DataFrame(
        {
            "transformer_id": ["T2", None, "T3"],
            "feeder_id": [None, "F1", None],
        }
    )
    outage, who = customers_off(people, transformers, outages)
    pairs = sorted(zip(outage.tolist(), who.tolist(), strict=True))
    assert pairs == [(0, 0), (0, 2), (1, 0), (1, 1), (1, 2), (2, 3)]
