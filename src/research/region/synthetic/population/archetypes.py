"""Kinds of customers of the synthetic regions: how common, how large, who they are.

Shares and sizes are assumptions of the generator's specification (sections 2 and 3)
where no other source is named.
"""

from typing import NamedTuple


class Archetype(NamedTuple):
    """One kind of customer.

    Attributes
    ----------
    name : str
    family : str
        Shape family: archetypes of one family look alike within a day.
    usage_class : str
        For homes the class in town.
    industries : tuple of str
        Codes of GB/T 4754 that occur.
    mean_kwh : float
        Mean energy a month at low voltage; for homes relative to all homes. [kWh]
    high_voltage : float
        Share supplied at 10 kV and above.
    mean_kwh_high : float
        Energy a month by which those at high voltage are ranked. [kWh]
    """

    name: str
    family: str
    usage_class: str
    industries: tuple[str, ...] = ()
    mean_kwh: float = 1.0
    high_voltage: float = 0.0
    mean_kwh_high: float = 0.0


_HOME, _SHOP, _OFFICE = "residential_urban", "commercial", "non_industrial"
_WORKS, _WATER, _FARM = "industrial_general", "agri_irrigation", "agri_production"
ARCHETYPES = {
    "R1": Archetype("single or young", "evening", _HOME, mean_kwh=0.7),
    "R2": Archetype("commuters", "evening", _HOME, mean_kwh=0.9),
    "R3": Archetype("family with children", "evening", _HOME, mean_kwh=1.25),
    "R4": Archetype("elderly", "double", _HOME, mean_kwh=0.85),
    "R5": Archetype("vacant or second home", "flat", _HOME, mean_kwh=0.15),
    "R6": Archetype("family with a charging pile", "night", _HOME, mean_kwh=3.5),
    "R7": Archetype("storage heating", "night", _HOME, mean_kwh=1.8),
    "R8": Archetype("farm house", "double", _HOME, mean_kwh=0.95),
    "R9": Archetype("home with photovoltaics", "pv_duck", _HOME, mean_kwh=1.3),
    "S1": Archetype("shop", "day_long", _SHOP, ("F5211", "F5283", "O8051"), 1200),
    "S2": Archetype("restaurant", "meal_double", _SHOP, ("H6210",), 2500, 0.05, 2e4),
    "S3": Archetype("mall", "day_long", _SHOP, ("F5211", "F5212"), 2e4, 1.0, 1e5),
    "S4": Archetype(
        "night business", "late_night", _SHOP, ("H6110", "R9011"), 5000, 0.15, 4e4
    ),
    "O1": Archetype(
        "office", "day", _OFFICE, ("K7020", "L7211", "S9221"), 3000, 0.4, 2.5e4
    ),
    "O2": Archetype("school", "day", _OFFICE, ("P8321", "P8331"), 4000, 0.5, 2.5e4),
    "O3": Archetype("hospital", "flat_day", _OFFICE, ("Q8411",), 1e4, 0.9, 1.2e5),
    "O4": Archetype("public lighting", "night", _OFFICE, ("N7810",), 900),
    "I1": Archetype(
        "works of one shift", "day", _WORKS, ("C1811", "C2110", "C3311"), 5e3, 0.5, 4e4
    ),
    "I2": Archetype(
        "works of two shifts",
        "two_shift",
        _WORKS,
        ("C1711", "C2929"),
        1.2e4,
        0.9,
        1.2e5,
    ),
    "I3": Archetype(
        "continuous works", "flat", _WORKS, ("C2611", "C3011", "C3130"), 5e4, 1.0, 6e5
    ),
    "I4": Archetype("night furnace", "night", _WORKS, ("C3391",), 3e4, 1.0, 2e5),
    "A1": Archetype("irrigation by day", "pump_double", _WATER, ("A0513",), 500),
    "A2": Archetype("irrigation by night", "night", _WATER, ("A0513",), 600),
    "A3": Archetype(
        "livestock or greenhouse", "flat", _FARM, ("A0313", "A0141"), 1500, 0.1, 2e4
    ),
    "E1": Archetype(
        "public charging", "midday_night", _SHOP, ("D4420",), 3e3, 0.9, 3e4
    ),
    "T1": Archetype("base station", "flat", _OFFICE, ("I6312",), 2200),
}
CODES = tuple(ARCHETYPES)
HOMES = tuple(code for code in CODES if code.startswith("R"))

# Shares of accounts before over-sampling, in the order of CODES; normalised on use.
_SHARES = {
    "haihe": """.14 .22 .24 .15 .08 .02 .02 .03 .003  .035 .012 .002 .006
        .008 .003 .001 .004  .008 .004 .002 .001  .001 0 .002  .001 .003""",
    "hetao": """.03 .04 .07 .16 .09 .005 .08 .31 .06  .02 .006 .0005 .002
        .004 .003 .001 .004  .003 .001 .001 .0005  .055 .02 .025  .0005 .004""",
    "minjiang": """.15 .22 .22 .15 .08 .01 0 .06 .005  .04 .014 .002 .007
        .008 .003 .001 .004  .008 .004 .003 .001  .004 .001 .006  .003 .003""",
}
SHARES = {
    region: dict(zip(CODES, map(float, shares.split()), strict=True))
    for region, shares in _SHARES.items()
}


class Traits(NamedTuple):
    """What differs from region to region.

    Attributes
    ----------
    log_mean, log_sd : float
        Of the lognormal energy of homes a month, such that 80 % of them stay in the
        first tier and 95 % in the second (what the tiers are meant to do). [log kWh]
    high_mean : float
        Mean energy a month of ordinary customers at high voltage. [kWh]
    rural : float
        Share of homes in the country, farm houses apart.
    prepaid : float
        Share of homes that pay in advance.
    air_conditioned : float
        Share of homes with air conditioning.
    cooling : float
        Rise of a home's energy a degree above the cooling limit, relative to the mean.
    new, closing : float
        Accounts opened and closed a year, as a share.
    accounts : float
        Accounts of the region that the sample stands for.
    """

    log_mean: float
    log_sd: float
    high_mean: float
    rural: float
    prepaid: float
    air_conditioned: float
    cooling: float
    new: float
    closing: float
    accounts: float


TRAITS = {
    "haihe": Traits(4.767, 0.744, 30e3, 0.08, 1.0, 0.95, 0.07, 0.03, 0.02, 400e3),
    "hetao": Traits(4.691, 0.529, 25e3, 0.55, 0.6, 0.25, 0.045, 0.03, 0.02, 250e3),
    "minjiang": Traits(4.730, 0.550, 35e3, 0.20, 0.7, 0.9, 0.15, 0.04, 0.03, 300e3),
}
