"""A night: twelve regions by every notebook, of which three are broken."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from research.region.synthetic import REGIONS, synthesize
from research.report.publish import read_manifest, verify

ROOT = Path(__file__).parents[2]
COPIES = 4
pytestmark = pytest.mark.slow


def report(regions, out, *options):
    """Run every notebook for the regions, as the operator does."""
    command = [sys.executable, "-m", "research.cli", "report", *map(str, regions)]
    command += ["--out", str(out), "--language", "en", "--param", "protocol=quick"]
    return subprocess.run(
        [*command, *options], cwd=ROOT, capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="module")
def night(tmp_path_factory):
    """Twelve regions, what the command said of them, and where it published."""
    folder = tmp_path_factory.mktemp("night")
    regions = []
    for name in REGIONS:
        first = folder / "made" / name
        synthesize(name, first, customers=60, days=120, say=lambda _: None)
        for number in range(COPIES):
            region = folder / "data" / f"{name}{number}"
            shutil.copytree(first, region)
            settings = (region / "region.yaml").read_text("utf-8")
            renamed = re.sub(rf"(?m)^name: {name}$", f"name: {region.name}", settings)
            (region / "region.yaml").write_text(renamed, "utf-8")
            regions.append(region)
    misspelt, torn, worn = regions[0], regions[5], regions[10]
    settings = (misspelt / "region.yaml").read_text("utf-8")
    text = settings.replace("timezone:", "time_zone:")
    (misspelt / "region.yaml").write_text(text, "utf-8")
    customers = pd.read_parquet(torn / "customers.parquet")
    customers.drop(columns="customer_id").to_parquet(torn / "customers.parquet")
    part = next((worn / "readings").glob("*.parquet"))
    content = bytearray(part.read_bytes())  # the foot is whole: opening tells nothing
    content[1000 : len(content) // 2] = bytes(len(content) // 2 - 1000)
    part.write_bytes(content)
    out = folder / "reports"
    return regions, report(regions, out), out


def test_nine_are_published_and_three_explained(night):
    regions, done, out = night
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    broken = {regions[number].name for number in (0, 5, 10)}
    for region in regions:
        if region.name not in broken:
            manifest = read_manifest(out / region.name)
            assert manifest["pages"], f"{region.name}: no page"
            assert not manifest["failed"], manifest["failed"]
            assert verify(out / region.name) == []
    assert verify(out / "across") == []
    not_read = re.findall("(?m)^not read .*$", done.stderr)
    assert len(not_read) == 2
    assert any("region.yaml line 3, timezone" in line for line in not_read)
    assert any("customers" in line and "customer_id" in line for line in not_read)
    worn = regions[10].name
    told = re.findall(rf"(?m)^{worn}  \w+ cell \d+: .*$", done.stderr)
    assert told
    assert any("readings/part-0000.parquet" in line for line in told)


def test_all_twelve_are_on_the_page_of_regions_with_how_they_ended(night):
    regions, _, out = night
    page = (out / "index.html").read_text("utf-8")
    for region in regions:
        assert f"{region.name}/index.html" in page
    for number in (0, 5):
        assert "could not be read" in (
            out / regions[number].name / "index.html"
        ).read_text("utf-8")


def test_what_was_broken_is_mended_and_only_that_is_run(night):
    regions, _, out = night
    settings = (regions[0] / "region.yaml").read_text("utf-8")
    mended = settings.replace("time_zone:", "timezone:")
    (regions[0] / "region.yaml").write_text(mended, "utf-8")
    readable = [region for region in regions if region != regions[5]]
    told = report(readable, out, "--dry-run").stdout
    would = {line.split()[0] for line in told.splitlines() if "would run" in line}
    assert would == {regions[0].name, regions[10].name, "across"}
