"""Files that come into their places together, however a run ends.

A page has tables and pictures beside it, and a manifest that lists them. All of them
are written to a folder of their own; that it is renamed is what makes them count. What
was cut off before is nothing; what was cut off after is finished by `finish`.
"""

import errno
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

MANIFEST = "manifest.json"
_STAGED, _READY = ".stage-", ".ready-"


def put(folder: Path, name: str, files: Mapping[str, str | bytes]) -> None:
    """Put files in place together, the manifest last; remove what it no longer lists.

    Parameters
    ----------
    folder : Path
        Reports of a region, held by this run.
    name : str
        Of the page that they belong to.
    files : mapping
        Contents by path below `folder`; one of them is ``manifest.json``.

    Raises
    ------
    OSError
        If they can not be written; then nothing has changed.
    """
    stage = folder / f"{_STAGED}{name}"
    shutil.rmtree(stage, ignore_errors=True)
    try:
        for relative, content in files.items():
            path = _inside(stage, relative)
            path.parent.mkdir(parents=True, exist_ok=True)
            write(path, content)
        sync_folders(stage)
        os.replace(stage, folder / f"{_READY}{name}")
    except OSError:
        shutil.rmtree(stage, ignore_errors=True)
        raise
    finish(folder)


def is_pending(folder: Path) -> bool:
    """Whether a run was cut off while files came into their places."""
    return any(folder.glob(f"{_READY}*"))


def finish(folder: Path) -> None:
    """Finish what was cut off, and remove what never came to count."""
    for stage in folder.glob(f"{_STAGED}*"):
        shutil.rmtree(stage)
    for ready in sorted(folder.glob(f"{_READY}*")):
        fresh = ready / MANIFEST
        if fresh.is_file():  # the last to leave: without it all is in place
            _take_out(folder, ready)
        shutil.rmtree(ready)


def _take_out(folder: Path, ready: Path) -> None:
    coming = [path for path in _files(ready) if path != ready / MANIFEST]
    for path in coming:
        target = folder / path.relative_to(ready)
        target.parent.mkdir(parents=True, exist_ok=True)
        os.replace(path, target)
    before, after = (set(_listed(root / MANIFEST)) for root in (folder, ready))
    for relative in sorted(before - after):
        _remove(folder, relative)
    sync_folders(folder)
    os.replace(ready / MANIFEST, folder / MANIFEST)
    sync_folders(folder)


def write(path: Path, content: str | bytes) -> None:
    """Write a file down to the disk.

    Raises
    ------
    OSError
        Names the file, and for a full disk the bytes that were to be written.
    """
    data = content.encode("utf-8") if isinstance(content, str) else content
    try:
        with path.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        told = error.strerror
        if error.errno == errno.ENOSPC:
            free = shutil.disk_usage(path.parent).free
            told = f"{told}: {len(data):,} bytes wanted, {free:,} free"
        raise OSError(error.errno, told, str(path)) from None


def sync_folders(root: Path) -> None:
    """Write names of files down to the disk: of a folder and those below it."""
    if os.name != "posix":  # elsewhere folders can not be opened
        return
    below = (path for path in root.rglob("*") if path.is_dir())
    for folder in [*below, root]:
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def _listed(path: Path) -> Iterator[str]:
    """Every file that a manifest lists; none if there is no manifest."""
    if path.is_file():
        for entry in entries(json.loads(path.read_text("utf-8"))):
            yield entry["file"]


def entries(manifest: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """What a manifest says of each file: pages, what is beside them, earlier runs."""
    for page in manifest["pages"]:
        for made in (page, *page.get("previous", [])):
            yield from (entry for entry in (made, *made["files"]) if entry["file"])


def _remove(folder: Path, relative: str) -> None:
    """Remove a file, and the folders that it leaves empty."""
    path = _inside(folder, relative)
    path.unlink(missing_ok=True)
    for parent in path.parents:
        if parent == folder or not parent.is_dir() or any(parent.iterdir()):
            return
        parent.rmdir()


def _inside(folder: Path, relative: str) -> Path:
    path = folder / relative
    if not path.resolve().is_relative_to(folder.resolve()):
        raise RuntimeError(f"{relative} would lie outside of {folder}")
    return path
