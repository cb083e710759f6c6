"""Fixtures that several test modules share."""

import json
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


@pytest.fixture(scope="module")
def tiny_once(tmp_path_factory) -> Path:
    """The same region, made once for tests that only read it."""
    folder = tmp_path_factory.mktemp("once") / "tiny"
    return write_region(folder, planted_readings()[0])


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


@pytest.fixture(autouse=True)
def own_words(request):
    """Every page that a test of the notebooks publishes is whole in Chinese.

    A test adds to the set what its region says in words of its own: messages that hold
    one of them need no translation.
    """
    own: set[str] = set()
    if not request.path.name.startswith("test_notebook"):
        yield own
        return
    published = request.getfixturevalue("tmp_path")
    yield own
    lacking = {
        f"{page['notebook']}: {message}"
        for path in published.rglob("manifest.json")
        for page in json.loads(path.read_text("utf-8"))["pages"]
        for message in page.get("untranslated", ())
        if not any(word in message for word in own)
    }
    assert not lacking, "The Chinese catalogues lack:\n" + "\n".join(sorted(lacking))
