"""Adjustment of bills by the power factor 力率调整.

The rule form of the tables of the "Measure on adjusting electricity bills by the power
factor" 功率因数调整电费办法 (Ministry of Water Resources and Electric Power and State
Price Bureau, (83) Shuidian Caizi No. 215, 1983). Power factors are whole hundredths
here: comparing 0.85 with a computed float decides some rows wrongly.
"""

import numpy as np
import pandas as pd

from research.region.settings import Settings
from research.region.tariff_settings import PowerFactor

INDUSTRY = ("industrial_general", "industrial_large")


def power_factor(kwh: np.ndarray, kvarh: np.ndarray) -> np.ndarray:
    """Power factor 功率因数 of a month, rounded to hundredths, halves up.

    Parameters
    ----------
    kwh, kvarh : array of shape (n,)
        Active and reactive energy. Reactive energy counts whichever way it flowed.

    Returns
    -------
    power_factor : array of shape (n,)
        In [0, 1], the float nearest to hundredths; NaN where an energy is NaN,
        active energy is negative, or both are zero.

    Examples
    --------
    >>> power_factor(np.array([80.0, 90.0, 0.0]), np.array([60.0, 0.0, 0.0])).tolist()
    [0.8, 1.0, nan]
    """
    kwh, kvarh = np.asarray(kwh, dtype=float), np.asarray(kvarh, dtype=float)
    apparent = np.hypot(kwh, kvarh)
    known = (kwh >= 0) & (apparent > 0)
    cosine = np.divide(kwh, apparent, out=np.full(kwh.shape, np.nan), where=known)
    # No rational energies have a cosine of n + 1/2 hundredths (40,000 less an odd
    # square is no square), so nothing is lost by dividing floats.
    return np.floor(100 * cosine + 0.5) / 100


def power_factor_standard(
    usage_class: np.ndarray,
    contract_kva: np.ndarray,
    voltage: np.ndarray | None,
    measure: PowerFactor | None,
) -> np.ndarray:
    """Standard 功率因数标准 that the measure sets for each customer.

    Industry of 160 kVA and more at high voltage, and irrigation of 3,200, keep 0.90;
    other industry, commerce, non-industry and irrigation of 100 kVA 0.85; farming
    and bulk resale 趸售 of 100 kVA 0.80; homes and small customers none.

    Parameters
    ----------
    usage_class : array of str of shape (n,)
    contract_kva : array of shape (n,)
    voltage : array of str of shape (n,), optional
        Such as ``10kV`` or ``380V``. Where it is not known, industry of 160 kVA
        counts as supplied at high voltage, as such capacities are.
    measure : PowerFactor or None
        `settings.power_factor`.

    Returns
    -------
    standard : array of shape (n,)
        NaN where no standard is set, or the capacity is not known.

    Examples
    --------
    >>> measure = PowerFactor()
    >>> power_factor_standard(
    ...     np.array(["industrial_large", "agri_production", "residential_urban"]),
    ...     np.array([400.0, 100.0, 8.0]), None, measure).tolist()
    [0.9, 0.8, nan]
    """
    classes = pd.Series(usage_class)
    kva = np.asarray(contract_kva, dtype=float)
    if measure is None:
        return np.full(len(kva), np.nan)
    standards = measure.standards
    high = np.ones(len(kva), dtype=bool) if voltage is None else _high(voltage)
    industry = classes.isin(INDUSTRY).to_numpy()
    irrigation = classes.isin(["agri_irrigation"]).to_numpy()
    other = classes.isin([*INDUSTRY, "commercial", "non_industrial"]).to_numpy()
    agriculture = classes.isin(["agri_production", "wholesale"]).to_numpy()
    return np.select(
        [
            high & ((industry & (kva >= 160)) | (irrigation & (kva >= 3200))),
            (other | irrigation) & (kva >= 100),
            agriculture & (kva >= 100),
        ],
        [standards.hv_industry_160, standards.other_100, standards.agri_100],
        default=np.nan,
    )


def power_factor_rate(factor: np.ndarray, standard: np.ndarray) -> np.ndarray:
    """Percent of the bill added (or, below zero, taken off) for the power factor.

    Parameters
    ----------
    factor : array of shape (n,)
        As `power_factor` gives it. [unitless]
    standard : array of shape (n,), or one number
        0.80, 0.85 or 0.90; NaN for no standard.

    Returns
    -------
    rate : array of shape (n,)
        Hundredths of the standard below cost 0.5 % each up to 20, 1 % each for five
        more, 2 % each from there on. Those above earn 0.10 % each up to 0.90 and
        0.15 % each beyond, up to 0.95, 0.94 or 0.92 for the standards 0.90, 0.85 or
        0.80. NaN where factor or standard is NaN. [percent]

    Examples
    --------
    >>> power_factor_rate(np.array([0.95, 0.85, 0.60]), 0.85).tolist()
    [-1.1, 0.0, 15.0]
    """
    factor, standard = np.broadcast_arrays(factor, standard)
    known = ~(np.isnan(factor) | np.isnan(standard))
    n = np.rint(100 * np.where(known, factor, 1)).astype(np.int64)
    limit = np.rint(100 * np.where(known, standard, 0.90)).astype(np.int64)
    below = np.maximum(limit - n, 0)
    # All in hundredths of a percent.
    added = (
        50 * below + 50 * np.maximum(below - 20, 0) + 100 * np.maximum(below - 25, 0)
    )
    full = np.select([limit == 90, limit == 85], [95, 94], default=92)
    reached = np.minimum(n, full)
    taken_off = 10 * np.maximum(np.minimum(reached, 90) - limit, 0)
    taken_off += 15 * np.maximum(reached - 90, 0)
    return np.where(known, (added - taken_off) / 100, np.nan)


def adjustment_base(
    settings: Settings, basic: np.ndarray, energy: np.ndarray, funds: np.ndarray
) -> np.ndarray:
    """Sum of the parts of the bill that the rate applies to, as the region states."""
    parts = {"basic": basic, "energy": energy, "funds": funds}
    chosen = settings.power_factor.base if settings.power_factor else []
    return sum((parts[name] for name in set(chosen)), np.zeros(len(basic)))


def _high(voltage: np.ndarray) -> np.ndarray:
    """Whether each voltage is stated in kV, or not stated."""
    codes, names = pd.factorize(pd.Series(voltage))
    high = [str(name).strip().lower().endswith("kv") for name in names]
    # Code -1, nothing stated, takes the last one.
    return np.array([*high, True])[codes]
