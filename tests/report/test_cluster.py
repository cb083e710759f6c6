"""Notebooks on a Dask cluster: the same pages, and a plain word where a worker dies."""

import os
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from small_notebooks import GOOD, write_notebook
from waiting import wait_until

from research.region import InputError
from research.report import batch
from research.report.publish import read_manifest, verify

distributed = pytest.importorskip("distributed")
from research.report import cluster  # noqa: E402  (imports distributed)

OF_A_RUN = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ, \d+ s")
SKIPPED = "from research.region import NotApplicable\nraise NotApplicable('nothing')"
STAY = """
import os, pathlib, time
pathlib.Path(f"stays {os.getpid()} {os.getppid()}").touch()
time.sleep(600)"""


def local_cluster(**options):
    return distributed.LocalCluster(
        threads_per_worker=1, dashboard_address=":0", protocol="tcp", **options
    )


@pytest.fixture(scope="module")
def two_workers():
    with local_cluster(n_workers=2) as workers:
        yield workers


@pytest.fixture
def client(two_workers):
    with distributed.Client(two_workers, set_as_default=False) as client:
        client.wait_for_workers(2, timeout=60)
        yield client


@pytest.fixture
def planned(tiny, tmp_path, monkeypatch):
    """Plan notebooks made of the given cells, from a folder that no worker is in."""
    monkeypatch.chdir(tmp_path)

    def plan(out="reports", about_all=(), **cells):
        paths = [write_notebook(Path("nbs"), n, *texts) for n, texts in cells.items()]
        paths += [
            write_notebook(Path("nbs"), name, GOOD, declared='reports: str = "x"')
            for name in about_all
        ]
        return batch.plan([Path("tiny")], paths, Path(out), {}), Path(out)

    return plan


def on_cluster(client, jobs, out, **options):
    work = cluster.on_cluster(client, jobs, batch.logs_beside(out))
    return {o.job.name: o for o in batch.run(jobs, out, work=work, **options)}


def published(out):
    return {
        path.relative_to(out).as_posix(): OF_A_RUN.sub("", path.read_text("utf-8"))
        for path in out.rglob("*")
        if path.suffix in {".html", ".csv", ".svg"} and "index" not in path.name
    }


def runs(pid):
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


@pytest.mark.slow
def test_pages_tables_and_outcomes_are_those_of_local_jobs(client, planned):
    look = "import os\nshow.table(pd.DataFrame({'folder': [os.getcwd()]}), "
    look += "name='folder', caption='Folder.')"
    cells = {"good": [GOOD, look], "bad": ["1 / 0"], "skipped": [SKIPPED]}
    jobs, out = planned("there/reports", about_all=["all"], **cells)
    begun, ticks = [], []
    progress = batch.Progress(
        lambda job: begun.append(job.name), lambda job: ticks.append(job.name)
    )
    there = on_cluster(client, jobs, out, progress=progress)
    here = batch.run(*planned("here/reports", about_all=["all"], **cells), workers=2)
    assert [o.job.name for o in here] == ["good", "bad", "skipped", "all"]
    for outcome in here:
        same = there[outcome.job.name]
        for name in ("status", "cell", "cause"):
            assert getattr(same, name) == getattr(outcome, name)
        assert same.peak_bytes > 20_000_000
        assert same.seconds > 0
    assert sorted(begun) == sorted(there)
    assert ticks.count("good") == 5  # parameters are injected as a cell, too
    assert published(out) == published(Path("here/reports"))
    assert len(published(out)) > 6
    assert verify(out / "tiny") == []
    logs = batch.logs_beside(out) / "tiny"
    assert "ZeroDivisionError" in (logs / "bad.log").read_text()
    assert sorted(path.name for path in logs.iterdir()) == [
        *("bad.failed.ipynb", "bad.log", "good.log", "skipped.log")
    ]
    again, _ = planned("there/reports", **cells)
    assert [job.fresh for job in again] == [True, False, True]


@pytest.mark.slow
def test_a_worker_that_dies_fails_its_notebook_once_and_no_other(client, planned):
    kill = """
import os, pathlib, signal
with open("begun", "a") as file:
    file.write("x")
pathlib.Path("pid").write_text(str(os.getpid()))
os.kill(os.getppid(), signal.SIGKILL)"""
    jobs, out = planned(
        deadly=["x = 1", kill, "import time; time.sleep(600)"],
        one=[GOOD],
        two=["import time; time.sleep(5)", GOOD],
        three=[GOOD],
    )
    found = on_cluster(client, jobs, out)
    assert {name: o.status for name, o in found.items()} == {
        **{"deadly": "failed", "one": "done", "two": "done", "three": "done"}
    }
    assert found["deadly"].cause == cluster.WORKER_DIED
    assert found["deadly"].cell == 4
    assert Path("begun").read_text() == "x"
    wait_until(lambda: not runs(int(Path("pid").read_text())))
    (failed,) = read_manifest(out / "tiny")["failed"]
    assert (failed["notebook"], failed["cause"]) == ("deadly", "worker died")
    logs = batch.logs_beside(out) / "tiny"
    assert (logs / "deadly.failed.ipynb").is_file()
    assert not list(logs.glob(".*"))


