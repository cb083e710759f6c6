"""Notebooks about all regions: planned once, run last, published beside the regions."""

import hashlib
import json

import pytest
from planted import planted_readings, write_region
from small_notebooks import write_notebook

from research.cli import main
from research.region import InputError
from research.report import batch, lock
from research.report.publish import read_manifest, verify
from research.report.published import fingerprint, read_published
from research.report.subject import all_regions

REGIONAL = """\
import pandas as pd
from research.report import display as show
rows = pd.DataFrame({"region": ["0371"], "x": [factor]})
show.table(rows, name="runs", caption="Runs", index=False)
"""
ACROSS = """\
import pandas as pd
from research.region import NotApplicable
from research.report import display as show
from research.report.published import read_published
found = read_published(reports, reads, "runs")
if len(found.tables) < 2:
    raise NotApplicable(f"{len(found.tables)} regions")
rows = pd.concat(found.tables, names=["of"]).reset_index(level=0)
show.table(rows, name="all", caption="All", index=False)
"""


def notebook(folder, name, parameters, *cells):
    return write_notebook(folder, name, *cells, declared=parameters)


@pytest.fixture
def notebooks(tmp_path):
    folder = tmp_path / "nbs"
    return [
        notebook(
            folder,
            "02_across",
            'reports: str = "reports"\nreads: str = "03_regional"',
            ACROSS,
        ),
        notebook(folder, "03_regional", 'region: str = "x"\nfactor: int = 2', REGIONAL),
    ]


@pytest.fixture
def other(tmp_path, tiny):
    yaml = (tiny / "region.yaml").read_text().replace("tiny", "other")
    return write_region(tmp_path / "other", planted_readings(12, 40)[0], yaml)


def planned(jobs):
    return [(job.place, job.name, job.fresh) for job in jobs]


def statuses(outcomes):
    return [(o.job.place, o.job.name, o.status) for o in outcomes]


def test_it_is_planned_once_and_after_all_others(tiny, other, notebooks, tmp_path):
    out = tmp_path / "out"
    jobs = batch.plan([tiny, other], notebooks, out, {})
    assert planned(jobs) == [
        ("tiny", "03_regional", False),
        ("other", "03_regional", False),
        ("across", "02_across", False),
    ]
    assert jobs[2].parameters["reports"].endswith("out")
    assert not out.exists()


def test_a_region_of_that_name_is_refused(tiny, notebooks, tmp_path):
    path = tiny / "region.yaml"
    path.write_text(path.read_text().replace("name: tiny", "name: Across"))
    with pytest.raises(InputError, match=r"'Across'.*another name in its region\.yaml"):
        batch.plan([tiny], notebooks[1:], tmp_path / "out", {})


def test_reports_are_named_as_a_folder(tiny, notebooks, tmp_path):
    with pytest.raises(InputError, match="reports is named as a folder"):
        batch.plan([tiny], notebooks, tmp_path / "out", {"reports": "x"})


def test_a_file_that_a_parameter_names_counts_by_what_is_in_it(tiny, tmp_path):
    path = notebook(tmp_path / "nbs", "one", 'region: str = "x"\nplan: str = "x"')
    file = tmp_path / "plan.yaml"
    file.write_text("a: 1")
    plan = [batch.plan([tiny], [path], tmp_path / "out", {"plan": str(file)})[0].key]
    file.write_text("a: 2")
    plan += [batch.plan([tiny], [path], tmp_path / "out", {"plan": str(file)})[0].key]
    assert plan[0] != plan[1]


def test_a_dry_run_lists_it(tiny, notebooks, tmp_path, monkeypatch, capsys):
    call = ["research", "report", str(tiny), "--dry-run"]
    call += ["--notebooks", str(tmp_path / "nbs"), "--out", str(tmp_path / "out")]
    monkeypatch.setattr("sys.argv", call)
    with pytest.raises(SystemExit) as ended:
        main()
    assert not ended.value.code
    assert capsys.readouterr().out.splitlines() == [
        "tiny  03_regional  would run: never published",
        "across  02_across  would run: never published",
    ]


@pytest.mark.slow
def test_it_reads_what_the_others_have_just_published(
    tiny, other, notebooks, tmp_path, monkeypatch
):
    monkeypatch.setattr("research.report.jobs.code_hash", lambda: "the same")
    out = tmp_path / "out"

    def run(regions=(tiny, other), **given):
        return statuses(batch.run(batch.plan(regions, notebooks, out, given), out))

    assert run([tiny]) == [
        ("tiny", "03_regional", "done"),
        ("across", "02_across", "skipped"),
    ]
    assert "across" not in (out / "index.html").read_text()
    assert "1 regions" in (out / "across" / "index.html").read_text()
    assert run()[1:] == [
        ("other", "03_regional", "done"),
        ("across", "02_across", "done"),
    ]
    table = out / "across" / "tables" / "02_across.all.csv"
    assert "\nother,0371,2\n" in table.read_text()
    manifest = read_manifest(out / "across")
    assert manifest["title"] == {"en": "All regions", "zh": "全部地区"}
    assert manifest["skipped"] == []
    assert verify(out / "across") == []
    assert "across/index.html" in (out / "index.html").read_text()
    assert {status for _, _, status in run()} == {"fresh"}
    # Another table of one region makes it stale, the same table made again does not.
    jobs = batch.plan([tiny], notebooks, out, {"factor": "3"})
    assert planned(jobs)[1] == ("across", "02_across", False)
    assert run([tiny], factor="3")[1] == ("across", "02_across", "done")
    assert "\ntiny,0371,3\n" in table.read_text()
    jobs = batch.plan([tiny], notebooks[1:], out, {"factor": "3"}, force=True)
    batch.run(jobs, out)
    assert run([tiny], factor="3") == [
        ("tiny", "03_regional", "fresh"),
        ("across", "02_across", "fresh"),
    ]
    table.write_text("changed")
    assert "changed since it was published" in verify(out / "across")[0]


