"""What a utility writes down of its customers: household, supply and contract."""

import numpy as np
import pandas as pd

from research.region.synthetic.plan import Plan
from research.region.synthetic.population.archetypes import ARCHETYPES, Traits
from research.region.synthetic.population.shapes import load_factors, rest_levels

# Rated capacities of transformers in use, those of GB/T 6451 among them. [kVA]
TRANSFORMERS = np.array(
    "50 80 100 125 160 200 250 315 400 500 630 800 1000 1250 1600 2000 2500 3150 4000 "
    "5000 6300 8000 10000 12500 16000 20000 25000 31500 40000 50000 63000".split(),
    dtype=float,
)
LOW_VOLTAGE = np.array([4, 6, 8, 10, 12, 15, 20, 30, 40, 50, 63, 80, 100, 125, 160.0])
# From this capacity on supply is at 35 kV (assumption).
KVA_AT_35KV = 8_000
HOURS_A_MONTH = 730.0
POWER_FACTOR = 0.9
# Highest quarter hour of two years over the peak of a usual working day, growth and
# volatility apart: medians of the 15-minute readings, by archetype or its letter; of
# homes, whose peaks are kettles, that of the large ones.
ABOVE_USUAL = {
    "R": 4.0,
    "S": 1.65,
    "O": 1.65,
    "I": 1.55,
    "A": 1.1,
    "A3": 1.9,
    "E": 2.4,
    "T": 1.2,
}
# Who grows applies for the capacity of some time ahead (assumption).
YEARS_AHEAD = 1.5
# The share of a household's facts that the utility knows: "mostly missing" in the data
# dictionary.
KNOWN = 0.45


def households(frame: pd.DataFrame, plan: Plan, rng: np.random.Generator) -> None:
    """Add what is on file about the homes, with gaps where nobody asked."""
    n = len(frame)
    code, after = frame["true_archetype"], frame["true_archetype_end"]
    home = code.str.startswith("R").to_numpy()
    low = code.map({"R1": 1, "R2": 2, "R3": 3, "R4": 1, "R6": 3}).fillna(2)
    high = code.map({"R1": 2, "R2": 3, "R3": 6, "R4": 3, "R6": 6}).fillna(6)
    persons = pd.Series(rng.integers(low, high), dtype="Int32")
    frame["persons"] = persons.where(home & (rng.random(n) < KNOWN))
    asked = home & (rng.random(n) < KNOWN)
    elderly = (code == "R4") | (rng.random(n) < 0.08)
    frame["elderly_flag"] = elderly.astype("boolean").where(asked)
    # Low-income homes (assumption: 3 %) are told by the civil office: no gaps.
    poor = pd.Series(home & (rng.random(n) < 0.03), dtype="boolean")
    frame["low_income_flag"] = poor.where(home)
    frame["ev_flag"] = (after == "R6").astype("boolean").where(home)
    # Roofs of 15 to 30 kW, 21 in the mean (section 4).
    pv = np.round(15 + 15 * rng.beta(1.6, 2.4, n), 1)
    frame["pv_kw"] = np.where(after == "R9", pv, np.nan)
    frame["heating_type"] = _heating(frame, plan, home, rng)
    valid = pd.Series(rng.random(n) < 0.88, dtype="boolean")
    frame["phone_valid"] = valid.where(rng.random(n) < 0.95)


def _heating(
    frame: pd.DataFrame, plan: Plan, home: np.ndarray, rng: np.random.Generator
) -> pd.Series:
    climate = plan.settings.climate
    district = climate is not None and climate.heating == "district"
    urban = (frame["urban_rural"] == "urban").to_numpy()
    piped = district & urban & (rng.random(len(frame)) < 0.9)
    kind = np.where(piped, "district", "none").astype(object)
    kind[(frame["true_heating"] > 0).to_numpy()] = "heat_pump"
    kind[(frame["true_archetype"] == "R7").to_numpy()] = "storage"
    return pd.Series(kind).where(home).astype("str")


def contracts(
    frame: pd.DataFrame, plan: Plan, traits: Traits, rng: np.random.Generator
) -> None:
    """Add capacity, voltage, class, tariff and the way to pay."""
    n = len(frame)
    code = frame["true_archetype"]
    home = code.str.startswith("R").to_numpy()
    high = (frame["true_value_group"] != "").to_numpy()
    peak = _peak_kw(frame)
    # The highest quarter hour of a year loads a transformer to 50-90 % (assumption).
    wanted = peak / POWER_FACTOR / rng.uniform(0.5, 0.9, n)
    kva = np.where(high, _next_of(TRANSFORMERS, wanted), _next_of(LOW_VOLTAGE, wanted))
    # A pile, a storage heater or a roof wants a stronger line, by the day it comes.
    strong = frame["true_archetype_end"].isin(["R6", "R7", "R9"])
    in_home = np.where(strong, 16.0, rng.choice([6.0, 8, 10], n))
    kva = np.where(home, np.maximum(in_home, np.minimum(kva, 40)), kva)
    frame["contract_kva"] = kva
    part = high & (rng.random(n) < 0.05)
    frame["running_kva"] = np.where(part, np.round(kva * 0.6, 1), kva)
    low_voltage = np.where(kva > 12, "380V", "220V")
    mains = np.where(kva >= KVA_AT_35KV, "35kV", "10kV")
    frame["voltage"] = np.where(high, mains, low_voltage)
    frame["usage_class"] = _usage_class(frame)
    codes = code.map(lambda c: ARCHETYPES[c].industries)
    picked = [
        c[int(u * len(c))] if c else None
        for c, u in zip(codes, rng.random(n), strict=True)
    ]
    frame["industry_code"] = pd.Series(picked, dtype="str")
    frame["importance"] = _importance(frame, rng)
    _add_tariff(frame, peak, rng)
    frame["tier_scheme"] = _tier_scheme(frame, plan)
    mode = plan.settings.prepaid.mode if plan.settings.prepaid else "local"
    prepaid = home & (rng.random(n) < traits.prepaid)
    frame["pay_system"] = np.where(prepaid, f"prepaid_{mode}", "postpaid")


