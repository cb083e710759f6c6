"""Runs that fail in every way a run can fail, and what is published then."""

import json
import os
import shutil
import subprocess
import sys
import time

import nbformat
import pandas as pd
import pytest
from planted import planted_readings, write_region
from small_notebooks import GOOD, write_notebook

from research.region import InputError, Region, read_region
from research.report import batch, lock
from research.report.jobs import is_done
from research.report.publish import read_manifest, verify

pytestmark = pytest.mark.slow  # each test starts a kernel


@pytest.fixture
def out(tmp_path):
    return tmp_path / "reports"


@pytest.fixture
def run(tmp_path, tiny, out):
    """Run notebooks made of the given cells for the tiny region."""

    def run_cells(given=None, limits=None, force=False, regions=None, **cells):
        paths = [
            write_notebook(tmp_path / "nbs", name, *sources)
            for name, sources in cells.items()
        ]
        jobs = batch.plan(regions or [tiny], paths, out, given or {}, force=force)
        return batch.run(jobs, out, workers=2, limits=limits)

    return run_cells


def statuses(outcomes):
    return {outcome.job.name: outcome.status for outcome in outcomes}


def published(out):
    return sorted(
        p.relative_to(out).as_posix()
        for p in out.rglob("*")
        if p.is_file() and not p.name.startswith(".")
    )


def record_of(out, name):
    """Where a notebook that failed is kept: beside the reports."""
    return out.with_name(f"{out.name}-logs") / "tiny" / f"{name}.failed.ipynb"


def test_a_good_run_publishes_page_tables_indices_and_manifest(run, out):
    assert statuses(run(one=[GOOD])) == {"one": "done"}
    assert published(out) == [
        "index.html",
        "index.zh.html",
        "search.html",
        "search.zh.html",
        "tiny/index.html",
        "tiny/index.zh.html",
        "tiny/manifest.json",
        "tiny/one.html",
        "tiny/one.zh.html",
        "tiny/tables/one.numbers.csv",
    ]
    manifest = read_manifest(out / "tiny")
    assert [page["notebook"] for page in manifest["pages"]] == ["one"]
    assert verify(out / "tiny") == []


def test_a_failing_cell_publishes_nothing_of_its_notebook_and_stops_no_other(run, out):
    outcomes = run(bad=["x = 1", "1 / 0", GOOD], good=[GOOD])
    assert statuses(outcomes) == {"bad": "failed", "good": "done"}
    bad = outcomes[0]
    assert (bad.cell, bad.cause) == (4, "ZeroDivisionError: division by zero")
    files = published(out)
    assert "tiny/good.html" in files
    assert not any("bad" in name for name in files)
    kept = nbformat.read(record_of(out, "bad"), as_version=4)
    assert any(
        output.output_type == "error"
        for cell in kept.cells
        if cell.cell_type == "code"
        for output in cell.outputs
    )
    note = read_manifest(out / "tiny")["failed"][0]
    assert (note["notebook"], note["cell"]) == ("bad", 4)
    index = (out / "tiny" / "index.html").read_text()
    assert "bad" in index
    assert "ZeroDivisionError" in index


def test_what_an_error_says_stays_out_of_published_files(run, out):
    run(bad=["raise ValueError('customer 0371001')"], good=[GOOD])
    for path in out.rglob("*"):
        if path.is_file():
            assert b"0371001" not in path.read_bytes()


def test_warnings_and_logs_stay_out_of_the_page(run, out):
    warn = "import warnings; warnings.warn('C1' + '000')"
    log = "import sys; print('C1' + '000', file=sys.stderr)"
    assert statuses(run(one=[warn, log, GOOD])) == {"one": "done"}
    assert "C1000" not in (out / "tiny" / "one.html").read_text()


@pytest.mark.parametrize(
    ("cells", "cell", "words"),
    [
        (["import sys; sys.exit(0)", GOOD], 3, "ended early"),
        (["import os, signal; os.kill(os.getpid(), signal.SIGKILL)", GOOD], 3, "died"),
        (["while True: pass", GOOD], 3, "time-out"),
    ],
    ids=["exit", "killed", "endless"],
)
def test_a_run_that_did_not_end_is_no_report(run, out, cells, cell, words):
    limits = batch.Limits(cell_seconds=4)
    outcome = run(bad=cells, limits=limits)[0]
    assert outcome.status == "failed"
    assert words in outcome.cause
    assert outcome.cell == cell
    assert not (out / "tiny" / "bad.html").exists()
    assert record_of(out, "bad").exists()


