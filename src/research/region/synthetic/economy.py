"""Monthly series of the region's economy, for forecasts to lean on.

Growth, seasons and noise are assumptions; the fall in the drifting region is that of
the script (`drift`).
"""

import numpy as np
import pandas as pd

from research.region.calendar import lunar_new_year
from research.region.synthetic import drift
from research.region.synthetic.plan import Plan
from research.region.synthetic.streams import stream

# Series: growth a year, change in the month of the Spring Festival, noise of the log.
SERIES = {
    "industrial_output_index": (0.05, -0.16, 0.012),
    "retail_sales_index": (0.06, 0.09, 0.012),
    "consumer_price_index": (0.015, 0.006, 0.002),
}
# How much of the script's fall of the economy each series shows (assumption).
FALL = {"industrial_output_index": 1.0, "retail_sales_index": 0.4}


def economy(plan: Plan) -> pd.DataFrame:
    """Indices of the months that the region's days touch; about 100 in the first.

    Parameters
    ----------
    plan : Plan

    Returns
    -------
    economy : DataFrame
        The table `economy`, sorted by month and series.

    Examples
    --------
    >>> from research.region.synthetic.plan import plan_of
    >>> economy(plan_of("haihe", size="tiny"))["ym"].unique().tolist()
    ['2024-01', '2024-02', '2024-03', '2024-04']
    """
    months = plan.months
    passed = np.arange(len(months))
    festival = np.array(
        [lunar_new_year(m.year, plan.settings).month == m.month for m in months]
    )
    fallen = drift.drifts(plan) & (passed >= drift.SHIFT_LOSS)
    tables = []
    for name, (growth, season, noise) in SERIES.items():
        rng = stream(plan.seed, "economy", name)
        log = growth * passed / 12 + season * festival
        log = log + np.log(1 - FALL.get(name, 0.0) * drift.ECONOMY_FALL) * fallen
        value = 100 * np.exp(log + rng.normal(0, noise, len(months)))
        frame = {"ym": months.astype(str), "series": name, "value": value.round(2)}
        tables.append(pd.DataFrame(frame))
    table = pd.concat(tables, ignore_index=True)
    return table.sort_values(["ym", "series"], ignore_index=True)
