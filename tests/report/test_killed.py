"""Runs that are killed, at any file operation and at any time, and go on again."""

import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from small_notebooks import GOOD, write_notebook

from research.report.publish import read_manifest, verify

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def steps(tmp_path_factory, tiny_once):
    folder = tmp_path_factory.mktemp("killed")
    more = GOOD.replace("numbers", "{}")
    for version in ("old", "new"):  # one table stays, one goes, one comes
        cells = [GOOD, more.replace("{}", version)]
        write_notebook(folder / version, "one", *cells)
    program = Path(__file__).with_name("killed.py")
    command = [sys.executable, str(program), str(tiny_once), str(folder), str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_a_run_was_killed_before_each_of_its_file_operations(steps):
    *killed, last = [step["code"] for step in steps]
    assert set(killed) == {-signal.SIGKILL}
    assert last == 0
    assert len(killed) > 40


def test_wherever_it_is_killed_a_reader_finds_whole_pages(steps):
    assert not [(n, s) for n, s in enumerate(steps) if s["half"] or s["gone"]]
    assert all(step["readable"] for step in steps)


def test_wherever_it_is_killed_the_next_run_ends_as_if_nothing_had_been(steps):
    wrong = [
        (number, step)
        for number, step in enumerate(steps)
        if step["resumed"]
        or not step["listed"]
        or any(step[kind] for kind in ("faults", "otherwise", "litter"))
    ]
    assert not wrong


def marked(mark: str) -> list[int]:
    """Processes that still run with a mark in their environment."""
    found = []
    for path in Path("/proc").glob("[0-9]*/environ"):
        try:
            if mark.encode() in path.read_bytes():
                found.append(int(path.parent.name))
        except OSError:  # ended meanwhile, or another's
            continue
    return found


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="looks in /proc")
@pytest.mark.parametrize("kernels", ["warm", "plain"])
def test_killed_at_random_moments_it_leaves_no_half_and_no_kernel(
    tmp_path, tiny_once, kernels
):
    out, notebooks = tmp_path / "reports", tmp_path / "nbs"
    for name in ("a", "b", "c"):
        write_notebook(notebooks, name, "import time; time.sleep(0.3)", GOOD)
    command = [sys.executable, "-m", "research.cli", "report", str(tiny_once)]
    command += ["--notebooks", str(notebooks), "--out", str(out), "--force"]
    mark = f"RESEARCH_TEST_{os.getpid()}_{kernels}"
    environment = {**os.environ, "RESEARCH_TEST_MARK": mark}
    command += ["--kernels", kernels]
    start = time.monotonic()
    subprocess.run(command, env=environment, capture_output=True, check=True)
    took = time.monotonic() - start
    moments = random.Random(7)
    for _ in range(10):
        process = subprocess.Popen(
            command,
            env=environment,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        time.sleep(moments.uniform(0.2, 1) * took)
        process.kill()
        process.wait()
        assert len(list(out.glob("tiny/?.html"))) == 3
        for page in out.rglob("*.html"):
            assert page.read_text("utf-8").rstrip().endswith("</html>")
        end = time.monotonic() + 20
        while (left := marked(mark)) and time.monotonic() < end:
            time.sleep(0.1)
        assert not left, "a kernel outlived the run"
    done = subprocess.run(
        command[:-3], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert len(read_manifest(out / "tiny")["pages"]) == 3
    assert verify(out / "tiny") == []
    assert {path.name for path in (out / "tiny").glob(".*")} == {".listed"}


@pytest.fixture
def small_disk(tmp_path):
    """A file system that is soon full."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(disk)]
    if (
        shutil.which("mount") is None
        or subprocess.run(mount, capture_output=True, check=False).returncode
    ):
        pytest.skip("only who may mount can make a small disk")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


def test_a_full_disk_is_told_and_loses_nothing(small_disk, tmp_path, tiny_once):
    out, notebooks = small_disk / "reports", tmp_path / "nbs"
    write_notebook(notebooks, "a", GOOD)
    command = [sys.executable, "-m", "research.cli", "report", str(tiny_once)]
    command += ["--notebooks", str(notebooks), "--out", str(out)]
    command += ["--logs", str(tmp_path / "logs"), "--language", "en"]
    first = subprocess.run(command, capture_output=True, text=True, check=False)
    assert first.returncode == 0, first.stderr
    before = (out / "tiny" / "a.html").read_bytes()
    filling = small_disk / "filling"
    with pytest.raises(OSError, match="No space"), filling.open("wb") as file:
        while True:
            file.write(b"x" * 4096)
            file.flush()
    write_notebook(notebooks, "a", "two = 2", GOOD)
    full = subprocess.run(command, capture_output=True, text=True, check=False)
    assert full.returncode == 1, full.stderr
    assert re.search(r"No space left on device: [\d,]+ bytes wanted, \d", full.stderr)
    assert str(out / "tiny") in full.stderr
    assert "Traceback" not in full.stderr
    assert (out / "tiny" / "a.html").read_bytes() == before
    assert verify(out / "tiny") == []
    filling.unlink()
    again = subprocess.run(command, capture_output=True, text=True, check=False)
    assert again.returncode == 0, again.stderr
    assert (out / "tiny" / "a.html").read_bytes() != before
    assert verify(out / "tiny") == []
