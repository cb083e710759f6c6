"""Small exports as people send them, written into a folder, and their import."""

import pandas as pd

from research.region.ingest import import_table

REGION = """\
name: demo
title: {en: Demo, zh: 示例}
timezone: Asia/Shanghai
readings: {resolution_minutes: 60, stamp: start, clock: Asia/Shanghai, unit: kWh}
"""
LONG = """\
tables:
  readings:
    files: ["readings*"]
    columns: {customer_id: id, ts: time, kwh: kwh}
"""


def hourly(customer, values, start="2024-03-04"):
    """Lines of one customer, an hour each."""
    stamps = pd.date_range(start, periods=len(values), freq="h")
    return [f"{customer},{t},{v}" for t, v in zip(stamps, values, strict=True)]


def write_export(folder, mapping=LONG, region=REGION, **files):
    """Write an export; `files` are lists of lines, their names with _ for a dot."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "mapping.yaml").write_text(mapping, encoding="utf-8")
    (folder / "region.yaml").write_text(region, encoding="utf-8")
    for name, lines in files.items():
        text = "\n".join(lines) + "\n"
        (folder / name.replace("_csv", ".csv")).write_text(text, encoding="utf-8")
    return folder


def imported(tmp_path, mapping=LONG, region=REGION, **files):
    source = write_export(tmp_path / "export", mapping, region, **files)
    return import_table(source, tmp_path / "demo", say=str)


def table_of(region, name):
    return region.query(f"select * from {name} order by all")


def hits(region):
    """Rows of each rule that fired, by table and rule."""
    findings = pd.read_parquet(region.path / "findings.parquet")
    fired = findings[findings["rows"] > 0].set_index(["table", "rule"])
    return fired["rows"].to_dict()


def examples(region):
    findings = pd.read_parquet(region.path / "findings.parquet")
    return findings.set_index(["table", "rule"])["example"].to_dict()


def aside(region, table):
    path = region.path / "quarantine" / f"{table}.csv"
    return pd.read_csv(path, dtype=str, keep_default_na=False)


def repaired(region, table):
    path = region.path / "repaired" / f"{table}.csv"
    return pd.read_csv(path, dtype=str, keep_default_na=False)
