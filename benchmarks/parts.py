"""What is measured: one part a question, each a table of results of its own.

A part's function gives a table with one row a way, `wall_s`, `cpu_s` and `peak_gb`
among its columns; it compares the answers before it times them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Part:
    """A question, how it is asked, and how its answer reads.

    Attributes
    ----------
    title : str
        The question.
    function : str
        ``module:function``; called with ``folder``, ``repeats``, and `small` or `full`.
    small, full : mapping
        Its other arguments: for a look of a minute or two, and for the record. May
        say ``repeats``, where three would take too long.
    way : str
        Column that names who was measured.
    ours : str, optional
        The way that is ours; the others are held against it.
    besides : tuple of str
        Ways that nobody is told to be slower than: other ways of ours, and floors such
        as reading the columns and no more.
    by : tuple of str
        Columns that tell cases apart; ways are compared within a case.
    note : str
        What a reader must know to read the table.
    growth : mapping
        Ways whose times by `customers` belong into the picture of growth, and what
        each is called there.
    """

    title: str
    function: str
    small: Mapping[str, Any] = field(default_factory=dict)
    full: Mapping[str, Any] = field(default_factory=dict)
    way: str = "way"
    ours: str | None = None
    besides: tuple[str, ...] = ()
    by: tuple[str, ...] = ()
    note: str = ""
    growth: Mapping[str, str] = field(default_factory=dict)


OF_FEATURES = (
    "scan of the columns",
    "scan, ids as numbers",
    "research --jobs 1",
    "research --jobs 2",
    "research, Dask of 2",
    "Polars, file by file",
    "DuckDB, file by file",
)
SCAN_AND_OURS = ("scan of the columns", "research --jobs 2")

PARTS = {
    "features": Part(
        "Load features of a year of every customer, from files",
        "benchmarks.features_from_files:results",
        small={"n_customers": 200},
        full={"n_customers": 10_000, "only": OF_FEATURES},
        way="engine",
        ours="research --jobs 2",
        besides=OF_FEATURES[:5],
        note="A year of readings every 15 minutes from Parquet. Ours also looks for "
        "what must be repaired and writes a table that survives a kill; Polars and "
        "DuckDB repair nothing. When the area has its peak each finds by itself.",
    ),
    "billion": Part(
        "The same for a billion readings",
        "benchmarks.features_from_files:results",
        small={"n_customers": 400, "only": SCAN_AND_OURS},
        full={"n_customers": 30_000, "only": SCAN_AND_OURS},
        way="engine",
        ours="research --jobs 2",
        besides=SCAN_AND_OURS,
        note="Whether memory stays and time grows as the readings do.",
    ),
    "commands": Part(
        "What do import, check and features cost a reading?",
        "benchmarks.commands:results",
        small={"customers": [20, 200]},
        full={"customers": [100, 300, 1000, 3000]},
        by=("customers",),
        note="Whole commands, start of Python included: a year of readings every 15 "
        "minutes from one csv, features with `--jobs 1`. The costs of "
        "[docs/scaling.md](../docs/scaling.md) are those of the largest size here.",
        growth={way: way for way in ("import", "check", "features")},
    ),
    "importing": Part(
        "Import of a csv in the order of time",
        "benchmarks.importing:results",
        small={"rows": [1_000_000]},
        full={"rows": [20_000_000, 100_000_000], "repeats": 1},
        ours="research import",
        besides=("DuckDB, sort and copy",),
        by=("rows",),
        note="Ours also judges every row by the rules, sets aside what breaks them, "
        "looks at every series and writes files of whole customers; DuckDB with as "
        "much memory sorts and writes, no more. Each size once: a run takes minutes.",
    ),
    "kmeans": Part(
        "k-means with fifty starts",
        "benchmarks.at_scale:kmeans",
        small={"customers": [1_000, 3_000]},
        full={"customers": [1_000, 10_000, 100_000, 1_000_000], "repeats": 1},
        ours="research",
        by=("customers",),
        note="Eight segments; `over_best` is the inertia above the best that any way "
        "found. Above 20,000 customers our starts see a sample and the end is on all. "
        "MiniBatch has ten starts.",
        growth={"research": "k-means, 50 starts"},
    ),
    "silhouettes": Part(
        "The silhouette, exactly",
        "benchmarks.at_scale:silhouettes",
        small={"customers": [1_000]},
        full={"customers": [1_000, 10_000]},
        ours="research",
        by=("customers",),
        note="The means agree within .0001.",
    ),
    "maps": Part(
        "Self-organizing map, one customer shown once",
        "benchmarks.at_scale:maps",
        small={"customers": [1_000]},
        full={"customers": [1_000, 10_000]},
        ours="research",
        by=("customers",),
        note="Grid of 12 x 13, hexagonal. Ours shows all customers at a time, fifty "
        "times; MiniSom one after the other, ten times. Held against each other by "
        "`us_a_visit`; the whole training takes the wall time.",
    ),
    "segmenters": Part(
        "Segmenters by the number of customers: learn, then score all",
        "benchmarks.at_scale:growth",
        small={"customers": [1_000, 3_000]},
        full={"customers": [1_000, 10_000, 100_000, 1_000_000], "repeats": 1},
        besides=("k-means", "mixture", "map", "Ward"),
        by=("customers",),
        note="Eight segments, 20 starts of k-means. Mixture and Ward learn on a sample "
        "of 50,000 where there are more; all are scored.",
        growth={"mixture": "mixture", "map": "map", "Ward": "Ward"},
    ),
    "each_customer": Part(
        "Features one customer at a time?",
        "benchmarks.each_customer:results",
        small={"n_customers": 20},
        full={"n_customers": 300},
        ours="research",
        besides=("research, compiled",),
        note="A year of 15 minutes a customer, in memory, one core. tsfresh's minimal "
        "set is ten numbers that know no day. Mean and largest load of each customer "
        "are compared.",
    ),
    "payers": Part(
        "Recency, frequency and amount of payers",
        "benchmarks.payers:results",
        small={"customers": [1_000, 10_000]},
        full={"customers": [1_000, 10_000, 100_000, 1_000_000]},
        ours="research",
        by=("customers",),
        note="24 payments a customer in two years, from Parquet; the last year is "
        "asked for. Ours also takes refunds off and leaves out what was taken back.",
        growth={"research": "payers"},
    ),
    "networks": Part(
        "What does the hybrid network cost beside k-means?",
        "benchmarks.networks:results",
        small={"customers": [300]},
        full={"customers": [1_000, 3_000, 10_000, 30_000]},
        ours="k-means",
        besides=("PCA, then mixture", "graph, one network", "graph, consensus of five"),
        by=("customers",),
        note="Mean days of 96 readings of thirteen planted families, the number of "
        "segments given; `ari` is the adjusted Rand index against the truth. "
        "`docs/hybrid.md` says when it pays.",
        growth={"graph, one network": "hybrid network"},
    ),
    "one_region": Part(
        "One region's pages: ours against papermill and nbconvert, one by one",
        "benchmarks.published:one_region",
        small={"region": "data/uci_credit", "notebooks": ["01_data_quality"]},
        full={
            "region": "data/london",
            "notebooks": [
                "01_data_quality",
                "02_load_segments",
                "03_hybrid_network",
                "06_method_comparison",
            ],
        },
        ours="research report --jobs 2",
        besides=("research report --jobs 1",),
        note="The same notebooks. The commands export with nbconvert's own template, "
        "ours with its checks, its translations and its index; both must end with "
        "every page.",
    ),
    "reports": Part(
        "`make reports`",
        "benchmarks.published:whole",
        small={"regions": ["data/uci_credit"], "notebooks": ["01_data_quality"]},
        full={
            "regions": [
                f"data/{name}"
                for name in ("london", "uci_credit", "haihe", "hetao", "minjiang")
            ],
            "repeats": 1,
        },
        way="region",
        note="Two notebooks at a time, all pages made anew; the regions are there. "
        "Regions share the wall time, so that each has the sum of its pages' seconds.",
    ),
}

NOT_MEASURED = {
    "a cluster of several machines": "there was one machine; what a cluster adds is "
    "known from a Dask cluster of two local workers only.",
    "Spark": "the function mapped over the files took 2.2 times the threads' time when "
    "it was tried, start of the virtual machine included; it is no part of the lock.",
    "tsfresh's efficient and comprehensive sets": "7 s a customer-year in an earlier "
    "trial, 20 hours for 10,000; the minimal set stands for it.",
    "accelerators": "nothing here uses one; the networks are small dense layers.",
}