@pytest.mark.slow
def test_it_waits_for_another_run_and_fails_if_that_does_not_end(
    tiny, notebooks, tmp_path
):
    out = tmp_path / "out"
    out.mkdir()
    quick = notebook(tmp_path / "nbs", "01", 'region: str = "x"', "two = 2")
    jobs = batch.plan([tiny], [quick, notebooks[0]], out, {})
    limits = batch.Limits(cell_seconds=5)
    with lock.held(out, "across"):
        done, waited = batch.run(jobs, out, limits=limits)
    assert (done.status, waited.status) == ("done", "failed")
    assert "another run" in waited.cause
    assert read_manifest(out / "tiny")["pages"], "the region is published all the same"
    assert "tiny/index.html" in (out / "index.html").read_text()


def published_region(out, region, **changes):
    folder = out / region
    (folder / "tables").mkdir(parents=True)
    csv = "\ufeffregion,x\n0371,'=1+1\n"
    (folder / "tables" / "03.runs.csv").write_text(csv, encoding="utf-8")
    digest = "ef7d8b8c2fdbc6d5bf2b1c2fa4c8ad6f"  # of something else
    page = {
        "notebook": "03",
        "files": [{"file": "tables/03.runs.csv", "sha256": changes.pop("sha", digest)}],
    }
    manifest = {"region": region, "pages": [page], "failed": [], "skipped": []}
    (folder / "manifest.json").write_text(json.dumps(manifest | changes))
    return folder


def test_tables_are_read_as_text_and_only_as_they_were_published(tmp_path):
    csv = "\ufeffregion,x\n0371,'=1+1\n".encode()
    sha = hashlib.sha256(csv).hexdigest()
    published_region(tmp_path, "good", sha=sha, title={"en": "Good", "zh": "好"})
    published_region(tmp_path, "changed")
    (published_region(tmp_path, "gone", sha=sha) / "tables/03.runs.csv").unlink()
    why = {"notebook": "03", "cause": "no bills", "cell": 2}
    published_region(tmp_path, "skipped", pages=[], skipped=[why])
    published_region(tmp_path, "broken", pages=[], failed=[why | {"cause": "KeyError"}])
    published_region(tmp_path, "never", pages=[])
    published_region(tmp_path, "across", sha=sha)
    found = read_published(tmp_path, "03", "runs")
    assert list(found.tables) == ["good"]
    assert found.tables["good"].to_dict("records") == [{"region": "0371", "x": "=1+1"}]
    assert found.titles["good"] == "Good 好"
    assert found.without == {
        "broken": "03 failed: KeyError",
        "changed": "its table runs was changed since it was published",
        "gone": "its table runs is missing",
        "never": "03 was not run",
        "skipped": "03 was not asked of it: no bills",
    }
    assert (
        "published no table other"
        in (read_published(tmp_path, "03", "other").without["good"])
    )


def test_the_fingerprint_counts_the_tables_that_are_read_alone(tmp_path):
    published_region(tmp_path, "a", sha="1")
    before = fingerprint(tmp_path, "03"), fingerprint(tmp_path, "04")
    manifest = json.loads((tmp_path / "a/manifest.json").read_text())
    manifest["pages"][0] |= {"made_at": "later", "sha256": "of another page"}
    (tmp_path / "a/manifest.json").write_text(json.dumps(manifest))
    assert (fingerprint(tmp_path, "03"), fingerprint(tmp_path, "04")) == before
    manifest["pages"][0]["files"][0]["sha256"] = "2"
    (tmp_path / "a/manifest.json").write_text(json.dumps(manifest))
    assert fingerprint(tmp_path, "03") != before[0]
    assert fingerprint(tmp_path, "04") == before[1]


def test_all_regions_tell_which_of_them_are_made_up_and_whose_data_they_are(tmp_path):
    published_region(tmp_path, "a", synthetic=True, attribution="Nobody's. CC0")
    assert all_regions(tmp_path).synthetic
    assert not all_regions(tmp_path).notice
    published_region(tmp_path, "b", attribution="A company. CC BY", title={"en": "B"})
    both = all_regions(tmp_path)
    assert not both.synthetic
    assert both.notice.endswith("made up to show the method: a.")
    assert both.attribution == "Nobody's. CC0; A company. CC BY"
    assert both.data == "tables published of a, b"


def test_no_folder_of_reports_is_refused(tmp_path):
    with pytest.raises(InputError, match="no such folder"):
        read_published(tmp_path / "nowhere", "03", "runs")
