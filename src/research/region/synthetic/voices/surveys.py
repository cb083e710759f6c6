"""Surveys: satisfaction 满意度 with its bias of response, and needs 需求.

What happened to a customer in the months before a wave lowers the score of the
dimension it belongs to; the satisfied answer more often. Both are those of section 7
of the specification of synthetic regions; other numbers are assumptions.
"""

import numpy as np
import pandas as pd

from research.region.synthetic.grid.areas import BAD_FACTOR
from research.region.synthetic.grid.outages import customers_off
from research.region.synthetic.plan import Plan
from research.region.synthetic.streams import stream
from research.region.synthetic.voices.catalogue import catalogue

BEST, NOISE = 8.6, 1.1
# Loss of score: an outage, a disputed bill, a month with low voltage, a late case.
LOSS = {"outage": 0.5, "bill": 0.8, "voltage": 0.6, "late": 0.4}
# Part of the noise's variance that is the customer's own temper, the same in all
# dimensions (assumption).
TEMPER = 0.55
# Share of the customers asked in a wave, least number, share that answers, and how
# much likelier an answer is by a point of the mean score, in logits (assumptions).
ASKED, LEAST, ANSWERS, EAGERNESS = 0.12, 60, 0.38, 0.60
WAVE_DAYS = 182
MODES = {"phone": 0.62, "visit": 0.13, "web": 0.25}
CLASSES = {
    "residential_urban": "城镇居民",
    "residential_rural": "农村居民",
    "commercial": "商业",
    "non_industrial": "公共事业",
    "industrial_general": "工业",
    "industrial_large": "工业",
    "agri_production": "农业",
    "agri_irrigation": "农业",
}
DIMENSIONS = [f"dim{i}" for i in range(1, 7)]
# Topics of tickets that are a quarrel over a bill.
_BILL_TOPICS = ("bill_dispute_high", "meter_reading_wrong", "late_bill", "fee_extra")
# Importance of the six themes of needs in the catalogue's order, by the first letter
# of the archetype: industry wants quality and power factor, shops cash, offices speed.
_THEMES = {
    "I": (1.1, 0.2, 0.2, 0.0, 0.9, 0.1),
    "S": (0.0, 0.2, 1.2, 0.1, 0.2, -0.2),
    "O": (0.2, 1.1, 0.0, 0.3, 0.1, 0.0),
    "A": (0.4, 0.3, 0.5, 0.0, 0.1, -0.4),
    "E": (0.5, 0.8, 0.3, 0.0, 0.5, 0.2),
    "T": (1.0, 0.3, 0.0, 0.0, 0.5, 0.1),
}
# Large customers who take part in a wave of the survey of needs.
NEEDS_ANSWERED = 0.45


