"""The credit policy of an electricity utility, read from its files and checked."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import pandas as pd
from pydantic import Field, ValidationError, model_validator

from research.region.errors import InputError
from research.region.strict_model import Finite, Strict
from research.region.strict_yaml import read_yaml

FOLDER = Path(__file__).parent
BANDS = {"AAA": 90.0, "AA": 80.0, "A": 70.0, "B": 60.0, "C": 50.0, "D": 0.0}
"""Grades where region.yaml declares none (assumption)."""

Points = Annotated[float, Field(ge=0, le=100)]


class Scoring(Strict):
    """Knots of a scoring function; `missing` scores what is not known."""

    values: Annotated[list[Finite], Field(min_length=1)]
    points: Annotated[list[Points], Field(min_length=1)]
    missing: Points | None = None

    @model_validator(mode="after")
    def _as_many(self) -> "Scoring":
        if len(self.values) != len(self.points):
            raise ValueError(
                f"{len(self.values)} values and {len(self.points)} points; as many of "
                "one as of the other are wanted"
            )
        return self


class VetoRule(Strict):
    """An event that means the worst grade, or `grade`."""

    name: str
    indicator: str
    at_least: Finite
    grade: str | None = Field(default=None, validate_default=False)


class NewRule(Strict):
    """Cap on customers known for a short time."""

    indicator: str
    below: Finite
    best: str


class MigrationRule(Strict):
    """From the grades `low` nobody climbs above `best` at once."""

    low: list[str]
    best: str


class _File(Strict):
    basis: str
    on: str
    scoring: Annotated[dict[str, Scoring], Field(min_length=1)]
    units: dict[str, str] = Field({})
    vetoes: list[VetoRule] = Field([])
    new_customer: NewRule | None = Field(default=None, validate_default=False)
    migration: MigrationRule | None = Field(default=None, validate_default=False)


@dataclass(frozen=True)
class Policy:
    """A credit policy as plain data, for a scorer to take.

    Attributes
    ----------
    basis, on : str
        What the numbers rest on, and their date.
    scoring : dict of str to dict
        `values`, `points` and `missing` of each indicator.
    units : dict of str to str
    vetoes : list of dict
        `name`, `indicator`, `at_least`, `grade`, in the order in which they are asked.
    new_customer, migration : dict or None
    bands : dict of str to float
        Least score of each grade, the best first.
    judgements : Path
        File of the pairwise comparisons.
    """

    basis: str
    on: str
    scoring: dict
    units: dict
    vetoes: list
    new_customer: dict | None
    migration: dict | None
    bands: dict
    judgements: Path


def read_policy(region=None, path: str | Path | None = None) -> Policy:
    """Read a credit policy: the library's own, with what a region declares.

    Parameters
    ----------
    region : Region, optional
        Its `credit` section of region.yaml gives grades and a file of judgements. Where
        it renames the grades, the cap on new customers and the limits on climbing are
        read by position: the best grade that either allows is the middle one.
    path : path, optional
        Another policy file than the library's.

    Returns
    -------
    policy : Policy

    Raises
    ------
    InputError
        If a file is missing or a key of it unknown, of the wrong kind or out of range.

    Examples
    --------
    >>> policy = read_policy()
    >>> policy.bands["AAA"], policy.vetoes[0]["indicator"], policy.judgements.name
    (90.0, 'n_breaches', 'judgements.yaml')
    """
    file = FOLDER / "policy.yaml" if path is None else Path(path)
    values, _ = read_yaml(file)
    try:
        read = _File.model_validate(values)
    except ValidationError as error:
        faults = "; ".join(
            f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}"
            for fault in error.errors()
        )
        raise InputError(
            f"{file.name}: {faults}. See {FOLDER.name}/policy.yaml."
        ) from None
    found = read.model_dump()
    declared = None if region is None else region.settings.credit
    bands, judgements = dict(BANDS), FOLDER / "judgements.yaml"
    if declared is not None:
        if declared.grades is not None:
            bands = {**declared.grades, declared.worst: 0.0}
        if declared.judgements is not None:
            judgements = region.path / declared.judgements
    if list(bands) != list(BANDS):
        names = list(bands)
        middle = names[len(names) // 2]
        if found["new_customer"]:
            found["new_customer"]["best"] = middle
        if found["migration"]:
            found["migration"] = {"low": names[len(names) // 2 + 1 :], "best": middle}
        for veto in found["vetoes"]:
            veto["grade"] = None
    return Policy(bands=bands, judgements=judgements, **found)


def with_derived(indicators: pd.DataFrame) -> pd.DataFrame:
    """Indicators with those that the policy makes of others.

    Parameters
    ----------
    indicators : DataFrame
        As `features.payment.credit_indicators` gives them.

    Returns
    -------
    indicators : DataFrame
        With `broken_instalment`: 1 where an instalment plan was agreed and a bill is
        unpaid past its due date all the same (the tables do not say which bills a plan
        covers: assumption); NaN where the region tells of no plans.

    Examples
    --------
    >>> found = with_derived(pd.DataFrame(
    ...     {"has_instalment": [1.0, 1.0, None], "unpaid_bills": [2.0, 0.0, 1.0]}))
    >>> found["broken_instalment"].tolist()
    [1.0, 0.0, nan]
    """
    broken = (indicators["has_instalment"] > 0) & (indicators["unpaid_bills"] > 0)
    known = indicators["has_instalment"].notna()
    return indicators.assign(broken_instalment=broken.astype(float).where(known))
