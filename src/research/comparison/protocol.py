"""What a comparison will do, written down before any result is known.

A protocol is a small YAML file. It is read strictly, its sha256 is printed in the
report, and `research.comparison.planned` holds the runs against it, so that nothing is
tried until it wins and nothing that lost goes missing. Weights of criteria are plain
numbers here; who judges in pairs works them out before. A whole one::

    question: Which segments foretell the next quarter best?
    methods:
      k-means: {settings: {n_init: 20}}
      RFM: {features: [payments], takes_k: false, takes_seed: false}
    old_classes: [industry, tariff]      # [] where there are none
    features: [load_shape]
    k: {grid: [4, 5, 6], main: 5}
    seeds: {main: [0, 1, 2, 3, 4], other: [10, 11, 12, 13, 14]}
    replicates: {kind: bootstrap, number: 20}
    sample: 20000                        # customers at most; left out, see `run_trials`
    metrics:
      R2 energy: {better: higher, worst: 0, best: 1}
      jaccard: {better: higher, worst: 0, best: 1}
    primary: R2 energy
    decision: {by: primary, weights: {R2 energy: 0.7, jaccard: 0.3}, margin: 0.01}

A random partition and one segment are always among the methods, and the old classes.
"""

from types import MappingProxyType
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    model_validator,
)

WEIGHTED = "weighted criteria"
"""Name of the score that the weights of a decision rule make of the others."""


def _no_value_twice(values):
    for value in values:
        if values.count(value) > 1:
            raise ValueError(f"{value} stands twice; keep one")
    return values


Finite = Annotated[float, Field(allow_inf_nan=False)]
Name = Annotated[str, Field(min_length=1)]
# A list of YAML becomes a tuple, a mapping one that is read only: what was read, and
# its hash stands for, does not change.
_Once = AfterValidator(_no_value_twice)
_ReadOnly = AfterValidator(MappingProxyType)
Names = Annotated[tuple[Name, ...], Field(strict=False), _Once]
Seed = Annotated[int, Field(ge=0, le=4294967295)]
Seeds = Annotated[tuple[Seed, ...], Field(strict=False, min_length=1), _Once]
Setting = bool | int | Finite | str | None
Settings = Annotated[
    dict[str, Setting | Annotated[tuple[Setting, ...], Field(strict=False)]], _ReadOnly
]


Weights = Annotated[dict[str, Annotated[float, Field(ge=0, le=1)]], _ReadOnly]


def _empty():
    return MappingProxyType({})


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class MethodPlan(_Strict):
    """A method and everything it is set to.

    Attributes
    ----------
    settings : dict
        Parameters; a value is a number, a word, true, false, null or a list of them.
    features : tuple of str
        What it sees, where that is not what all methods see.
    takes_k, takes_seed : bool
        Whether it is run for each number of segments, and for each seed. One that takes
        none stands beside every one of the others.
    """

    settings: Settings = Field(default_factory=_empty)
    features: Names = ()
    takes_k: bool = True
    takes_seed: bool = True


class NumberPlan(_Strict):
    """Numbers of segments.

    Attributes
    ----------
    grid : tuple of int
    main : int
        The number the verdict is for; one less and one more are in the grid too.
    """

    grid: Annotated[
        tuple[Annotated[int, Field(ge=2)], ...],
        Field(strict=False, min_length=1),
        _Once,
    ]
    main: Annotated[int, Field(ge=2)]

    @model_validator(mode="after")
    def _neighbours_are_run(self):
        wanted = [k for k in (self.main - 1, self.main, self.main + 1) if k > 1]
        lacking = [str(k) for k in wanted if k not in self.grid]
        if lacking:
            raise ValueError(
                f"grid lacks {', '.join(lacking)}: a verdict for {self.main} segments "
                "has to stand with one less and one more; add them to grid"
            )
        return self


class SeedPlan(_Strict):
    """Seeds of the verdict, and other ones under which it has to stand."""

    main: Seeds
    other: Seeds

    @model_validator(mode="after")
    def _lie_apart(self):
        both = set(self.main) & set(self.other)
        if both:
            raise ValueError(
                f"main and other share seed {min(both)}; take other numbers for other"
            )
        return self


class ReplicatePlan(_Strict):
    """How customers are drawn again, and how often.

    Attributes
    ----------
    kind : str
        "bootstrap": as many customers, drawn with replacement. "splits": learnt from
        some, tested on the rest, split at random each time.
    number : int
    test_share : float or None
        Of splits: customers tested, of all.
    """

    kind: Literal["bootstrap", "splits"]
    number: Annotated[int, Field(ge=1)]
    test_share: Annotated[float, Field(gt=0, lt=1)] | None = None

    @model_validator(mode="after")
    def _share_goes_with_splits(self):
        if (self.kind == "splits") != (self.test_share is not None):
            raise ValueError(
                "test_share goes with kind: splits and with nothing else; "
                + ("add it" if self.kind == "splits" else "take it out")
            )
        return self

    @property
    def test_over_train(self) -> float:
        """Customers tested over customers learnt from, as `corrected_t` takes it."""
        if self.test_share is None:
            return 1.0
        return self.test_share / (1 - self.test_share)


