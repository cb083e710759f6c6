"""The customers of synthetic regions: shares, sizes, value groups, streams."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from research.region import InputError
from research.region.schema import TABLES
from research.region.synthetic import REGIONS, SIZES, plan_of
from research.region.synthetic.energy.intervals import panel_positions
from research.region.synthetic.population.archetypes import ARCHETYPES, SHARES
from research.region.synthetic.population.customers import counts_of, matched, people
from research.region.synthetic.streams import stream

pytestmark = pytest.mark.slow

SEEDS = range(4)


@pytest.fixture(scope="module")
def cities():
    """A city of 6,000 for each seed."""
    return [people(plan_of("haihe", customers=6_000, seed=seed)) for seed in SEEDS]


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"size": "huge"}, "size 'huge' is none of tiny, small, full"),
        ({"defects": "many"}, "none of none, light, typical, heavy"),
        ({"customers": 3}, "customers 3 is too few; at least 20"),
        ({"days": 5}, "days 5 is too few"),
        ({"seed": -1}, "seed -1 is below 0"),
    ],
)
def test_a_plan_that_can_not_be_made_is_refused(wrong, told):
    with pytest.raises(InputError, match=told):
        plan_of("haihe", **wrong)


def test_an_unknown_region_is_refused_with_the_known_ones():
    with pytest.raises(InputError, match="haihe, hetao, minjiang"):
        plan_of("atlantis")


def test_sizes_are_as_published_and_the_drifting_region_has_36_months():
    assert [(plan_of("haihe", size=s).n_customers) for s in SIZES] == [
        300,
        3_000,
        20_000,
    ]
    drifting = plan_of("minjiang", size="full")
    assert len(drifting.months) == 36
    assert drifting.n_panel_days == 730
    assert drifting.panel_days[-1] == drifting.days[-1]


@pytest.mark.parametrize("name", REGIONS)
def test_every_kind_that_the_region_has_occurs_and_weights_restore_its_share(name):
    plan = plan_of(name, customers=2_000)
    frame = people(plan)
    assert len(frame) == 2_000
    shares = pd.Series(SHARES[name])
    found = frame.groupby("true_archetype")["sample_weight"].sum()
    found = (found / found.sum()).reindex(shares.index, fill_value=0)
    assert found.to_numpy() == pytest.approx(
        (shares / shares.sum()).to_numpy(), abs=1e-5
    )


@pytest.mark.parametrize("name", REGIONS)
def test_customers_hold_what_the_schema_allows(name):
    frame = people(plan_of(name, customers=1_000))
    for column in TABLES["customers"].columns.values():
        if column.name not in frame:
            assert column.name in (
                "name_hash",
                "area_id",
                "transformer_id",
                "manager_id",
            )
        elif column.codes:
            assert set(frame[column.name].dropna()) <= set(column.codes)
    assert frame["customer_id"].str.fullmatch(r"00\d{8}").all()
    assert frame["customer_id"].is_unique
    assert frame["customer_id"].is_monotonic_increasing
    closed = frame["close_date"].notna()
    assert (frame["close_date"] > frame["open_date"])[closed].all()
    assert (frame["status"] == "closed").equals(closed)
    assert (frame["running_kva"] <= frame["contract_kva"]).all()
    large = frame["contract_kva"] >= 315
    firms = ~frame["true_archetype"].str.match("[RA]")
    assert frame.loc[large & firms, "two_part"].all()
    assert frame["demand_mode"].notna().equals(frame["two_part"])


def test_the_order_of_the_ids_does_not_tell_the_kind(cities):
    kind = pd.factorize(cities[0]["true_archetype"], sort=True)[0]
    assert abs(np.corrcoef(np.arange(len(kind)), kind)[0, 1]) < 0.05


def test_ordinary_large_customers_are_four_of_five_and_hold_half_of_the_energy(cities):
    shares = []
    for city in cities:
        large = city[city["true_value_group"] != ""]
        assert (large["true_value_group"] == "G3").mean() == pytest.approx(
            0.80, abs=0.03
        )
        by_group = large.groupby("true_value_group")["true_monthly_kwh"].sum()
        shares.append(by_group["G3"] / by_group.sum())
    assert np.mean(shares) == pytest.approx(0.50, abs=0.05)


def test_the_largest_fifth_of_the_large_customers_holds_two_thirds(cities):
    shares = []
    for city in cities:
        kwh = city.loc[city["true_value_group"] != "", "true_monthly_kwh"]
        shares.append(kwh.nlargest(len(kwh) // 5).sum() / kwh.sum())
    assert 0.60 <= np.mean(shares) <= 0.70


def test_value_groups_differ_as_planted(cities):
    large = pd.concat(cities).query("true_value_group != ''")
    by_group = large.groupby("true_value_group")
    growth, credit = by_group["true_growth"].mean(), by_group["true_credit"].mean()
    assert growth["G2"] == pytest.approx(0.28, abs=0.04)
    assert growth["G4"] == pytest.approx(-0.06, abs=0.06)
    assert credit.sort_values().index.tolist() == ["G4", "G3", "G2", "G1"]
    assert by_group["true_cv"].median()["G4"] > 2 * by_group["true_cv"].median()["G3"]


def test_continuous_works_are_larger_than_those_of_one_shift(cities):
    by_kind = pd.concat(cities).groupby("true_archetype")["true_monthly_kwh"].median()
    assert by_kind["I3"] > by_kind["I2"] > by_kind["I1"]
    assert by_kind["R5"] < 0.5 * by_kind["R2"]


@pytest.mark.slow
def test_homes_pay_in_advance_as_the_region_says():
    for name, share in (("haihe", 1.0), ("hetao", 0.6), ("minjiang", 0.7)):
        frame = people(plan_of(name, customers=4_000))
        home = frame["true_archetype"].str.startswith("R")
        prepaid = frame["pay_system"].str.startswith("prepaid")
        assert not prepaid[~home].any()
        assert prepaid[home].mean() == pytest.approx(share, abs=0.04)


@pytest.mark.slow
def test_ward_and_mixtures_find_the_value_groups_better_than_kmeans(cities):
    # For this test alone the others would wait two seconds.
    from sklearn.cluster import AgglomerativeClustering, KMeans
    from sklearn.metrics import adjusted_rand_score
    from sklearn.mixture import GaussianMixture
    from sklearn.preprocessing import RobustScaler

    scores = []
    for frame in cities:
        large = frame[frame["true_value_group"] != ""]
        columns = [
            np.log(large["true_monthly_kwh"]),
            large["true_growth"],
            np.log(large["true_cv"]),
            large["true_credit"],
        ]
        X = RobustScaler().fit_transform(np.column_stack(columns))
        methods = (
            KMeans(4, n_init=5, random_state=0),
            AgglomerativeClustering(4),
            GaussianMixture(4, n_init=4, random_state=0),
        )
        truth = large["true_value_group"]
        scores.append([adjusted_rand_score(truth, m.fit_predict(X)) for m in methods])
    kmeans, ward, mixture = np.mean(scores, axis=0)
    # The rare groups are drowned by the common one.
    assert min(ward, mixture) >= kmeans
    assert mixture > kmeans + 0.1


def test_who_pays_late_has_less_credit(cities):
    frame = pd.concat(cities)
    credit = frame.groupby("true_pay_class")["true_credit"].mean()
    assert credit["auto_debit"] > credit["at_due"] > credit["late"] > credit["chronic"]
    assert credit["autopilot"] > credit["regular"] > credit["forgetful"]


@pytest.mark.slow
def test_only_the_drifting_region_changes():
    assert not people(plan_of("haihe"))["true_change_date"].notna().any()
    frame = people(plan_of("minjiang", size="full"))
    weight = frame["sample_weight"]
    pile = frame["true_archetype_end"] == "R6"
    at_start = frame["true_archetype"] == "R6"
    # 1 % of the accounts have a charging pile at the start, 9 % at the end.
    assert weight[at_start].sum() / weight.sum() == pytest.approx(0.010, abs=0.002)
    assert weight[pile].sum() / weight.sum() == pytest.approx(0.09, abs=0.015)
    lost = frame.query("true_archetype == 'I2'")["true_archetype_end"] == "I1"
    assert lost.mean() == pytest.approx(0.12, abs=0.06)
    shops = frame[frame["true_archetype"] == "S1"]
    assert (shops["close_date"].notna()).mean() == pytest.approx(1 - 0.94**3, abs=0.04)


@pytest.mark.slow
def test_labels_of_drift_say_what_happens():
    frame = people(plan_of("minjiang", size="full"))
    labels = frame["true_drift"].str.split("|").explode()
    adopters = frame["true_drift"].str.contains("ev_adopter")
    assert (frame["true_archetype_end"] == "R6")[adopters].all()
    assert frame["true_change_date"].notna()[adopters].all()
    treated, control = (
        (labels == "alert_treated").sum(),
        (labels == "alert_control").sum(),
    )
    prepaid = frame["pay_system"].str.startswith("prepaid").sum()
    assert treated + control == prepaid
    assert treated / prepaid == pytest.approx(0.5, abs=0.02)


@settings(max_examples=10, deadline=None, derandomize=True)
@given(st.sampled_from(REGIONS), st.integers(20, 400), st.integers(0, 10_000))
def test_a_region_may_have_any_number_of_customers(name, n, seed):
    plan = plan_of(name, customers=n, days=60, panel=n // 3, seed=seed)
    frame = people(plan)
    assert len(frame) == n
    assert frame["customer_id"].is_unique
    assert (frame["sample_weight"] > 0).all()
    home = frame["true_archetype"].str.startswith("R")
    assert home.sum() == round(0.75 * n)
    positions = panel_positions(plan, frame)
    assert np.array_equal(positions, np.unique(positions))
    assert len(positions) == n // 3


def test_same_seed_same_people_other_seed_others():
    one, again, other = (
        people(plan_of("hetao", size="tiny", seed=s)) for s in (3, 3, 4)
    )
    pd.testing.assert_frame_equal(one, again)
    assert not one["true_monthly_kwh"].equals(other["true_monthly_kwh"])


def test_a_stream_is_named_by_all_its_names():
    draws = {
        names: stream(1, *names).random()
        for names in ((), ("a",), ("b",), ("a", "b"), ("b", "a"))
    }
    assert len(set(draws.values())) == 5


@given(st.lists(st.floats(0.001, 1), min_size=1, max_size=26), st.integers(26, 5_000))
def test_split_counts_add_up_and_leave_nobody_out(shares, n):
    counts = counts_of(np.array(shares), n)
    assert counts.sum() == n
    assert counts.min() >= 1
    exact = n * np.array(shares) / np.sum(shares)
    assert (np.abs(counts - exact)[exact > len(shares)] <= len(shares)).all()


def test_matching_keeps_the_values_and_follows_the_wish():
    rng = np.random.default_rng(0)
    values, wanted = rng.lognormal(size=500), np.repeat([0.0, 5.0], 250)
    handed = matched(rng, values, wanted, noise=0.1)
    assert np.array_equal(np.sort(handed), np.sort(values))
    assert handed[250:].min() >= handed[:250].max()


def test_families_are_those_of_the_calibration():
    # Kinds by family of shapes, as the difficulty knob was calibrated with.
    families = {
        "evening": "R1 R2 R3", "double": "R4 R8", "flat": "R5 I3 A3 T1",
        "night": "R6 R7 O4 I4 A2", "pv_duck": "R9", "day_long": "S1 S3",
        "meal_double": "S2", "late_night": "S4", "day": "O1 O2 I1", "flat_day": "O3",
        "two_shift": "I2", "pump_double": "A1", "midday_night": "E1",
    }  # fmt: skip
    planted = {kind: f for f, kinds in families.items() for kind in kinds.split()}
    assert {code: kind.family for code, kind in ARCHETYPES.items()} == planted
