"""The Python of the README runs as it stands."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.testing import assert_allclose
from planted import planted_readings
from sklearn.base import BaseEstimator

from research import segmenters
from research.region import read_region

README = (Path(__file__).parents[1] / "README.md").read_text("utf-8")
BLOCKS = dict.fromkeys(re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL))


def test_the_example_segments_customers(tiny):
    code = next(block for block in BLOCKS if "LoadShapeKMeans" in block)
    names = {}
    exec(code.replace("data/london", str(tiny)), names)
    assert pd.Series(names["segmenter"].labels_).nunique() == 4
    assert (names["segmenter"].distance_ratio(names["curves"]) >= 0).all()


def test_the_example_weighs_criteria():
    names = {}
    exec(next(block for block in BLOCKS if "AHP" in block), names)
    assert_allclose(names["ahp"].weights_, [0.6483, 0.2297, 0.1220], atol=5e-5)
    weighted = names["scores"] @ names["ahp"].weights_
    assert_allclose(names["ahp"].transform(names["scores"]).ravel(), weighted)


def test_the_example_compares_labels(tmp_path, monkeypatch):
    rng = np.random.default_rng(0)
    ids = pd.RangeIndex(200, name="customer_id")
    mine = pd.DataFrame({"mine": rng.integers(3, size=200)}, index=ids)
    later = pd.DataFrame({"kwh": 2.0 * mine["mine"] + rng.normal(size=200)}, index=ids)
    mine.to_csv(tmp_path / "segments.csv")
    later.to_csv(tmp_path / "next_quarter.csv")
    monkeypatch.chdir(tmp_path)
    names = {}
    exec(next(block for block in BLOCKS if "compare_labels" in block), names)
    assert names["verdict"].winner == "mine"


def test_every_notebook_and_estimator_is_named():
    for notebook in (Path(__file__).parents[1] / "notebooks").glob("*.ipynb"):
        assert f"`{notebook.stem}`" in README
    for name, member in vars(segmenters).items():
        if isinstance(member, type) and issubclass(member, BaseEstimator):
            assert name in README or name in ("KMedoids", "SelfOrganizingMap")


def test_the_example_writes_readings_of_a_region(tiny):
    code = next(block for block in BLOCKS if "write_readings" in block)
    folder = tiny.parent / "linqing"
    folder.mkdir()
    frame = planted_readings(5, 30)[0].sample(frac=1, random_state=0)
    exec(code, {"frame": frame, "folder": folder})
    five_lines = re.search(r"```yaml\n(.*?)```", README, flags=re.DOTALL)[1]
    assert len(five_lines.strip().splitlines()) == 5
    text = five_lines.replace("resolution_minutes: 15", "resolution_minutes: 60")
    (folder / "region.yaml").write_text(text, encoding="utf-8")
    pd.DataFrame({"customer_id": frame["customer_id"].unique()}).to_parquet(
        folder / "customers.parquet"
    )
    region = read_region(folder)
    assert region.name == "linqing"
    assert region.coverage["readings"].tolist() == [30 * 24] * 5