def test_a_figure_without_words_fails_its_notebook(run, out):
    bare = "import matplotlib.pyplot as plt\nplt.plot([1, 2]);"
    outcome = run(bad=[bare])[0]
    assert outcome.status == "failed"
    assert "page refused" in outcome.cause
    assert record_of(out, "bad").exists()


def test_what_does_not_apply_is_skipped_with_its_reason(run, out):
    cell = "from research.region import NotApplicable\nraise NotApplicable('no meters')"
    outcome = run(one=[cell])[0]
    assert (outcome.status, outcome.cause) == ("skipped", "no meters")
    assert "no meters" in (out / "tiny" / "index.html").read_text()
    assert not record_of(out, "one").exists()


def test_a_page_outlives_a_later_failure_and_the_failure_a_later_success(run, out):
    run(one=[GOOD])
    before = (out / "tiny" / "one.html").read_bytes()
    assert statuses(run(one=["1 / 0"])) == {"one": "failed"}
    assert (out / "tiny" / "one.html").read_bytes() == before
    assert statuses(run(one=[GOOD], force=True)) == {"one": "done"}
    assert read_manifest(out / "tiny")["failed"] == []
    assert not record_of(out, "one").exists()


def test_nothing_changed_is_nothing_done(run, out, tiny):
    run(one=[GOOD])
    before = {p: p.stat().st_mtime_ns for p in out.rglob("one.html")}
    assert statuses(run(one=[GOOD])) == {"one": "fresh"}
    assert {p: p.stat().st_mtime_ns for p in out.rglob("one.html")} == before
    assert statuses(run(one=[GOOD], given={"factor": "3"})) == {"one": "done"}
    path = tiny / "region.yaml"
    path.write_text(path.read_text() + "currency: GBP\n")
    assert statuses(run(one=[GOOD], given={"factor": "3"})) == {"one": "done"}


def test_tables_that_a_page_no_longer_has_are_removed(run, out):
    run(one=[GOOD])
    run(one=[GOOD.replace('"numbers"', '"others"')])
    assert "tiny/tables/one.numbers.csv" not in published(out)
    assert verify(out / "tiny") == []


def test_a_changed_or_missing_file_is_told(run, out):
    run(one=[GOOD])
    page = out / "tiny" / "one.html"
    page.write_text(page.read_text() + " ")
    (out / "tiny" / "tables" / "one.numbers.csv").unlink()
    faults = " ".join(verify(out / "tiny"))
    assert "one.html: changed" in faults
    assert "one.numbers.csv: missing" in faults


def test_parameters_reach_the_notebook_by_their_type(run, out):
    check = "assert factor == 7 and type(factor) is int, factor"
    assert statuses(run(one=[check, GOOD], given={"factor": "7"})) == {"one": "done"}


def refusal(run, **kwargs):
    with pytest.raises(InputError) as caught:
        run(one=[GOOD], **kwargs)
    return str(caught.value)


def test_wrong_calls_are_refused_before_anything_is_written(run, out, tiny, tmp_path):
    assert "Did you mean factor" in refusal(run, given={"facto": "3"})
    assert "whole number" in refusal(run, given={"factor": "x"})
    assert "not as a parameter" in refusal(run, given={"region": "x"})
    assert "wanted, found nothing" in refusal(run, regions=[tmp_path / "nowhere"])
    twin = shutil.copytree(tiny, tmp_path / "twin")
    assert "two regions are called 'tiny'" in refusal(run, regions=[tiny, twin])
    assert not out.exists()


def test_an_output_that_is_a_file_is_refused_before_the_run(run, out):
    out.write_text("")
    assert "is a file" in refusal(run)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_an_output_without_permission_is_refused_before_the_run(run, out):
    out.mkdir(mode=0o500)
    assert "can not be written" in refusal(run)


def test_a_kernel_that_does_not_exist_is_refused_with_those_that_do(
    tmp_path, tiny, out
):
    path = write_notebook(tmp_path / "nbs", "one", GOOD)
    notebook = nbformat.read(path, as_version=4)
    notebook.metadata["kernelspec"]["name"] = "nokernel"
    nbformat.write(notebook, path)
    with pytest.raises(InputError, match=r"nokernel.*python3"):
        batch.run(batch.plan([tiny], [path], out, {}), out)


