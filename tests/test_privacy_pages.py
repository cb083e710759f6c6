"""Canaries in every table of a region are found in no byte that is published.

All notebooks are run, on a region that is as hostile as it is talkative: its title, its
attribution and the name of an area try to be code. A second region, for the pages about
all of them, is the first one's pages under another name.
"""

import base64
import csv
import hashlib
import html
import io
import json
import re
import shutil
import socket
from pathlib import Path
from urllib.parse import unquote

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from lxml import html as lxml_html
from small_notebooks import GOOD, write_notebook

from research.region import InputError, read_region
from research.region.synthetic import synthesize
from research.report import batch, staging
from research.report.provenance import file_hash
from research.report.publish import read_manifest, write_manifest

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("0*.ipynb"))
ACROSS = [path for path in NOTEBOOKS if "region" in path.stem]
pytestmark = pytest.mark.slow

PLAN = """\
question: Which segments foretell best?
methods:
  k-means: {settings: {n_init: 1}}
  mixture: {settings: {n_init: 1}}
  RFM: {features: [payments], takes_k: false, takes_seed: false}
  credit grade: {features: [payments], takes_k: false, takes_seed: false}
old_classes: [usage class]
features: [load shape]
k: {grid: [2, 3, 4], main: 3}
seeds: {main: [0], other: [1]}
replicates: {kind: splits, number: 2, test_share: 0.5}
metrics:
  usefulness: {better: higher, worst: 0, best: 0.5}
  "usefulness: evening_share": {better: higher}
  stability: {better: higher, worst: 0, best: 1}
  plainness: {better: higher, worst: 0.2, best: 1}
primary: usefulness
decision:
  weights: {usefulness: 0.5, stability: 0.3, plainness: 0.2}
  margin: 0.01
"""
QUICK = {
    "n_clusters": "2",
    "n_shapes": "3",
    "n_seeds": "1",
    "epochs": "1",
    "n_resamples": "2",
    "planted_customers": "60",
    "planted_draws": "1",
    "n_nulls": "2",
    "network": "mixture",
}

CUSTOMERS = 3
PERSON, STREET, PHONE = "欧阳金丝雀", "金丝雀胡同七十三号", "13973194127"
CARD, MANAGER, NOTE = "11010519730419412X", "M-CANARY-7319", "CANARY-FREE-TEXT"
FINGERPRINT = 7319.4127
NUMBER = "CANARY-ID-"
NUMBERED = {"meter_id", "entry_id", "response_id", "contact_id", "case_id", "ref_id"}
COLUMNS = {
    "name_hash": PERSON,
    "manager_id": MANAGER,
    "text_zh": f"{PERSON} {PHONE} {STREET} {CARD} {NOTE}",
    "handle_text_zh": f"{NOTE} {PHONE}",
    "post": MANAGER,
    "dept": MANAGER,
    "org_unit": MANAGER,
    "cause": NOTE,
    "topic": NOTE,
    "owner": MANAGER,
    "example": f"{PERSON} {PHONE}",
}
CODE = "<script>ran('bad.example')</script>"
IMAGE = "<img src=x onerror=ran('bad.example')>"
FORMULA = "=cmd|' /C calc'!A0"
AREA = f"{FORMULA}{CODE}../../x"


