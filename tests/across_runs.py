"""Published tables of runs of regions that nobody has, with means that are known."""

import hashlib
from pathlib import Path

import numpy as np
import pandas as pd

from research.comparison import read_protocol
from research.comparison.planned import planned_runs
from research.region.strict_yaml import read_yaml
from research.report.publish import publish_page, read_manifest
from research.report.tables import to_csv

NOTEBOOK = "06_method_comparison"
PROTOCOL = """\
question: Which segments foretell the next quarter best?
methods:
  k-means: {settings: {n_init: 20}}
  mixture: {}
  hybrid network: {}
  RFM: {features: [payments], takes_k: false, takes_seed: false}
old_classes: [tariff]
features: [load_shape]
k: {grid: [4, 5, 6], main: 5}
seeds: {main: [0, 1], other: [10, 11]}
replicates: {kind: bootstrap, number: 4}
metrics:
  usefulness: {better: higher}
  "usefulness: energy": {better: higher}
  "usefulness: arrears": {better: higher}
primary: usefulness
decision: {by: primary}
"""
WORTH = {"random partition": -0.3, "one segment": -0.3, "tariff": -0.15}


def write_protocol(folder: Path, text: str = PROTOCOL):
    """A protocol as a file, and as it is read."""
    path = folder / "protocol.yaml"
    path.write_text(text, encoding="utf-8")
    return path, read_protocol(path, read_yaml)


def runs_of(protocol, region, worth=None, seed=0, noise=0.02, methods=None):
    """Every planned run of a region: a level of its own, a worth a method, and noise.

    A difference between two methods is shared by all replicates of the region.
    """
    rng = np.random.default_rng([seed, *region.encode()])
    worth = WORTH | (worth or {})
    runs = planned_runs(protocol.model_copy(update={"regions": ()}), [region])
    if methods is not None:
        runs = runs[runs["method"].isin(methods)].reset_index(drop=True)
    level = 0.4 + 0.1 * rng.standard_normal()
    own = {m: worth.get(m, 0.0) + noise * rng.standard_normal() for m in WORTH}
    own |= {
        m: worth.get(m, 0.0) + noise * rng.standard_normal() for m in protocol.methods
    }
    value = level + runs["method"].map(own)
    value += 0.3 * noise * rng.standard_normal(len(runs))
    runs["value"] = value
    runs["failed"] = False
    runs["reason"] = ""
    runs["protocol"] = protocol.sha256
    return runs


def publish(reports: Path, region: str, runs: pd.DataFrame | None, why: str = ""):
    """Publish runs as the notebook on methods does; or why there are none."""
    folder = reports / region
    folder.mkdir(parents=True, exist_ok=True)
    manifest = read_manifest(folder) or {"pages": [], "failed": [], "skipped": []}
    manifest |= {
        "region": region,
        "title": {"en": region.title(), "zh": "区域"},
        "period": ["2024-01-01", "2024-12-31"],
        "synthetic": True,
        "attribution": "Nobody's data",
        "made_at": "2025-01-01T00:00:00Z",
    }
    if runs is None:
        entry = {"notebook": NOTEBOOK, "cell": 3, "cause": why, "at": ""}
        manifest["skipped"].append(entry)
        (folder / "manifest.json").write_text(pd.Series(manifest).to_json())
        return
    csv = "\ufeff" + to_csv(runs, index=False)
    page = {
        "notebook": NOTEBOOK,
        "summary": {"title": "Methods", "verdict": {}, "tiles": [], "facts": []},
        "parameters": {},
        "key": hashlib.sha256(csv.encode()).hexdigest(),
    }
    costs = pd.DataFrame({"method": runs["method"].unique()})
    costs["seconds"] = 1.0 + 20 * (costs["method"] == "hybrid network")
    costs["memory MB"] = np.nan
    files = {
        f"tables/{NOTEBOOK}.all_runs.csv": csv,
        f"tables/{NOTEBOOK}.costs.csv": "\ufeff" + to_csv(costs, index=False),
    }
    publish_page(folder, manifest, page, "<html></html>", files)
