"""Fixtures that several test modules share."""

from pathlib import Path

import matplotlib
import matplotlib.pyplot as plt
import pytest
from planted import planted_readings, write_region

matplotlib.use("Agg")


def pytest_collection_modifyitems(items):
    """Doctests that train networks are slow ones, as the tests that do."""
    for item in items:
        if item.path.name == "hybrid.py":
            item.add_marker("slow")


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    """A region of 24 customers, hourly, ten weeks, three planted rhythms."""
    return write_region(tmp_path / "tiny", planted_readings()[0])


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")