def plant(folder):
    """Give some customers telling ids, words and readings; the ids."""
    settings = (folder / "region.yaml").read_text("utf-8")
    settings = re.sub(
        "title: .*", f'title: {{en: "{CODE}", zh: "{FORMULA}"}}', settings, count=1
    )
    settings = re.sub("attribution: .*", f'attribution: "../../x {IMAGE}"', settings)
    settings += "segmentation: {k_min: 2, k_max: 3}\n"  # few, for speed
    (folder / "region.yaml").write_text(settings, "utf-8")
    customers = pd.read_parquet(folder / "customers.parquet")
    area = customers["area_id"].value_counts().index[0]
    customers = customers["customer_id"]
    read = hourly(folder)["customer_id"]
    victims = list(dict.fromkeys(read))[:CUSTOMERS]
    for table in ("bills", "needs_survey", "credit_events", "topups"):
        held = pd.read_parquet(folder / f"{table}.parquet", columns=["customer_id"])
        victims.append(held["customer_id"].iloc[-1])
    victims = list(dict.fromkeys(victims))
    names = {old: f"73194127{n:02}" for n, old in enumerate(victims)}
    assert not set(names.values()) & set(customers)
    for path in folder.rglob("*.parquet"):
        if "truth" not in path.parts:
            whole = pq.ParquetFile(path)
            groups = [
                changed(whole.read_row_group(number), names, area)
                for number in range(whole.num_row_groups)
            ]
            whole.close()
            with pq.ParquetWriter(path, whole.schema_arrow) as writer:
                for group in groups:
                    writer.write_table(group, row_group_size=max(len(group), 1))
    return list(names.values())


def hourly(folder):
    """Keep the readings of the full hours alone, for speed; what is kept."""
    settings = folder / "region.yaml"
    text = settings.read_text("utf-8")
    coarse = text.replace("resolution_minutes: 15", "resolution_minutes: 60")
    assert coarse != text
    settings.write_text(coarse, "utf-8")
    path = folder / "readings" / "part-0000.parquet"
    table = pq.read_table(path)
    full = table["ts"].to_pandas().dt.minute.eq(0)
    table = table.filter(pa.array(full))
    pq.write_table(table, path)
    return table.select(["customer_id"]).to_pandas()


def changed(table, names, area):
    """A part of a table with its canaries."""
    for place, field in enumerate(table.schema):
        values = table[field.name].to_pandas()
        if field.name == "customer_id":
            values = values.replace(names)
        elif field.name == "area_id":
            values = values.replace({area: AREA})
        elif field.name in NUMBERED:
            own = NUMBER + pd.Series(values.index.astype(str), values.index)
            values = values.astype(object).where(values.index % 7 > 0, own)
        elif field.name in COLUMNS:
            values = values.where(values.index % 7 > 0, COLUMNS[field.name])
        elif field.name == "kwh" and "customer_id" in table.column_names:
            ours = table["customer_id"].to_pandas().isin([*names, *names.values()])
            values = values.mask(ours & (values.index % 5 == 0), FINGERPRINT)
        else:
            continue
        column = pa.array(values, field.type, from_pandas=True)
        table = table.set_column(place, field, column)
    return table


def forms(secret):
    """How a secret could stand in a published byte."""
    raw = secret.encode()
    yield secret
    yield html.escape(secret)
    yield json.dumps(secret)[1:-1]
    yield secret[::-1]
    yield raw.hex()
    for shift in range(3):  # base64 at any place of a longer text
        coded = base64.b64encode(b"\0" * shift + raw).decode().rstrip("=")
        yield coded[(0, 2, 3)[shift] : -1]
    for algorithm in (hashlib.md5, hashlib.sha1, hashlib.sha256):
        yield algorithm(raw).hexdigest()[:16]


def published(out):
    """All that was written, as text, with what is coded inside of it."""
    for path in sorted(path for path in out.rglob("*") if path.is_file()):
        text = path.read_bytes().decode("utf-8", errors="replace")
        yield path.name, text
        yield path.name, unquote(html.unescape(text))
        for coded in re.findall(r"base64,([A-Za-z0-9+/=]{40,})", text):
            yield path.name, base64.b64decode(coded).decode("utf-8", errors="replace")


def twin(out):
    """Put the pages of the region beside it under another name, a little different."""
    folder = out / "hetao"
    shutil.copytree(out / "haihe", folder)
    path = folder / "tables" / "06_method_comparison.all_runs.csv"
    runs = pd.read_csv(path, dtype=str, keep_default_na=False)
    shift = np.random.default_rng(0).normal(0, 0.01, len(runs))
    told = runs["value"] != ""
    runs["region"] = "hetao"
    runs.loc[told, "value"] = (runs["value"][told].astype(float) + shift[told]).map(str)
    runs.to_csv(path, index=False, encoding="utf-8-sig")
    manifest = read_manifest(folder) | {"region": "hetao"}
    for entry in staging.entries(manifest):
        entry["sha256"] = file_hash(folder / entry["file"])
    write_manifest(folder, manifest)


