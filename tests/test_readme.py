"""The Python of the README runs as it stands."""

import re
from pathlib import Path

import pandas as pd
from planted import planted_readings

from research.region import read_region

README = (Path(__file__).parents[1] / "README.md").read_text("utf-8")
BLOCKS = dict.fromkeys(re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL))


def test_the_example_segments_customers(tiny):
    code = next(block for block in BLOCKS if "LoadShapeKMeans" in block)
    names = {}
    exec(code.replace("data/london", str(tiny)), names)
    assert pd.Series(names["segmenter"].labels_).nunique() == 4
    assert (names["segmenter"].distance_ratio(names["curves"]) >= 0).all()


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