def test_a_second_run_on_the_same_reports_is_refused(tmp_path, tiny, out, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["/bin/research", "report", "tiny"])
    path = write_notebook(tmp_path / "nbs", "one", GOOD)
    jobs = batch.plan([tiny], [path], out, {})
    out.mkdir()
    told = rf"another run .*\(process {os.getpid()}, since 20.*: research report tiny\)"
    with lock.held(out, "tiny"), pytest.raises(InputError, match=told):
        batch.run(jobs, out)
    assert not list(out.glob(".*.holder"))


def test_after_a_run_that_was_cut_off_the_next_one_says_so(tmp_path, tiny, out):
    path = write_notebook(tmp_path / "nbs", "one", GOOD)
    noted = []
    jobs = batch.plan([tiny], [path], out, {})
    out.mkdir()
    (out / ".tiny.holder").write_text("process 1, since yesterday: research report")
    batch.run(jobs, out, progress=batch.Progress(noted=noted.append))
    assert noted == [
        "tiny: going on from a run cut off, process 1, since yesterday: research report"
    ]
    batch.run(batch.plan([tiny], [path], out, {}), out)
    assert len(noted) == 1


def test_data_that_change_while_they_are_read_make_no_page(run, out):
    settings = "(Path(region) / 'region.yaml')"
    touch = f"from pathlib import Path\n{settings}.touch()"
    write = f"with {settings}.open('a') as file:\n    file.write('# more')"
    assert statuses(run(one=[touch, GOOD])) == {"one": "done"}
    (outcome,) = run(two=[touch, write, GOOD])
    assert outcome.status == "failed"
    assert outcome.cause.startswith("data changed while it was read: region.yaml")
    assert not (out / "tiny" / "two.html").exists()


def test_why_a_notebook_would_run_is_told(tmp_path, run, tiny, out):
    def why(*sources, **given):
        path = write_notebook(tmp_path / "nbs", "one", *sources)
        (job,) = batch.plan([tiny], [path], out, given)
        return job.why

    assert why(GOOD) == "never published"
    run(one=[GOOD])
    assert why(GOOD) == ""
    assert why(GOOD, factor="3") == "parameters changed"
    assert why("x = 1", GOOD, factor="3") == "notebook and parameters changed"
    path = tiny / "region.yaml"
    path.write_text(path.read_text() + "currency: GBP\n")
    assert why(GOOD) == "data changed"
    (out / "tiny" / "one.html").unlink()
    assert why(GOOD) == "its page is gone"


@pytest.mark.parametrize(
    ("languages", "pages"),
    [(("en",), ["one.html"]), (("zh",), ["one.html"]), (("en", "zh"), None)],
)
def test_a_page_in_the_languages_that_are_asked_for(
    tmp_path, tiny, out, languages, pages
):
    path = write_notebook(tmp_path / "nbs", "one", GOOD)
    jobs = batch.plan([tiny], [path], out, {}, languages=languages)
    batch.run(jobs, out, languages=languages)
    found = sorted(p.name for p in (out / "tiny").glob("one*.html"))
    assert found == (pages or ["one.html", "one.zh.html"])
    html = (out / "tiny" / found[-1]).read_text("utf-8")
    assert ('lang="zh-Hans">' in html.split("<head>")[0]) == ("zh" in languages)
    assert ('id="language"' in html) == (len(languages) > 1)
    assert verify(out / "tiny") == []


def test_a_region_that_can_not_be_read_stops_no_other_and_is_told(tmp_path, tiny, out):
    broken = shutil.copytree(tiny, tmp_path / "broken")
    (broken / "region.yaml").write_text("name: [")
    cut = shutil.copytree(tiny, tmp_path / "cut")
    yaml = (cut / "region.yaml").read_text().replace("name: tiny", "name: cut")
    (cut / "region.yaml").write_text(yaml)
    part = next((cut / "readings").glob("*.parquet"))
    part.write_bytes(part.read_bytes()[:100])
    path = write_notebook(tmp_path / "nbs", "one", GOOD)
    regions, unread = batch.readable([broken, tiny, cut])
    assert [region.name for region in regions] == ["tiny"]
    assert [one.path for one in unread] == [broken, cut]
    outcomes = batch.run(batch.plan(regions, [path], out, {}), out, unread=unread)
    assert statuses(outcomes) == {"one": "done"}
    for name in ("broken", "cut"):
        assert "could not be read" in (out / name / "index.html").read_text("utf-8")
    index = (out / "index.html").read_text("utf-8")
    assert index.count("Could not be read on") == 2
    yaml = (tiny / "region.yaml").read_text().replace("name: tiny", "name: cut")
    shutil.rmtree(cut)
    shutil.copytree(tiny, cut)
    (cut / "region.yaml").write_text(yaml)
    batch.run(batch.plan([cut], [path], out, {}), out)
    assert "could not be read" not in (out / "cut" / "index.html").read_text("utf-8")


