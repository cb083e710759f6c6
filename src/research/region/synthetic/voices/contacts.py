"""Contacts 接触 of customers with the utility: journeys over channels, month by month.

Every customer prefers some channels; a journey goes on in the same or another one
until the matter is done. Offline channels lose to the app by 8 % a year. Tickets are
contacts, too. Numbers not named in the specification's section 7 are assumptions.
"""

import numpy as np
import pandas as pd

from research.region.schema import TABLES
from research.region.synthetic.plan import Plan
from research.region.synthetic.streams import stream

CHANNELS = TABLES["contacts"].columns["channel"].codes
FUNCTIONS = TABLES["contacts"].columns["function"].codes
# Journeys a customer and year: Gamma distributed with this shape and mean.
SHAPE, JOURNEYS = 1.5, 5.0
# Share of the contacts of the hall and the telephone that move to the app each year.
TO_APP = 0.08
# Weights of the Dirichlet distribution of a customer's preferences, by kind, in the
# order manager, hall, wechat, app, web, phone95598, gov12345, sms.
PREFERENCES = {
    "young": (0.02, 0.5, 3.0, 2.2, 0.4, 0.8, 0.05, 0.2),
    "elderly": (0.3, 2.6, 0.8, 0.3, 0.05, 1.8, 0.2, 0.4),
    "rural": (0.9, 1.8, 2.2, 0.5, 0.05, 1.2, 0.1, 0.3),
    "firm": (0.6, 1.0, 0.8, 1.2, 1.6, 1.0, 0.1, 0.1),
    "large": (4.0, 0.6, 0.3, 0.5, 1.6, 0.8, 0.05, 0.0),
}
# What a journey is about, at its start: as FUNCTIONS.
ABOUT = (0.30, 0.24, 0.18, 0.05, 0.10, 0.02, 0.11)
# Share that ends undone, by channel; it goes on elsewhere with this chance.
FAILED = (0.04, 0.04, 0.12, 0.12, 0.16, 0.07, 0.10, 0.15)
GOES_ON = 0.65
# After a success some ask for more in the same channel.
ASKS_ON = 0.18
LONGEST = 4
# Where a failed contact leads, the channel of each row failing: a Markov chain.
_NEXT = np.array(
    [
        [5, 2, 1, 1, 1, 2, 0, 0],
        [2, 4, 1, 1, 0, 3, 1, 0],
        [1, 3, 1, 3, 0, 5, 0, 0],
        [1, 3, 2, 1, 1, 5, 0, 0],
        [2, 2, 1, 3, 1, 4, 0, 0],
        [1, 4, 1, 2, 0, 2, 1, 0],
        [2, 3, 0, 0, 0, 3, 1, 0],
        [0, 2, 3, 2, 0, 4, 0, 0],
    ],
    dtype=float,
)
# Median length of a contact, by channel. [s]
_SECONDS = np.array([900, 720, 70, 60, 110, 190, 260, 15], dtype=float)
# Channels with people in them are open by day.
_STAFFED = np.array([True, True, False, False, False, False, True, False])
_OF_SOURCE = {
    "95598": "phone95598",
    "12398": "gov12345",
    "12345": "gov12345",
    "hall": "hall",
    "app": "app",
    "web": "web",
    "hall_leader": "hall",
    "manager": "manager",
}
_OF_TYPE = {
    "complaint": "complain",
    "opinion": "complain",
    "report": "complain",
    "fault_repair": "repair",
    "service_request": "apply",
}


def contacts(plan: Plan, people: pd.DataFrame, tickets: pd.DataFrame) -> pd.DataFrame:
    """Contacts of the region, sorted by time.

    Parameters
    ----------
    plan : Plan
    people : DataFrame of shape (n_customers, any)
    tickets : DataFrame
        The table `tickets`; each is a contact of its customer.

    Returns
    -------
    contacts : DataFrame
        The table `contacts`.
    """
    rng = stream(plan.seed, "contacts")
    preference = np.cumsum(_preferences(people, rng), axis=1)
    rate = rng.gamma(SHAPE, JOURNEYS / SHAPE, len(people)) * plan.n_days / 365.25
    who = np.repeat(np.arange(len(people)), rng.poisson(rate))
    day = rng.integers(0, plan.n_days, len(who))
    channel = _picked(preference[who], rng)
    moves = np.isin(channel, [_of("hall"), _of("phone95598")])
    moves &= rng.random(len(who)) < TO_APP * day / 365.25
    channel = np.where(moves, _of("app"), channel)
    about = rng.choice(len(FUNCTIONS), len(who), p=ABOUT)
    second = day * 86_400 + _clock(channel, rng)
    steps = []
    for _ in range(LONGEST):
        failed = rng.random(len(who)) < np.array(FAILED)[channel]
        further = failed & (rng.random(len(who)) < GOES_ON)
        steps.append((who, second, channel, about, failed))
        more = further | (~failed & (rng.random(len(who)) < ASKS_ON))
        led = _picked(np.cumsum(_NEXT, axis=1)[channel], rng)
        channel = np.where(further, led, channel)[more]
        # Failing, the matter stays the same and the next try comes within a day or so.
        other = rng.choice(len(FUNCTIONS), len(who), p=ABOUT)
        about = np.where(further, about, other)[more]
        wait = rng.exponential(np.where(further, 9 * 3600, 240), len(who))
        who, second = who[more], (second + wait.astype(np.int64) + 60)[more]
    columns = [np.concatenate(column) for column in zip(*steps, strict=True)]
    made = _frame(plan, people, columns, rng)
    table = pd.concat([made, _of_tickets(people, tickets, rng)], ignore_index=True)
    table = table.sort_values(["ts", "customer_id"], kind="stable", ignore_index=True)
    number = pd.Series(np.arange(1, len(table) + 1)).astype("str").str.zfill(9)
    table.insert(0, "contact_id", "C" + number)
    return table