@pytest.fixture
def one_worker():
    """A scheduler and a worker that nobody starts again: address, both processes."""
    quiet = {"stderr": subprocess.PIPE, "text": True}
    scheduler = [sys.executable, "-m", "distributed.cli.dask_scheduler"]
    scheduler += ["--host", "127.0.0.1", "--port", "0", "--no-dashboard"]
    started = [subprocess.Popen(scheduler, **quiet)]
    lines = iter(started[0].stderr.readline, "")
    address = next(found[0] for s in lines if (found := re.search(r"tcp://\S+", s)))
    worker = [sys.executable, "-m", "distributed.cli.dask_worker", address]
    worker += ["--no-nanny", "--nthreads", "1", "--no-dashboard"]
    started.append(subprocess.Popen(worker, stderr=subprocess.DEVNULL))
    yield address, *started
    for process in started:
        process.kill()
        process.communicate()


@pytest.mark.slow
@pytest.mark.parametrize("whole", [False, True], ids=["worker", "cluster"])
def test_where_nobody_is_left_to_work_the_rest_fails(
    one_worker, planned, monkeypatch, whole
):
    address, scheduler, worker = one_worker
    monkeypatch.setattr(cluster, "SECONDS_WITHOUT_WORKER", 1)
    jobs, out = planned(one=[STAY], two=[GOOD])

    def kill():
        wait_until(lambda: [*Path().glob("stays *")])
        worker.kill()
        if whole:
            scheduler.kill()

    killer = threading.Thread(target=kill)
    with distributed.Client(address, set_as_default=False) as client:
        killer.start()
        found = on_cluster(client, jobs, out)
    killer.join()
    assert {o.status for o in found.values()} == {"failed"}
    assert found["two"].cause == cluster.NO_WORKER
    assert found["one"].cell == 3


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_a_run_that_is_stopped_ends_its_kernels(two_workers, client, planned, number):
    planned(one=[STAY], two=[STAY], three=[STAY])
    command = [sys.executable, "-m", "research.cli", "report", "tiny"]
    command += ["--notebooks", "nbs", "--scheduler", two_workers.scheduler_address]
    started = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    wait_until(lambda: len([*Path().glob("stays *")]) == 2)
    begun = [list(map(int, path.name.split()[1:])) for path in Path().glob("stays *")]
    started.send_signal(number)
    started.communicate(timeout=30)
    assert started.returncode != 0
    for kernel, worker in begun:
        wait_until(lambda kernel=kernel: not runs(kernel), 20)
        assert runs(worker)
    wait_until(lambda: not any(client.processing().values()), 20)
    time.sleep(2)
    assert len([*Path().glob("stays *")]) == 2  # nothing begins in their place


def _without_regions(run, function, _, *paths, **options):
    return run(function, [], *paths, **options)


@pytest.mark.slow
def test_workers_that_differ_are_refused_before_anything_runs(
    client, planned, monkeypatch
):
    jobs, out = planned(one=[GOOD])
    installed = {**cluster.environment(), "numpy": "1.0"}

    def refused(words):
        with pytest.raises(InputError, match=words) as caught:
            on_cluster(client, jobs, out)
        assert str(caught.value).count("worker tcp://") == 2
        assert not out.exists()
        assert not batch.logs_beside(out).exists()

    for name, there, words in [
        ("code_hash", "other", "another version of this library"),
        ("environment", installed, r"installed: numpy \S+ \(here 1\.0\)\."),
        ("file_hash", "other", r"sees another \S+one.ipynb; all workers"),
        ("_sizes_and_times", [], r"sees another \S+tiny; all workers"),
    ]:
        with monkeypatch.context() as patch:
            patch.setattr(cluster, name, lambda *_, there=there: there)
            refused(words)
    with monkeypatch.context() as patch:  # a region that only this machine can read
        run = client.run
        patch.setattr(
            client, "run", lambda f, _, *rest, **how: run(f, [], *rest, **how)
        )
        refused(r"sees no \S+tiny; all workers")


@pytest.mark.slow
def test_a_cluster_without_workers_is_refused(planned, monkeypatch):
    monkeypatch.setattr(cluster, "SECONDS_TO_APPEAR", 0.3)
    jobs, out = planned(one=[GOOD])
    with (
        local_cluster(n_workers=0) as empty,
        distributed.Client(empty, set_as_default=False) as client,
        pytest.raises(InputError, match="no workers"),
    ):
        on_cluster(client, jobs, out)
    assert not out.exists()


@pytest.mark.slow
def test_a_scheduler_that_does_not_answer_is_a_wrong_call(planned):
    planned(one=[GOOD])
    command = [sys.executable, "-m", "research.cli", "report", "tiny"]
    command += ["--notebooks", "nbs", "--scheduler", "tcp://127.0.0.1:9"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "scheduler 'tcp://127.0.0.1:9': nobody answers" in done.stderr
    assert not Path("reports").exists()
    assert not Path("reports-logs").exists()


@pytest.mark.slow
def test_without_a_cluster_nobody_imports_dask():
    look = "import sys, research.cli, research.report.batch\n"
    look += "assert not {'distributed', 'dask'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", look], check=True, cwd=os.sep)