def run(regions, notebooks, out, plan):
    given = QUICK | {"protocol": str(plan), "folder": str(plan.parent / "kept")}
    known = "".join(path.read_text("utf-8") for path in notebooks)
    given = {name: value for name, value in given.items() if f'"{name}: ' in known}
    jobs = batch.plan(regions, notebooks, out, given)
    outcomes = list(batch.run(jobs, out, workers=2))
    assert {outcome.status for outcome in outcomes} == {"done"}, outcomes


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("canary-home") / "haihe"
    out = tmp_path_factory.mktemp("published") / "reports"
    plan = tmp_path_factory.mktemp("plan") / "plan.yaml"
    plan.write_text(PLAN, "utf-8")
    synthesize("haihe", folder, customers=1000, days=420, panel=40, say=lambda _: None)
    ids = plant(folder)
    run([folder], NOTEBOOKS[:1], out, plan)
    events = folder / "credit_events.parquet"
    pd.read_parquet(events).iloc[1:].to_parquet(events)
    run([folder], [path for path in NOTEBOOKS if path not in ACROSS], out, plan)
    twin(out)
    run([], ACROSS, out, plan)
    return folder, out, ids


def test_all_notebooks_were_run_in_both_languages_and_an_earlier_page_is_kept(made):
    _, out, _ = made
    pages = {path.name for path in out.glob("[ah]*/*.html")}
    assert pages >= {
        f"{n.stem}{end}" for n in NOTEBOOKS for end in (".html", ".zh.html")
    }
    assert list(out.glob("haihe/previous/01_data_quality.*/*.html"))
    assert {p.name for p in out.iterdir()} >= {"index.html", "haihe", "hetao", "across"}


def test_the_canaries_are_there_to_be_found(made):
    folder, _, ids = made
    secrets = [*ids, PERSON, PHONE, STREET, CARD, MANAGER, NOTE, NUMBER]
    held = {}
    for path in folder.rglob("*.parquet"):
        names = pq.read_schema(path).names
        planted = {"customer_id", *COLUMNS, *NUMBERED} & set(names)
        if planted and not {"truth", "quarantine", "repaired"} & set(path.parts):
            texts = [pq.read_table(path, columns=[c])[c].unique() for c in planted]
            held[path.stem] = " ".join(str(text.to_pylist()) for text in texts)
    assert len(held) > 15
    assert not [
        name for name, text in held.items() if not any(map(text.count, secrets))
    ]
    assert not [secret for secret in secrets if secret not in "".join(held.values())]
    readings = pd.read_parquet(folder / "readings")
    assert np.isclose(readings["kwh"], FINGERPRINT).sum() > 1000


@pytest.mark.parametrize("form", range(11))
def test_a_canary_would_be_found_in_any_form(tmp_path, form):
    hidden = list(forms(PERSON + PHONE))[form]
    page = base64.b64encode(f"<svg>{'x' * 40}{hidden}</svg>".encode()).decode()
    (tmp_path / "page.html").write_text(f'<img src="data:image/svg;base64,{page}">')
    sought = set(forms(PERSON + PHONE))
    assert [f for _, text in published(tmp_path) for f in sought if f in text]


def test_no_canary_is_in_a_published_byte(made):
    folder, out, ids = made
    customers = pd.read_parquet(folder / "customers.parquet")["customer_id"]
    secrets = [PERSON, STREET, PHONE, CARD, MANAGER, NOTE, NUMBER, *ids]
    secrets += ["7319.4", "7,319.4", "731941", "29277.65", "29,277"]  # kWh, and kW
    sought = {form for secret in secrets for form in forms(secret)}
    known, found = set(customers), []
    for name, text in published(out):
        found += [(name, form) for form in sought if form in text]
        found += [(name, word) for word in known & set(re.findall(r"\w+", text))]
    assert not found