def _of(channel: str) -> int:
    return CHANNELS.index(channel)


def _preferences(people: pd.DataFrame, rng: np.random.Generator) -> np.ndarray:
    """Share of each channel in each customer's contacts."""
    home = people["usage_class"].str.startswith("residential")
    elderly = (people["true_archetype"] == "R4").to_numpy()
    large = people["voltage"].str.endswith("kV").to_numpy()
    rural = (home & (people["urban_rural"] == "rural")).to_numpy()
    kind = np.select(
        [~home & large, ~home, elderly, rural],
        ["large", "firm", "elderly", "rural"],
        default="young",
    )
    names, which = np.unique(kind, return_inverse=True)
    weight = np.array([PREFERENCES[name] for name in names])[which]
    # Gamma variates over their sum are Dirichlet distributed.
    drawn = rng.gamma(np.maximum(weight, 1e-3)) + 1e-9
    return drawn / drawn.sum(axis=1, keepdims=True)


def _picked(cumulated: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Column drawn in each row of cumulated weights."""
    u = rng.random((len(cumulated), 1)) * cumulated[:, -1:]
    return np.minimum((u >= cumulated).sum(axis=1), cumulated.shape[1] - 1)


def _clock(channel: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Second of the day at which a journey begins."""
    n = len(channel)
    staffed = rng.uniform(8.5, 17.5, n)
    online = np.where(rng.random(n) < 0.55, rng.normal(19.5, 2.0, n), 0.0)
    online = np.where(online == 0.0, rng.uniform(7, 22, n), np.clip(online, 6, 23.5))
    hour = np.where(_STAFFED[channel], staffed, online)
    return (hour * 3600).astype(np.int64)


def _frame(
    plan: Plan,
    people: pd.DataFrame,
    columns: list[np.ndarray],
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Contacts while the account is open and the region lasts."""
    who, second, channel, about, failed = columns
    ts = plan.days[0].to_datetime64() + second.astype("timedelta64[s]")
    opened = people["open_date"].fillna(plan.days[0]).to_numpy()[who]
    closed = people["close_date"].fillna(pd.Timestamp.max.floor("D")).to_numpy()[who]
    here = (ts >= opened) & (ts < closed)
    here &= second < plan.n_days * 86_400
    lasts = _SECONDS[channel] * rng.lognormal(0, 0.6, len(who))
    handed_on = ~failed & (rng.random(len(who)) < 0.03)
    frame = pd.DataFrame(
        {
            "customer_id": people["customer_id"].to_numpy(dtype=object)[who],
            "ts": ts,
            "channel": np.array(CHANNELS, dtype=object)[channel],
            "function": np.array(FUNCTIONS, dtype=object)[about],
            "result": np.select([failed, handed_on], ["failed", "handed_on"], "done"),
            "duration_s": lasts.astype(np.int32),
        }
    )
    return frame[here]


def _of_tickets(
    people: pd.DataFrame, tickets: pd.DataFrame, rng: np.random.Generator
) -> pd.DataFrame:
    lasts = rng.lognormal(np.log(210), 0.5, len(tickets))
    return pd.DataFrame(
        {
            "customer_id": tickets["customer_id"].to_numpy(dtype=object),
            "ts": tickets["ts_created"].to_numpy(),
            "channel": tickets["source"].map(_OF_SOURCE).to_numpy(dtype=object),
            "function": tickets["type"].map(_OF_TYPE).fillna("other").to_numpy(),
            "result": np.where(tickets["ts_dispatch"].isna(), "done", "handed_on"),
            "duration_s": lasts.astype(np.int32),
        }
    )
