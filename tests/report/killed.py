"""Publish over an older page and be killed before a chosen file operation.

Run as a program: prepares two versions of a page with real kernels, then forks a run
for each file operation that publishing takes; tells as JSON what was left each time.
"""

import json
import os
import shutil
import signal
import sys
import traceback
from collections.abc import Callable
from pathlib import Path

from research.report import attempt, batch
from research.report.execute import execute
from research.report.listed import is_listed
from research.report.publish import read_manifest, verify

CHANGES = {"os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.truncate"}


def changes_files(event: str, arguments: tuple) -> bool:
    """Whether an audited event changes files."""
    if event == "open":
        path, _, flags = arguments
        return bool(flags & (os.O_WRONLY | os.O_RDWR)) and path != os.devnull
    return event in CHANGES


def in_a_fork(work: Callable[[], object]) -> int:
    """Run in a process of its own; how it ended: 0, 1, or minus a signal."""
    pid = os.fork()
    if not pid:
        code = 1
        try:
            work()
            code = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def killed_before(number: int, work: Callable[[], object]) -> int:
    """Kill a run before its file operation of that number; how it ended."""

    def watched():
        seen = 0

        def hook(event, arguments):
            nonlocal seen
            if changes_files(event, arguments):
                seen += 1
                if seen == number:
                    os.kill(os.getpid(), signal.SIGKILL)

        sys.addaudithook(hook)
        work()

    return in_a_fork(watched)


def contents(out: Path) -> dict[str, bytes]:
    """Every file that a reader may open."""
    return {
        path.relative_to(out).as_posix(): path.read_bytes()
        for path in sorted(out.rglob("*"))
        if path.is_file() and not any(part.startswith(".") for part in path.parts)
    }


def main(region: Path, notebooks: Path, folder: Path) -> None:
    """Kill a run before each of its file operations; a record of each as JSON."""
    scratch = folder / "scratch.ipynb"
    old, new = (notebooks / version / "one.ipynb" for version in ("old", "new"))
    executed = {p: execute(p, {"region": str(region)}, scratch) for p in (old, new)}

    def stub(notebook, parameters, scratch, **_):
        scratch.write_text("{}", encoding="utf-8")
        return executed[notebook]

    attempt.execute = stub

    def publish(notebook: Path, out: Path) -> None:
        jobs = batch.plan([region], [notebook], out, {}, languages=["en"])
        (outcome,) = batch.run(jobs, out, languages=["en"])
        assert outcome.status in ("done", "fresh"), outcome

    # Not in a fork: what is read once in a process is not read in each of them.
    before, after, out = folder / "before", folder / "after", folder / "out"
    publish(old, before)
    shutil.copytree(before, after)
    publish(new, after)
    stay = set(contents(before)) & set(contents(after))
    steps, code = [], -signal.SIGKILL
    while code == -signal.SIGKILL:
        shutil.rmtree(out, ignore_errors=True)
        shutil.copytree(before, out)
        code = killed_before(len(steps) + 1, lambda: publish(new, out))
        left = contents(out)
        pages = {n: t.rstrip() for n, t in left.items() if n.endswith(".html")}
        steps.append(
            {
                "code": code,
                "half": [
                    n for n, t in pages.items() if not t.rstrip().endswith(b"</html>")
                ],
                "gone": sorted(stay - set(left)),
                "readable": read_manifest(out / "tiny") is not None,
                "resumed": in_a_fork(lambda: publish(new, out)),
                "faults": verify(out / "tiny"),
                "otherwise": sorted(set(contents(out)) ^ set(contents(after))),
                "listed": is_listed(out / "tiny", ["en"]) and is_listed(out, ["en"]),
                "litter": [path.name for path in (out / "tiny").glob(".*.new")],
            }
        )
    print(json.dumps(steps))


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