def _peak_kw(frame: pd.DataFrame) -> np.ndarray:
    """Highest quarter hour that is to be expected of each customer. [kW]."""
    code = frame["true_archetype"]
    factor = code.map(load_factors()).to_numpy()
    # Pumps do the year's work in a quarter of it; who rests at weekends works more on
    # the other days.
    season = np.where(code.isin(["A1", "A2"]), 4.0, 1.0)
    week = np.maximum(7 / (5 + 2 * code.map(rest_levels()).to_numpy()), 1)
    usual = season * week * frame["true_monthly_kwh"].to_numpy() / HOURS_A_MONTH
    highest = code.where(code.isin(list(ABOVE_USUAL)), code.str[0]).map(ABOVE_USUAL)
    room = np.exp(YEARS_AHEAD * np.maximum(frame["true_growth"].to_numpy(), 0))
    # The largest of some twelve to twenty lognormal months.
    restless = np.exp(1.7 * np.sqrt(np.log1p(frame["true_cv"].to_numpy() ** 2)))
    cooled = code.str[0].isin(["S", "O"]).to_numpy()
    hot = np.where(cooled, 1 + 0.2 * frame["true_cooling"].to_numpy(), 1.2) / 1.2
    return usual / factor * highest.to_numpy() * room * restless * hot


def _next_of(sizes: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Smallest size that is large enough; above the largest, whole thousands."""
    place = np.searchsorted(sizes, wanted)
    beyond = np.ceil(wanted / 1000) * 1000
    return np.where(
        place < len(sizes), sizes[np.minimum(place, len(sizes) - 1)], beyond
    )


def _usage_class(frame: pd.DataFrame) -> np.ndarray:
    kind = frame["true_archetype"].map(
        {c: a.usage_class for c, a in ARCHETYPES.items()}
    )
    rural = (frame["urban_rural"] == "rural").to_numpy()
    homes = (kind == "residential_urban").to_numpy()
    large = (kind == "industrial_general") & (frame["contract_kva"] >= 315)
    return np.select(
        [homes & rural, large.to_numpy()],
        ["residential_rural", "industrial_large"],
        default=kind.to_numpy(),
    )


def _importance(frame: pd.DataFrame, rng: np.random.Generator) -> np.ndarray:
    code, u = frame["true_archetype"].to_numpy(), rng.random(len(frame))
    kva = frame["contract_kva"].to_numpy()
    hospital, works = code == "O3", (code == "I3") & (kva >= 2_000)
    return np.select(
        [hospital & (u < 0.1), hospital & (u < 0.5), hospital | works, code == "T1"],
        ["special", "one", "two", "two"],
        default="none",
    )


def _add_tariff(
    frame: pd.DataFrame, peak: np.ndarray, rng: np.random.Generator
) -> None:
    n, code, kva = len(frame), frame["true_archetype"], frame["contract_kva"].to_numpy()
    home = code.str.startswith("R").to_numpy()
    farm = code.str.startswith("A").to_numpy()
    firm = ~home & ~farm
    # From 315 kVA on two parts are a must, from 100 kVA on a choice that a fifth takes;
    # firms below 100 kVA may refuse time of use, a third does; homes with a pile or
    # storage heating take it where the region offers it (assumptions).
    two_part = firm & ((kva >= 315) | ((kva > 100) & (rng.random(n) < 0.2)))
    night = code.isin(["R6", "R7"]).to_numpy() & (rng.random(n) < 0.7)
    tou = np.where(firm, (kva >= 100) | (rng.random(n) < 0.67), home & night)
    frame["two_part"], frame["tou"] = two_part, tou
    mode = rng.choice(
        ["capacity", "contract_demand", "actual_demand"], n, p=[0.55, 0.15, 0.30]
    )
    frame["demand_mode"] = pd.Series(mode).where(two_part).astype("str")
    # Agreed by the peak of a month, which is a little below that of the years.
    agreed = np.round(np.maximum(peak * rng.uniform(0.7, 1.0, n), 0.4 * kva))
    by_contract = two_part & (mode == "contract_demand")
    frame["contract_demand_kw"] = np.where(by_contract, agreed, np.nan)
    short = {
        "residential_urban": "JM",
        "residential_rural": "JM",
        "commercial": "GS",
        "non_industrial": "GS",
        "industrial_general": "GS",
        "industrial_large": "GS",
        "agri_production": "NY",
        "agri_irrigation": "NYPG",
    }
    frame["tariff_code"] = (
        frame["usage_class"].map(short)
        + "-"
        + frame["voltage"].str.replace(r"220V|380V", "1kV", regex=True)
        + np.where(two_part, "-2", "-1")
        + np.where(tou, "-FS", "")
    )


def _tier_scheme(frame: pd.DataFrame, plan: Plan) -> pd.Series:
    tiers = plan.settings.residential_tiers
    home = frame["true_archetype"].str.startswith("R").to_numpy()
    many = tiers.big_household.persons if tiers and tiers.big_household else 99
    big = (frame["persons"] >= many).fillna(False).to_numpy(dtype=bool)
    scheme = pd.Series(np.where(big, "big_household", "standard"))
    return scheme.where(home).astype("str")