def test_a_region_that_is_again_as_it_was_is_no_longer_told_as_unread(run, tiny, out):
    run(one=[GOOD])
    batch.run([], out, unread=[batch.Unread(tiny, "half a file")])
    index = out / "tiny" / "index.html"
    assert "could not be read" in index.read_text("utf-8")
    jobs = batch.plan([tiny], [out.parent / "nbs" / "one.ipynb"], out, {})
    assert [job.fresh for job in jobs] == [True]
    assert not is_done(jobs, out, ("en", "zh"))
    batch.run(jobs, out)
    assert "could not be read" not in index.read_text("utf-8")
    assert is_done(jobs, out, ("en", "zh"))


def test_a_region_whose_tables_are_wrong_has_nothing_run(tmp_path, tiny, out):
    twice = shutil.copytree(tiny, tmp_path / "twice")
    yaml = (twice / "region.yaml").read_text().replace("name: tiny", "name: twice")
    (twice / "region.yaml").write_text(yaml)
    customers = pd.read_parquet(twice / "customers.parquet")
    pd.concat([customers, customers]).to_parquet(twice / "customers.parquet")
    path = write_notebook(tmp_path / "nbs", "one", GOOD)
    jobs = batch.plan([tiny, read_region(twice)], [path], out, {})
    left, (wrong,) = batch.checked(jobs, Region.check)
    assert [job.place for job in left] == ["tiny"]
    assert wrong.path == twice
    assert "customer_id" in wrong.reason
    with pytest.raises(InputError, match="customer_id"):
        batch.checked(jobs[1:], Region.check)


def test_a_region_with_nothing_to_run_is_not_looked_at_again(run, tiny, out):
    run(one=[GOOD])
    jobs = batch.plan([tiny], [out.parent / "nbs" / "one.ipynb"], out, {})
    assert batch.checked(jobs, lambda region: 1 / 0) == (jobs, [])


def test_where_no_region_can_be_read_the_call_is_wrong(tmp_path):
    with pytest.raises(InputError, match=r"(?s)one.*two"):
        batch.readable([tmp_path / "one", tmp_path / "two"])


def test_a_killed_run_leaves_whole_pages_and_the_next_one_finishes(tmp_path, tiny, out):
    write_notebook(tmp_path / "nbs", "one", GOOD)
    write_notebook(tmp_path / "nbs", "two", "import time; time.sleep(30)", GOOD)
    command = [sys.executable, "-m", "research.cli", "report", str(tiny)]
    command += ["--notebooks", str(tmp_path / "nbs"), "--out", str(out), "--jobs", "1"]
    started = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while not (out / "tiny" / "manifest.json").exists():
        assert time.monotonic() < deadline
        time.sleep(0.1)
    started.kill()
    started.wait()
    assert verify(out / "tiny") == []
    write_notebook(tmp_path / "nbs", "two", GOOD)
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    manifest = json.loads((out / "tiny" / "manifest.json").read_text())
    assert [page["notebook"] for page in manifest["pages"]] == ["one", "two"]
    assert not list(out.rglob(".stage-*"))


def test_two_regions_get_an_index_each_and_one_for_both(tmp_path, tiny, run, out):
    yaml = (tiny / "region.yaml").read_text().replace("tiny", "other")
    other = write_region(tmp_path / "other", planted_readings(12, 40)[0], yaml)
    outcomes = run(one=[GOOD], regions=[tiny, other])
    assert [outcome.status for outcome in outcomes] == ["done", "done"]
    index = (out / "index.html").read_text()
    assert "tiny/index.html" in index
    assert "other/index.html" in index
