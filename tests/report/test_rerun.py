"""What was published is made again, and what comes out otherwise is named."""

import pandas as pd
import pytest
from small_notebooks import GOOD, write_notebook

from research.region import InputError
from research.report import batch
from research.report.publish import read_manifest
from research.report.rerun import rerun, table_difference

SEEDED = """\
import numpy as np
import pandas as pd
from research.report import display as show
noise = np.random.default_rng(seed).random(3) * factor
show.table(pd.DataFrame({"noise": noise}), name="noise", caption="Noise.")"""


@pytest.fixture
def published(tmp_path, tiny):
    """A page with a parameter that is not its default; its notebook; its folder."""
    cells = ["seed = 7", SEEDED, GOOD]
    path = write_notebook(tmp_path / "nbs", "one", *cells)
    out = tmp_path / "reports"
    jobs = batch.plan([tiny], [path], out, {"factor": "3"})
    assert [o.status for o in batch.run(jobs, out)] == ["done"]
    return path, out / "tiny"


def told(lines):
    return {(line.file, line.told) for line in lines if line.told}


@pytest.mark.slow
def test_what_is_repeated_comes_out_the_same_byte_by_byte(published, tiny):
    path, folder = published
    before = {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    lines = rerun(folder, [path], tiny)
    assert {line.file for line in lines} >= {
        "one.html",
        "one.zh.html",
        "tables/one.noise.csv",
        "tables/one.numbers.csv",
    }
    assert all(line.same for line in lines)
    assert told(lines) == set()
    assert {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()} == before


@pytest.mark.slow
def test_a_table_that_comes_out_otherwise_is_named_with_what_changed(published, tiny):
    path, folder = published
    write_notebook(path.parent, "one", "seed = 8", SEEDED, GOOD)
    lines = rerun(folder, [path], tiny)
    assert ("", "notebook changed since") in told(lines)
    (noise,) = [line for line in lines if line.file == "tables/one.noise.csv"]
    assert not noise.same
    assert noise.told.startswith("3 of 6 values differ, in noise; numbers by at most")
    numbers = [line for line in lines if line.file == "tables/one.numbers.csv"]
    assert numbers[0].same
    assert ("one.html", "the page reads otherwise") in told(lines)


@pytest.mark.slow
def test_data_that_changed_are_named_file_by_file(published, tiny):
    path, folder = published
    settings = tiny / "region.yaml"
    settings.write_text(settings.read_text() + "# looked at again\n")
    lines = rerun(folder, [path], tiny)
    assert ("", "data changed since: region.yaml") in told(lines)
    assert all(line.same for line in lines)


@pytest.mark.slow
def test_a_notebook_that_fails_now_is_told(published, tiny):
    path, folder = published
    write_notebook(path.parent, "one", "1 / 0")
    lines = rerun(folder, [path], tiny)
    assert ("", "failed: ZeroDivisionError: division by zero") in told(lines)


@pytest.mark.slow
def test_the_manifest_says_what_a_page_was_made_of(published, tiny):
    manifest = read_manifest(published[1])
    (page,) = manifest["pages"]
    assert page["settings"] == {"factor": 3}
    assert set(manifest["inputs"][page["data"]]) == {
        "region.yaml",
        "customers.parquet",
        "readings/part-0000.parquet",
    }
    installed = manifest["environments"][page["made_of"]["versions"]]
    assert installed["numpy"] and installed["python"]
    assert page["seconds"] > 0
    assert page["peak_megabytes"] > 20


@pytest.mark.slow
def test_what_can_not_be_repeated_is_refused(published, tiny, tmp_path):
    path, folder = published
    with pytest.raises(InputError, match="no page to repeat"):
        rerun(tmp_path / "nowhere", [path], tiny)
    with pytest.raises(InputError, match="'one' is not among none"):
        rerun(folder, [], tiny)
    with pytest.raises(InputError, match="name the region's folder"):
        rerun(folder, [path])
    other = tiny.rename(tiny.with_name("other"))
    text = (other / "region.yaml").read_text()
    (other / "region.yaml").write_text(text.replace("name: tiny", "name: other"))
    with pytest.raises(InputError, match="this is region 'other'"):
        rerun(folder, [path], other)


def test_tables_of_another_shape_are_told_by_their_shapes():
    a = pd.DataFrame({"x": ["1", "2"]})
    assert table_difference(a, a) == ""
    assert "were 2 x 1, are 1 x 1" in table_difference(a, a.iloc[:1])
    assert table_difference(a, a.assign(x=["1", "b"])) == "1 of 2 values differ, in x"