class MetricPlan(_Strict):
    """A score and its direction.

    Attributes
    ----------
    better : str
        "higher" or "lower".
    worst, best : float or None
        What counts as 0 and as 1 where criteria are weighted: fixed beforehand, so that
        the methods compared do not set the scale they are judged on.
    """

    better: Literal["higher", "lower"]
    worst: Finite | None = None
    best: Finite | None = None

    @model_validator(mode="after")
    def _ends_run_the_right_way(self):
        if (self.worst is None) != (self.best is None):
            raise ValueError("worst and best go together; give both or neither")
        if self.worst is not None:
            rises = self.best > self.worst
            if self.best == self.worst or rises != (self.better == "higher"):
                raise ValueError(
                    f"better: {self.better} does not go with worst {self.worst:g} and "
                    f"best {self.best:g}; swap them or change better"
                )
        return self


class DecisionPlan(_Strict):
    """The rule that names a winner.

    Attributes
    ----------
    by : str
        "primary": the primary metric. "weights": the weighted mean of criteria.
    weights : dict of str to float
        Weight of each metric that counts; they sum to 1.
    level : float
        Of the intervals.
    margin : float
        Least lead that matters, in the unit of the score decided by.
    """

    by: Literal["primary", "weights"] = "primary"
    weights: Weights = Field(default_factory=_empty)
    level: Annotated[float, Field(gt=0.5, lt=1)] = 0.95
    margin: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0.0

    @model_validator(mode="after")
    def _weights_sum_to_one(self):
        total = sum(self.weights.values())
        if self.weights and abs(total - 1) > 1e-6:
            raise ValueError(f"weights sum to {total:g}; divide each by that")
        if self.by == "weights" and not self.weights:
            raise ValueError("by: weights needs weights; give them, or by: primary")
        return self


class Protocol(_Strict):
    """A comparison as it was planned; see `read_protocol`.

    Attributes
    ----------
    source, sha256 : str
        Name of the file, and the hash of its bytes.
    question : str
    methods : dict of str to MethodPlan
        The floors (a random partition, one segment) and the old classes included.
    old_classes : tuple of str
        Columns of classes that were there before.
    features : tuple of str
        What every method sees that says nothing else.
    k : NumberPlan
    seeds : SeedPlan
    replicates : ReplicatePlan
    sample : int or None
        Customers at most that are compared; of more, so many are drawn once, at
        random, by the first main seed. None: as many as `run_trials` takes.
    metrics : dict of str to MetricPlan
    primary : str
    decision : DecisionPlan
    regions : tuple of str
        Empty: whichever the runs are of.
    """

    source: str
    sha256: str
    question: Name
    methods: Annotated[dict[Name, MethodPlan], Field(min_length=1), _ReadOnly]
    old_classes: Names
    features: Annotated[Names, Field(min_length=1)]
    k: NumberPlan
    seeds: SeedPlan
    replicates: ReplicatePlan
    metrics: Annotated[dict[Name, MetricPlan], Field(min_length=1), _ReadOnly]
    primary: Name
    decision: DecisionPlan
    regions: Names = ()
    sample: Annotated[int, Field(ge=100)] | None = None

    @model_validator(mode="after")
    def _names_are_known(self):
        if self.primary not in self.metrics:
            raise ValueError(
                f"primary is {self.primary!r}, which is no metric; write one of "
                f"{', '.join(self.metrics)}"
            )
        if WEIGHTED in self.metrics:
            raise ValueError(
                f"{WEIGHTED!r} is made from the weights; rename the metric"
            )
        for name in self.decision.weights:
            if name not in self.metrics:
                raise ValueError(
                    f"decision.weights holds {name!r}, which is no metric; write one "
                    f"of {', '.join(self.metrics)}"
                )
            if self.metrics[name].worst is None:
                raise ValueError(
                    f"metrics.{name} has a weight and no worst and best; give what "
                    "counts as 0 and as 1"
                )
        return self

    @property
    def score(self) -> str:
        """Name of the score that decides."""
        by_weights = self.decision.by == "weights"
        return WEIGHTED if by_weights else self.primary

    @property
    def better(self) -> str:
        """Direction of the score that decides."""
        by_weights = self.decision.by == "weights"
        return "higher" if by_weights else self.metrics[self.primary].better

    def features_of(self, method: str) -> tuple[str, ...]:
        """What a method sees."""
        return self.methods[method].features or self.features