def test_nothing_of_the_machine_is_in_a_published_byte(made):
    folder, out, _ = made
    secrets = [str(folder.parent), str(Path.home()) + "/", str(ROOT) + "/"]
    secrets += [name for name in [socket.gethostname()] if len(name) > 5]
    secrets += ["Traceback (most recent", "Warning:", ".py:", "ipykernel_"]
    found = [(n, s) for n, text in published(out) for s in secrets if s in text]
    assert not found
    for name, text in published(out):
        if name.endswith(".svg"):
            assert "<metadata" not in text
    for word in ("tEXt", "iTXt", "zTXt", "eXIf", "tIME"):
        assert not [n for n, t in published(out) if t[1:4] == "PNG" and word in t]


def test_every_group_in_a_published_table_is_large_enough(made):
    _, out, _ = made
    for path in (out / "haihe" / "tables").glob("*.csv"):
        if path.name.endswith(".pieces.csv"):
            continue  # of planted families, which are nobody's
        table = pd.read_csv(path)
        for column in {"customers", "homes", "vulnerable"} & set(table):
            counts = pd.to_numeric(table[column], errors="coerce").dropna()
            assert not counts.between(1, 14).any(), (path.name, column)


# --- what a region would run, if it could ---------------------------------------------


def test_a_hostile_title_and_cell_are_text_on_every_page(made):
    _, out, _ = made
    seen = set()
    for path in out.rglob("*.html"):
        text = path.read_text("utf-8")
        assert CODE not in text, path
        assert IMAGE not in text, path
        tree = lxml_html.fromstring(text)
        assert not tree.xpath("//*[@*[starts-with(name(), 'on')]]")
        run = tree.xpath("//script[not(@type='application/json')]")
        assert not [code for code in run if "bad.example" in str(code.text)]
        assert not tree.xpath("//@*[contains(., '../../x')]")
        seen |= {
            secret for secret in (CODE, AREA, IMAGE) if secret in tree.text_content()
        }
    assert seen == {CODE, AREA, IMAGE}


def test_no_cell_of_a_published_csv_is_a_formula(made):
    _, out, _ = made
    cells = [
        cell
        for path in out.rglob("*.csv")
        for row in csv.reader(io.StringIO(path.read_text("utf-8-sig")))
        for cell in row
    ]
    assert f"'{AREA}" in cells
    negative = [cell for cell in cells if cell[:1] in ("=", "+", "-", "@", "\t", "\r")]
    assert negative
    assert all(np.isfinite(float(cell)) for cell in negative)


def test_nothing_is_written_outside_the_reports_and_their_logs(made):
    folder, out, _ = made
    assert {path.name for path in out.parent.iterdir()} == {"reports", "reports-logs"}
    assert {path.name for path in folder.parent.iterdir()} == {"haihe"}


def test_a_hostile_parameter_is_text(tiny, tmp_path, monkeypatch):
    value = f'{FORMULA}"\nopen("ran", "w")  # <script>ran()</script>{CODE}../../x'
    monkeypatch.chdir(tmp_path)
    path = write_notebook(tmp_path / "nbs", "one", GOOD)
    path.write_text(
        path.read_text("utf-8").replace("factor: int = 2", "label: str = 'x'")
    )
    out = tmp_path / "out"
    (outcome,) = batch.run(batch.plan([tiny], [path], out, {"label": value}), out)
    assert outcome.status == "done", outcome
    html = (out / "tiny" / "one.html").read_text("utf-8")
    assert CODE not in html
    assert "<script>ran()" not in html
    assert not list(tmp_path.rglob("ran"))
    assert not (tmp_path.parents[1] / "x").exists()


@pytest.mark.parametrize("name", ["../../x", "/tmp/x", "<script>", "=cmd", "", "a/b"])
def test_a_hostile_name_of_a_region_is_refused(tiny, name):
    settings = (tiny / "region.yaml").read_text("utf-8")
    named = re.sub("^name: .*", f"name: {json.dumps(name)}", settings, flags=re.M)
    assert named != settings
    (tiny / "region.yaml").write_text(named, "utf-8")
    with pytest.raises(InputError, match="name"):
        read_region(tiny)
