"""Canaries in every table of a region are found in no byte that is published."""

import base64
import hashlib
import html
import json
import re
import socket
from pathlib import Path
from urllib.parse import unquote

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from research.region.synthetic import synthesize
from research.report import batch

ROOT = Path(__file__).parents[1]
NAMES = ["01_data_quality", "02_load_segments", "04_rfm_payment", "05_credit"]
pytestmark = pytest.mark.slow

CUSTOMERS = 3
PERSON, STREET, PHONE = "欧阳金丝雀", "金丝雀胡同七十三号", "13973194127"
CARD, MANAGER, NOTE = "11010519730419412X", "M-CANARY-7319", "CANARY-FREE-TEXT"
FINGERPRINT = 7319.4127
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
}


def plant(folder):
    """Give some customers telling ids, words and readings; the ids."""
    customers = pd.read_parquet(folder / "customers.parquet")["customer_id"]
    read = pd.read_parquet(folder / "readings", columns=["customer_id"])["customer_id"]
    victims = list(dict.fromkeys(read))[:CUSTOMERS]
    names = {old: f"73194127{n:02}" for n, old in enumerate(victims)}
    assert not set(names.values()) & set(customers)
    for path in folder.rglob("*.parquet"):
        if "truth" not in path.parts:
            whole = pq.ParquetFile(path)
            groups = [
                changed(whole.read_row_group(number), names)
                for number in range(whole.num_row_groups)
            ]
            whole.close()
            with pq.ParquetWriter(path, whole.schema_arrow) as writer:
                for group in groups:
                    writer.write_table(group, row_group_size=max(len(group), 1))
    return list(names.values())


def changed(table, names):
    """A part of a table with its canaries."""
    for place, field in enumerate(table.schema):
        values = table[field.name].to_pandas()
        if field.name == "customer_id":
            values = values.replace(names)
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


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("canary-home") / "haihe"
    out = tmp_path_factory.mktemp("published")
    synthesize("haihe", folder, customers=1000, days=420, panel=60, say=lambda _: None)
    ids = plant(folder)
    notebooks = [ROOT / "notebooks" / f"{name}.ipynb" for name in NAMES]
    outcomes = list(batch.run(batch.plan([folder], notebooks, out, {}), out, workers=2))
    assert {outcome.status for outcome in outcomes} == {"done"}, outcomes
    return folder, out, ids


def test_the_canaries_are_there_to_be_found(made):
    folder, _, ids = made
    tables = [p for p in folder.rglob("*.parquet") if "truth" not in p.parts]
    held = "".join(
        str(pq.read_table(path).to_pydict())
        for path in tables
        if path.stat().st_size < 3_000_000
    )
    for secret in (*ids, PERSON, PHONE, STREET, CARD, MANAGER, NOTE):
        assert secret in held
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
    secrets = [PERSON, STREET, PHONE, CARD, MANAGER, NOTE, *ids]
    secrets += ["7319.4", "7,319.4", "731941", "29277.65", "29,277"]  # kWh, and kW
    sought = {form for secret in secrets for form in forms(secret)}
    sought |= set(customers)
    found = [
        (name, form) for name, text in published(out) for form in sought if form in text
    ]
    assert not found


def test_nothing_of_the_machine_is_in_a_published_byte(made):
    folder, out, _ = made
    secrets = [str(folder.parent), str(Path.home()) + "/", str(ROOT) + "/"]
    secrets += [name for name in [socket.gethostname()] if len(name) > 5]
    secrets += ["Traceback (most recent", "Warning:", ".py:", "ipykernel"]
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
        table = pd.read_csv(path)
        for column in {"customers", "homes", "vulnerable"} & set(table):
            counts = pd.to_numeric(table[column], errors="coerce").dropna()
            assert not counts.between(1, 14).any(), (path.name, column)