def satisfaction(
    plan: Plan,
    people: pd.DataFrame,
    areas: pd.DataFrame,
    transformers: pd.DataFrame,
    load: pd.DataFrame,
    outages: pd.DataFrame,
    tickets: pd.DataFrame,
    truth: pd.DataFrame,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Waves of the yearly survey of satisfaction, one each half year.

    Parameters
    ----------
    plan : Plan
    people, areas, transformers, load, outages : DataFrame
        As `grid.assign`, `loads.transformer_load` and `outages.outages` give them.
    tickets, truth : DataFrame
        As `tickets.tickets` gives them.

    Returns
    -------
    satisfaction : DataFrame
        The table `satisfaction`: those who answered. `weight` is the number of
        customers of the class and setting for each of its answers.
    asked : DataFrame
        The truth: `customer_id`, `wave`, `overall` of everyone asked, `answered`. Mean
        of those who answered less mean of all is the bias of the survey.
    """
    opinions = []
    for wave, first, last in _waves(plan):
        rng = stream(plan.seed, "satisfaction", wave)
        lost = _losses(people, transformers, load, outages, tickets, truth, first, last)
        factor = areas.set_index("area_id")["true_complaint_factor"]
        bad = (factor.loc[people["area_id"]] == BAD_FACTOR).to_numpy()
        lost["dim1"] = lost["dim1"] + 0.5 * bad
        opinions.append(_wave(people, wave, last, lost, rng))
    everyone = pd.concat(opinions, ignore_index=True)
    answers = everyone[everyone["answered"]].reset_index(drop=True)
    number = pd.Series(np.arange(1, len(answers) + 1)).astype("str").str.zfill(7)
    answers.insert(0, "response_id", "R" + number)
    columns = ["response_id", "customer_id", "wave", "mode", "class", *DIMENSIONS]
    asked = everyone[["customer_id", "wave", "overall", "answered"]]
    return answers[[*columns, "overall", "weight"]], asked


def _waves(plan: Plan) -> list[tuple[str, pd.Timestamp, pd.Timestamp]]:
    """Name, first and last day of each half year that is looked back on.

    A region shorter than half a year has one wave, at its end.
    """
    ends = plan.days[WAVE_DAYS - 1 :: WAVE_DAYS]
    ends = ends if len(ends) else plan.days[-1:]
    half = pd.Timedelta(days=WAVE_DAYS - 1)
    return [
        (f"{end.year}H{1 + (end.month > 6)}", max(plan.start, end - half), end)
        for end in ends
    ]


def _losses(
    people: pd.DataFrame,
    transformers: pd.DataFrame,
    load: pd.DataFrame,
    outages: pd.DataFrame,
    tickets: pd.DataFrame,
    truth: pd.DataFrame,
    first: pd.Timestamp,
    last: pd.Timestamp,
) -> dict[str, np.ndarray]:
    """What each customer's scores lose in each dimension by what happened."""
    n = len(people)
    recent = outages[outages["ts_start"].between(first, last)]
    _, off = customers_off(people, transformers, recent.reset_index(drop=True))
    outage = np.minimum(np.bincount(off, minlength=n), 6)
    called = tickets["ts_created"].between(first, last).to_numpy()
    ids = pd.Index(people["customer_id"])
    who = ids.get_indexer(tickets["customer_id"])

    def count(rows: np.ndarray) -> np.ndarray:
        return np.bincount(who[called & rows], minlength=n)

    took = (tickets["ts_done"] - tickets["ts_created"]).dt.days.to_numpy()
    quarrel = truth["topic"].isin(_BILL_TOPICS).to_numpy()
    dark = np.minimum(_low_months(people, load, first, last), 4)
    none = np.zeros(n)
    return {
        "dim1": none,
        "dim2": LOSS["bill"] * count(quarrel),
        "dim3": LOSS["late"] * count(took >= 5),
        "dim4": 0.5 * LOSS["outage"] * outage,
        "dim5": LOSS["voltage"] * dark,
        "dim6": LOSS["outage"] * outage,
    }


def _low_months(
    people: pd.DataFrame, load: pd.DataFrame, first: pd.Timestamp, last: pd.Timestamp
) -> np.ndarray:
    """Months in which each customer had low voltage on some day."""
    low = load[load["date"].between(first, last) & (load["low_voltage_customers"] > 0)]
    worst = low.groupby(["transformer_id", low["date"].dt.month])[
        "low_voltage_customers"
    ].max()
    fed = people["transformer_id"]
    sizes = fed.map(fed.value_counts()).to_numpy()
    # Customers from the end of the line: 1 is the last.
    from_end = np.round((1 - people["true_line_position"]) * sizes + 0.5)
    months = np.zeros(len(people), dtype=int)
    for _, month in worst.groupby("date"):
        number = fed.map(month.droplevel("date")).fillna(0).to_numpy()
        months += from_end <= number
    return months


def _wave(
    people: pd.DataFrame,
    wave: str,
    day: pd.Timestamp,
    lost: dict[str, np.ndarray],
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Everyone asked in one wave, their scores, and who answered."""
    closed = people["close_date"].fillna(pd.Timestamp.max.floor("D"))
    there = np.flatnonzero((people["open_date"] <= day) & (closed > day))
    n = min(max(round(ASKED * len(there)), LEAST), len(there))
    asked = np.sort(rng.choice(there, n, replace=False))
    temper = rng.normal(0, NOISE * np.sqrt(TEMPER), n)
    own = NOISE * np.sqrt(1 - TEMPER)
    scores = np.column_stack(
        [
            BEST - lost[name][asked] + temper + rng.normal(0, own, n)
            for name in DIMENSIONS
        ]
    )
    scores = np.clip(np.round(scores), 1, 10)
    overall = np.round(scores.mean(axis=1) + rng.normal(0, 0.5, n)).clip(1, 10)
    eager = np.log(ANSWERS / (1 - ANSWERS)) + EAGERNESS * (overall - overall.mean())
    answered = rng.random(n) < 1 / (1 + np.exp(-eager))
    frame = pd.DataFrame(scores.astype(np.int8), columns=DIMENSIONS)
    frame["customer_id"] = people["customer_id"].to_numpy(dtype=object)[asked]
    frame["wave"] = wave
    frame["mode"] = rng.choice(list(MODES), n, p=list(MODES.values()))
    kind = people["usage_class"].map(CLASSES).fillna("其他")
    frame["class"] = kind.to_numpy(dtype=object)[asked]
    frame["overall"], frame["answered"] = overall.astype(np.int8), answered
    stratum = (kind + people["urban_rural"]).to_numpy(dtype=object)
    of_all = pd.Series(stratum[there]).value_counts()
    here = pd.Series(stratum[asked])
    answers = here[answered].value_counts()
    frame["weight"] = (here.map(of_all) / here.map(answers)).round(4)
    return frame


def needs_survey(plan: Plan, people: pd.DataFrame) -> pd.DataFrame:
    """Yearly survey of the 52 needs among customers of 10 kV and more.

    Parameters
    ----------
    plan : Plan
    people : DataFrame of shape (n_customers, any)

    Returns
    -------
    needs_survey : DataFrame
        The table `needs_survey`: importance and performance of every need by everyone
        who answered. Industry cares for quality and saving, shops for cash, offices
        for speed.
    """
    book = catalogue("needs")
    theme = pd.factorize(book["theme_zh"])[0]
    large = people["voltage"].str.endswith("kV") & people["true_archetype"].str.match(
        "[" + "".join(_THEMES) + "]"
    )
    who = np.flatnonzero(large)
    letters = people["true_archetype"].str[0].to_numpy(dtype=object)
    waves = []
    for year in sorted(set(plan.days.year)):
        last = plan.days[plan.days.year == year][-1]
        rng = stream(plan.seed, "needs", str(year))
        closed = people["close_date"].fillna(pd.Timestamp.max.floor("D")).to_numpy()
        there = who[
            (people["open_date"].to_numpy()[who] <= last) & (closed[who] > last)
        ]
        some = there[rng.random(len(there)) < NEEDS_ANSWERED]
        shape = (len(some), len(book))
        wanted = np.array([_THEMES[letter] for letter in letters[some]])
        wanted = wanted.reshape(-1, theme.max() + 1)[:, theme]
        need = stream(plan.seed, "needs").normal(0, 0.35, len(book))
        importance = 3.1 + wanted + need + rng.normal(0, 0.75, shape)
        performance = 3.7 - 0.25 * wanted + rng.normal(0, 0.8, shape)
        ids = people["customer_id"].to_numpy(dtype=object)[some]
        waves.append(
            pd.DataFrame(
                {
                    "customer_id": np.repeat(ids, len(book)),
                    "wave": str(year),
                    "need_id": np.tile(
                        book["need_id"].to_numpy(dtype=object), len(some)
                    ),
                    "importance": _points(importance),
                    "performance": _points(performance),
                }
            )
        )
    return pd.concat(waves, ignore_index=True)


def _points(values: np.ndarray) -> np.ndarray:
    return np.clip(np.round(values), 1, 5).astype(np.int8).ravel()
