"""Surveys: who answers, what lowers the scores, what large customers need."""

from functools import cache

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal
from synthetic_grid import planned_grid

from research.region.synthetic.grid.outages import customers_off
from research.region.synthetic.voices.surveys import (
    DIMENSIONS,
    needs_survey,
    satisfaction,
)
from research.region.synthetic.voices.tickets import tickets


@cache
def surveyed(name: str, seed: int = 0) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Answers and everyone asked; not to be changed."""
    on = planned_grid(name, seed=seed)
    called, _, truth = tickets(*on)
    return satisfaction(*on, called, truth)


@pytest.mark.parametrize(
    "seed", [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in (1, 2))]
)
@pytest.mark.parametrize("name", ["haihe", "hetao"])
def test_those_who_answer_are_more_content_than_all(name, seed):
    _, asked = surveyed(name, seed)
    answers = asked.loc[asked["answered"], "overall"]
    assert 0.1 <= answers.mean() - asked["overall"].mean() <= 0.6


def test_answers_are_those_of_the_customers_who_answered():
    answers, asked = surveyed("haihe")
    told = asked[asked["answered"]].reset_index(drop=True)
    columns = ["customer_id", "wave", "overall"]
    assert_frame_equal(answers[columns], told[columns])
    assert answers["response_id"].is_unique


def test_scores_are_whole_points_of_the_scale():
    answers, _ = surveyed("haihe")
    scores = answers[[*DIMENSIONS, "overall"]]
    assert (scores.dtypes == "int8").all()
    assert scores.min().min() >= 1
    assert scores.max().max() == 10


def test_weights_bring_back_the_customers():
    on = planned_grid("haihe")
    answers, _ = surveyed("haihe")
    # Some small strata have no answer, and nobody stands for them.
    stood_for = answers.groupby("wave")["weight"].sum() / len(on.people)
    assert stood_for.between(0.9, 1.0).all()


def test_outages_lower_the_score_of_their_handling():
    on = planned_grid("hetao")
    answers, _ = surveyed("hetao")
    # A wave looks back on half a year.
    last = on.plan.start + pd.Timedelta(days=181)
    first_wave = answers["wave"] == answers["wave"].iloc[0]
    off = on.outages[on.outages["ts_start"] <= last].reset_index(drop=True)
    _, who = customers_off(on.people, on.transformers, off)
    number = pd.Series(who).value_counts().reindex(range(len(on.people)), fill_value=0)
    number.index = on.people["customer_id"]
    seen = number.loc[answers.loc[first_wave, "customer_id"]].to_numpy()
    score = answers.loc[first_wave, "dim6"] - answers.loc[first_wave, "dim2"]
    assert score[seen >= 2].mean() < score[seen == 0].mean() - 0.5


def test_every_need_is_judged_by_everyone_who_answers():
    on = planned_grid("haihe")
    judged = needs_survey(on.plan, on.people)
    assert judged.groupby(["customer_id", "wave"])["need_id"].nunique().eq(52).all()
    assert not judged.duplicated(["customer_id", "wave", "need_id"]).any()
    for column in ("importance", "performance"):
        assert judged[column].between(1, 5).all()


def test_industry_needs_quality_shops_cash_and_offices_speed():
    on = planned_grid("haihe")
    judged = needs_survey(on.plan, on.people)
    kind = on.people.set_index("customer_id")["true_archetype"].str[0]
    number = judged["need_id"].str[1:].astype(int)
    theme = pd.cut(number, [0, 10, 20, 28, 36, 45, 52], labels=list("abcdef"))
    of = kind.loc[judged["customer_id"]].to_numpy()
    mean = judged.groupby([of, theme.to_numpy()])["importance"].mean().unstack()
    assert mean.loc["I"].idxmax() == "a"
    assert mean.loc["S"].idxmax() == "c"
    assert mean.loc["O"].idxmax() == "b"


def test_a_short_region_has_one_wave():
    on = planned_grid("haihe", 300, 60)
    called, _, truth = tickets(*on)
    answers, asked = satisfaction(*on, called, truth)
    assert asked["wave"].unique().tolist() == ["2024H1"]
    assert len(answers) > 0
