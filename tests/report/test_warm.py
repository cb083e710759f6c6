"""Forked kernels: fresh, like plain ones, gone with the batch; plain ones where not."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook
from planted import planted_readings, write_region

from research.report import batch, warm
from research.report.execute import Limits, NotebookFailed, execute
from research.report.watch import Watch

pytestmark = [
    pytest.mark.slow,  # each test starts kernels
    pytest.mark.skipif(os.name != "posix", reason="processes can not be forked"),
]
NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
ONE_THREAD = Limits(threads=1)
GIVEN = {
    **{"n_seeds": "1", "epochs": "2", "n_resamples": "2"},  # of networks
    **{"planted_customers": "130", "planted_draws": "1"},
    **{"months": "1", "n_nulls": "2"},  # of comparisons
}
PLAN = """\
question: Which segments foretell best?
methods:
  k-means: {settings: {n_init: 2}}
  mixture: {settings: {n_init: 1}}
  RFM: {features: [payments], takes_k: false, takes_seed: false}
  credit grade: {features: [payments], takes_k: false, takes_seed: false}
old_classes: [usage class, industry]
features: [load shape]
k: {grid: [2, 3, 4], main: 3}
seeds: {main: [0], other: [1]}
replicates: {kind: splits, number: 2, test_share: 0.4}
metrics:
  usefulness: {better: higher, worst: 0, best: 0.5}
  stability: {better: higher, worst: 0, best: 1}
  silhouette: {better: higher, worst: 0, best: 0.5}
  plainness: {better: higher, worst: 0.2, best: 1}
primary: usefulness
decision:
  weights: {usefulness: 0.5, stability: 0.3, plainness: 0.15, silhouette: 0.05}
  margin: 0.01
"""
RUN = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ, \d+ s")


def write_notebook(folder: Path, *cells: str) -> Path:
    notebook = new_notebook(cells=[new_code_cell(cell) for cell in cells])
    path = folder / "one.ipynb"
    nbformat.write(notebook, path)
    return path


@pytest.fixture(scope="module")
def kernels():
    with warm.warm_kernels() as kernels:
        yield kernels


@pytest.fixture
def said(tmp_path):
    """Run cells and return what they print."""

    def run(kernels, *cells, limits=ONE_THREAD):
        path = write_notebook(tmp_path, *cells)
        done = execute(path, {}, tmp_path / "s.ipynb", limits=limits, kernels=kernels)
        printed = [
            output.text
            for cell in done.cells
            for output in cell.get("outputs", [])
            if output.output_type == "stream"
        ]
        return "".join(printed).split()

    return run


def wait_until(condition, seconds=10.0):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def runs(pid: int) -> bool:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


def test_each_kernel_is_a_fresh_fork_that_draws_its_own_numbers(kernels, said):
    draw = "import random, numpy; print(random.random(), numpy.random.rand())"
    state = "print('left' in dir(numpy)); numpy.left = 1"
    first, second = (said(kernels, draw, state) for _ in range(2))
    assert kernels.fallbacks == []
    assert first[2] == second[2] == "False"
    assert len({*first[:2], *second[:2]}) == 4


def test_a_forked_kernel_sees_what_a_plain_one_sees(kernels, said):
    look = """
import os, signal, sys, threading
print(os.getcwd(), sys.path, sys.argv[0] == "", os.getsid(0) == os.getpid())
print(sorted((k, v) for k, v in os.environ.items() if k != "JPY_PARENT_PID"))
print(signal.getsignal(signal.SIGCHLD), sys.stdin.fileno(), os.read(0, 1))"""
    blas = """
import numpy, threadpoolctl
print(sorted((p["user_api"], p["num_threads"]) for p in threadpoolctl.threadpool_info()
    if p["user_api"] == "blas"))"""
    limits = Limits(threads=2)
    forked = said(kernels, look, blas, limits=limits)
    assert kernels.fallbacks == []
    plain = said(None, look, "import scipy.linalg", blas, limits=limits)
    assert forked == plain


def test_the_stack_is_there_before_the_first_cell(kernels, said):
    look = "import sys; print(*(n in sys.modules for n in ('seaborn', 'tensorflow')))"
    assert said(kernels, look) == ["True", "False"]
    assert said(None, look) == ["False", "False"]


@pytest.mark.parametrize(
    ("cell", "name"),
    [
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "kernel died"),
        ("while True: pass", "time-out"),
        ("1 / 0", "ZeroDivisionError"),
    ],
    ids=["killed", "endless", "error"],
)
def test_a_forked_kernel_fails_as_a_plain_one_does(kernels, said, cell, name):
    with pytest.raises(NotebookFailed) as caught:
        said(kernels, "x = 1", cell, limits=Limits(cell_seconds=4, threads=1))
    assert (caught.value.name, caught.value.cell) == (name, 2)
    assert kernels.fallbacks == []
    assert not list(kernels.folder.glob("k-*"))  # its sockets


@pytest.mark.parametrize("forked", [True, False], ids=["forked", "plain"])
def test_the_end_of_a_notebook_interrupts_nobody(kernels, said, tmp_path, forked):
    told = tmp_path / "interrupted"
    child = f"trap 'touch {told}; exit' INT; echo; while :; do sleep 0.1; done"
    cell = f"""
