"""A running notebook is written seldom, and once more at its end."""

import nbformat
import papermill.engines
import pytest
from small_notebooks import write_notebook

from research.report import execute as execution
from research.report.execute import NotebookFailed, execute


@pytest.fixture
def written(monkeypatch):
    found, right = [], papermill.engines.write_ipynb
    monkeypatch.setattr(
        papermill.engines,
        "write_ipynb",
        lambda nb, path: found.append(path) or right(nb, path),
    )
    return found


@pytest.mark.slow
def test_what_takes_long_to_write_is_written_seldom(tmp_path, written, monkeypatch):
    monkeypatch.setattr(execution, "SAVING_SHARE", 0)
    path = write_notebook(tmp_path, "a", *[f"{n} + 1" for n in range(6)])
    executed = execute(path, {}, tmp_path / "scratch.ipynb")
    assert len(written) == 3  # as it begins, once to see how long it takes, at the end
    kept = nbformat.read(tmp_path / "scratch.ipynb", as_version=4)
    for told in (executed, kept):
        shown = [cell.outputs[0].data["text/plain"] for cell in told.cells[2:]]
        assert shown == [str(n + 1) for n in range(6)]


@pytest.mark.slow
def test_what_is_soon_written_is_written_at_every_cell(tmp_path, written, monkeypatch):
    monkeypatch.setattr(execution, "SAVING_SHARE", 1e9)
    path = write_notebook(tmp_path, "a", "1", "2", "3")
    execute(path, {}, tmp_path / "scratch.ipynb")
    assert len(written) > 2 + 2 * 3


@pytest.mark.slow
def test_what_failed_is_written_with_all_that_it_said(tmp_path):
    path = write_notebook(tmp_path, "a", "1", "print('so far'); 1 / 0", "3")
    with pytest.raises(NotebookFailed) as failure:
        execute(path, {}, tmp_path / "scratch.ipynb")
    assert (failure.value.cell, failure.value.name) == (4, "ZeroDivisionError")
    kept = nbformat.read(tmp_path / "scratch.ipynb", as_version=4)
    said = [output for cell in kept.cells for output in cell.get("outputs", [])]
    assert any("so far" in output.get("text", "") for output in said)
    assert any(output.output_type == "error" for output in said)
