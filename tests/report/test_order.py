"""The longest notebooks begin first, and kernels are told what the batch knows."""

from pathlib import Path
from types import SimpleNamespace

import pytest
from small_notebooks import GOOD, write_notebook

from research.report import batch
from research.report.order import longest_first


def order(*jobs, **seconds):
    """Order of jobs written as place/name; seconds of pages as place__name."""
    planned = [
        SimpleNamespace(place=place, name=name)
        for place, _, name in (job.partition("/") for job in jobs)
    ]
    manifests = {job.place: {"pages": []} for job in planned}
    for page, took in seconds.items():
        place, _, name = page.partition("__")
        manifests[place]["pages"].append({"notebook": name, "seconds": took})
    return [jobs[number] for number in longest_first(planned, manifests)]


def test_what_took_longest_the_last_time_begins_first():
    assert order("a/x", "a/y", "b/x", a__x=3, a__y=70, b__x=9) == ["a/y", "b/x", "a/x"]


def test_what_was_never_published_takes_as_long_as_in_other_regions():
    found = order("a/x", "a/y", "b/y", "b/x", a__x=10, a__y=40, b__x=50)
    assert found == ["b/x", "a/y", "b/y", "a/x"]


def test_of_what_is_known_nowhere_the_three_long_ones_begin_first():
    notebooks = Path(__file__).parents[2] / "notebooks"
    names = [path.stem for path in sorted(notebooks.glob("*.ipynb"))]
    found = order(*(f"a/{name}" for name in names))
    assert [name[2:4] for name in found[:3]] == ["06", "03", "02"]
    assert found[3:] == [f"a/{n}" for n in names if n[:2] not in ("02", "03", "06")]


@pytest.mark.slow
def test_a_batch_begins_with_the_longest_and_ends_with_what_is_about_all(
    tmp_path, tiny
):
    folder, out, begun = tmp_path / "nbs", tmp_path / "reports", []
    every = write_notebook(folder, "all", GOOD, declared='reports: str = "reports"')
    short = write_notebook(folder, "one", GOOD)
    long = write_notebook(folder, "two", "import time; time.sleep(3)", GOOD)
    progress = batch.Progress(started=lambda job: begun.append(job.name))

    def run():
        jobs = batch.plan([tiny], [every, short, long], out, {}, force=True)
        outcomes = batch.run(jobs, out, progress=progress)
        assert [o.job.name for o in outcomes] == ["one", "two", "all"]
        assert {o.status for o in outcomes} == {"done"}

    run()
    assert begun == ["one", "two", "all"]
    begun.clear()
    run()
    assert begun == ["two", "one", "all"]


@pytest.mark.slow
def test_no_kernel_hashes_a_region_that_the_batch_has_hashed(tmp_path, tiny):
    ask = """
from research.region import cache, read_region
del cache._read_key
import pandas as pd
table = cache.kept(lambda: pd.DataFrame({"x": [1]}), "one", read_region(region))"""
    path = write_notebook(tmp_path / "nbs", "one", ask, GOOD)
    out = tmp_path / "reports"
    (outcome,) = batch.run(batch.plan([tiny], [path], out, {}), out)
    assert outcome.status == "done", outcome.cause