import subprocess
child = subprocess.Popen(["sh", "-c", {child!r}], stdout=subprocess.PIPE)
child.stdout.readline()"""
    said(kernels if forked else None, cell)
    time.sleep(0.5)
    assert not told.exists()


@pytest.mark.parametrize("forked", [True, False], ids=["forked", "plain"])
def test_a_run_that_is_stopped_ends_at_once(kernels, tmp_path, forked):
    told = tmp_path / "began"
    stay = f"import pathlib, time; pathlib.Path({str(told)!r}).touch(); time.sleep(600)"
    path, stopped = write_notebook(tmp_path, stay), []

    def is_stopped():
        if told.exists():
            stopped.append(time.monotonic())
        return told.exists()

    watch = Watch(stopped=is_stopped)
    how = {"limits": ONE_THREAD, "watch": watch, "kernels": kernels if forked else None}
    with pytest.raises(NotebookFailed, match="stopped"):
        execute(path, {}, tmp_path / "s.ipynb", **how)
    assert time.monotonic() - stopped[0] < 4


def test_a_parent_that_was_killed_is_told_and_replaced_by_plain_kernels(said):
    with warm.warm_kernels() as kernels:
        assert said(kernels, "print('yes')") == ["yes"]
        (parent,) = kernels._parents.values()
        parent.kill()
        parent.wait()
        assert said(kernels, "print('yes')") == ["yes"]
        assert len(kernels.fallbacks) == 1


def test_a_parent_with_a_second_thread_forks_nothing(said, tmp_path, monkeypatch):
    module = "import threading, time\n"
    module += "threading.Thread(target=time.sleep, args=(60,), daemon=True).start()\n"
    (tmp_path / "busy_module.py").write_text(module)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setattr(warm, "STACK", ("busy_module",))
    with warm.warm_kernels() as kernels:
        assert said(kernels, "print('yes')") == ["yes"]
        assert "more than one thread" in kernels.fallbacks[0]


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks at processes there")
def test_a_killed_batch_leaves_no_process_and_no_folder(tmp_path):
    pid_file = tmp_path / "pid"
    stay = f"""
import os, time, pathlib
pathlib.Path({str(pid_file)!r}).write_text(f"{{os.getpid()}} {{os.getppid()}} ")
time.sleep(60)"""
    path = write_notebook(tmp_path, stay)
    script = f"""
from pathlib import Path
from research.report.execute import Limits, execute
from research.report.warm import warm_kernels
with warm_kernels() as kernels:
    Path({str(tmp_path / "folder")!r}).write_text(str(kernels.folder))
    execute(Path({str(path)!r}), {{}}, Path({str(tmp_path / "s.ipynb")!r}),
        limits=Limits(threads=1), kernels=kernels)"""
    started = subprocess.Popen([sys.executable, "-c", script])
    wait_until(lambda: pid_file.exists() and pid_file.read_text().endswith(" "), 60)
    kernel, parent = map(int, pid_file.read_text().split())
    folder = Path((tmp_path / "folder").read_text())
    assert runs(kernel)
    assert runs(parent)
    assert folder.is_dir()
    started.send_signal(signal.SIGKILL)
    started.wait()
    wait_until(lambda: not runs(kernel) and not runs(parent) and not folder.exists())


@pytest.fixture
def published(tmp_path):
    """Publish notebooks by forked or plain kernels; text of each file by its path."""

    def publish(region, names, warm, given=None):
        noted, out = [], tmp_path / ("forked" if warm else "plain")
        own = {"folder": str(tmp_path / f"draws of {out.name}")}
        notebooks = [NOTEBOOKS / f"{name}.ipynb" for name in names]
        jobs = batch.plan([region], notebooks, out, given | own if given else {})
        progress = batch.Progress(noted=noted.append)
        outcomes = batch.run(jobs, out, limits=ONE_THREAD, warm=warm, progress=progress)
        assert [(o.status, o.cause) for o in outcomes] == [("done", "")] * len(names)
        assert noted == []  # no plain kernel in place of a forked one
        return {
            path.relative_to(out).as_posix(): RUN.sub("", path.read_text("utf-8"))
            for path in out.rglob("*")
            if path.suffix in {".html", ".csv", ".svg"} and "index" not in path.name
        }

    return publish


def test_pages_and_tables_are_the_same_in_both_ways(published, tiny_once):
    names = ("01_data_quality", "02_load_segments")
    plain, forked = (published(tiny_once, names, warm) for warm in (False, True))
    assert len(plain) > 4
    assert forked.keys() == plain.keys()
    assert [name for name in plain if plain[name] != forked[name]] == []


def test_networks_and_comparisons_give_the_same_tables_in_both_ways(
    published, tmp_path
):
    region = write_region(tmp_path / "tiny", planted_readings(36, 70)[0])
    plan = tmp_path / "plan.yaml"
    plan.write_text(PLAN, encoding="utf-8")
    names = ("03_hybrid_network", "06_method_comparison")
    given = GIVEN | {"protocol": str(plan)}
    plain, forked = (published(region, names, warm, given) for warm in (False, True))
    assert forked.keys() == plain.keys()
    tables = [name for name in plain if name.endswith(".csv")]
    assert {name.split("/")[-1][:2] for name in tables} == {"03", "06"}
    timed = "tiny/tables/06_method_comparison.costs.csv"
    assert timed in tables
    assert [n for n in tables if plain[n] != forked[n] and n != timed] == []
