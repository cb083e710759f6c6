"""Areas, transformers and their load, who is fed from where."""

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal
from synthetic_grid import plain_kwh, planned_grid

from research.region.synthetic.grid.areas import ACCOUNTS, CAUSES, assign
from research.region.synthetic.grid.loads import transformer_load
from research.region.synthetic.plan import REGIONS, plan_of
from research.region.synthetic.population.customers import people


@pytest.fixture(scope="module")
def large():
    """The grids of 20,000 customers, without their load."""
    plans = {name: plan_of(name, size="full") for name in REGIONS}
    return {name: assign(plan, people(plan)) for name, plan in plans.items()}


@pytest.mark.parametrize("name", REGIONS)
def test_every_customer_belongs_to_the_area_of_its_transformer(name):
    on = planned_grid(name)
    area_of = on.transformers.set_index("transformer_id")["area_id"]
    assert (
        area_of.loc[on.people["transformer_id"]] == on.people["area_id"].values
    ).all()
    assert on.people["manager_id"].notna().all()


@pytest.mark.parametrize("name", REGIONS)
def test_areas_lie_in_districts_and_nothing_lies_in_itself(name):
    on = planned_grid(name)
    areas = on.areas.set_index("area_id")
    assert areas.index.is_unique
    above = areas["parent_id"]
    top = above.isna()
    assert (areas.loc[top, "kind"] == "district").all()
    assert (areas.loc[above[~top], "kind"] == "district").all()
    fed = areas.loc[on.transformers["area_id"], "kind"]
    assert fed.isin(["community", "village"]).all()


def test_a_feeder_stays_among_neighbours():
    on = planned_grid("hetao")
    public = on.transformers[~on.transformers["true_dedicated"]]
    cells = public.groupby("feeder_id")["area_id"].nunique()
    assert cells.max() <= 12


@pytest.mark.slow
def test_public_transformers_feed_as_many_accounts_as_in_town_or_country(large):
    for placed, _, transformers in large.values():
        public = transformers.loc[~transformers["true_dedicated"], "transformer_id"]
        fed = placed[placed["transformer_id"].isin(public)]
        accounts = fed.groupby("transformer_id").size()
        setting = fed.groupby("transformer_id")["urban_rural"].first()
        for kind, (low, high) in ACCOUNTS.items():
            assert accounts[setting == kind].between(low - 12, high + 12).all()


@pytest.mark.slow
def test_customers_of_ten_kilovolts_have_a_transformer_of_their_own(large):
    for placed, _, transformers in large.values():
        high = placed[placed["voltage"].str.endswith("kV")]
        own = transformers.set_index("transformer_id").loc[high["transformer_id"]]
        assert own.index.is_unique
        assert own["true_dedicated"].all()
        assert (own["kva"].values == high["contract_kva"].values).all()


def gini(load: np.ndarray) -> float:
    load = np.sort(load)
    rank = np.arange(1, len(load) + 1)
    return float((2 * rank - len(load) - 1) @ load / (len(load) * load.sum()))


@pytest.mark.slow
def test_the_work_of_managers_is_uneven_as_planned(large):
    for placed, _, _ in large.values():
        cells = placed[~placed["voltage"].str.endswith("kV")]
        assert gini(cells["manager_id"].value_counts().to_numpy()) == pytest.approx(
            0.25, abs=0.06
        )


@pytest.mark.slow
def test_weak_transformers_are_as_common_as_planned(large):
    for _, _, transformers in large.values():
        public = transformers[~transformers["true_dedicated"]]
        found = public["true_root_cause"].value_counts(normalize=True)
        assert found.loc[list(CAUSES)].to_dict() == pytest.approx(CAUSES, abs=0.012)


@pytest.mark.slow
def test_a_thin_feeder_is_thin_for_all_its_transformers(large):
    for _, _, transformers in large.values():
        thin = transformers["true_root_cause"].eq("bottleneck")
        by_feeder = thin.groupby(transformers["feeder_id"]).mean()
        assert set(by_feeder) == {0.0, 1.0}


@pytest.mark.slow
def test_places_along_a_line_are_evenly_spread(large):
    placed, _, _ = large["haihe"]
    line = placed.groupby("transformer_id")["true_line_position"]
    assert line.mean().round(9).eq(0.5).all()
    assert placed["true_line_position"].between(0, 1, inclusive="neither").all()


def test_only_small_transformers_are_overloaded():
    for name in REGIONS:
        on = planned_grid(name)
        root = on.transformers.set_index("transformer_id")["true_root_cause"]
        over = on.load.groupby("transformer_id")["max_load_rate"].max() > 1
        found = over.groupby(root.loc[over.index]).mean()
        assert found["overload"] == 1
        assert found["none"] <= 0.05


def test_hours_of_heavy_load_are_never_fewer_than_those_of_overload():
    on = planned_grid("haihe")
    assert (on.load["hours_over_80"] >= on.load["hours_over_100"]).all()
    over = on.load["max_load_rate"] > 1
    assert (on.load["hours_over_100"] > 0).equals(over.rename("hours_over_100"))


@pytest.mark.slow
def test_low_voltage_comes_where_the_grid_is_weak():
    found = []
    for seed in range(3):
        on = planned_grid("hetao", 6000, 365, seed)
        root = on.transformers.set_index("transformer_id")["true_root_cause"]
        low = on.load.groupby("transformer_id")["low_voltage_customers"].mean()
        found.append(low.groupby(root.loc[low.index]).mean())
    mean = pd.concat(found, axis=1).mean(axis=1)
    assert mean["overload"] > 20 * mean["none"]
    assert mean["bottleneck"] > 20 * mean["none"]


def test_the_sample_only_shows_the_rhythm_of_a_transformer():
    on = planned_grid("haihe", 600, 60)
    kwh = plain_kwh(on.plan, on.people)
    half = transformer_load(on.plan, on.people, on.transformers, kwh / 2)
    quarter = transformer_load(on.plan, on.people, on.transformers, kwh / 4)
    assert np.allclose(half["max_load_rate"], quarter["max_load_rate"], rtol=1e-3)


def test_a_day_without_energy_has_no_load():
    on = planned_grid("haihe", 600, 60)
    kwh = plain_kwh(on.plan, on.people)
    kwh[:, 7] = 0
    load = transformer_load(on.plan, on.people, on.transformers, kwh)
    dark = load["date"] == on.plan.days[7]
    assert (load.loc[dark, "max_load_rate"] == 0).all()
    assert (load.loc[~dark, "max_load_rate"] > 0).all()


@pytest.mark.slow
def test_a_seed_decides_the_grid():
    first, again = (
        assign(plan_of("hetao", size="tiny", seed=s), _tiny()) for s in (1, 1)
    )
    other = assign(plan_of("hetao", size="tiny", seed=2), _tiny())
    for one, two in zip(first, again, strict=True):
        assert_frame_equal(one, two)
    assert not first[0]["transformer_id"].equals(other[0]["transformer_id"])


def _tiny() -> pd.DataFrame:
    return people(plan_of("hetao", size="tiny"))
