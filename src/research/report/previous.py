"""Pages that newer ones took the place of: kept for a while, and linked."""

import hashlib
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

FOLDER = "previous"
KEPT = 5
"""Earlier runs of a notebook that are kept; the oldest goes first."""

_HOME = ('href="index.html"', 'href="../../index.html"')
_HOME_ZH = ('href="index.zh.html"', 'href="../../index.zh.html"')


def says_otherwise(before: Mapping[str, Any], now: Mapping[str, Any]) -> bool:
    """Whether a page says anything else than the one before: tables, verdict, how.

    Times of the run and of the clock do not count.
    """

    def said(page):
        tables = [
            (file["file"], file["sha256"])
            for file in page["files"]
            if file["file"].endswith(".csv")
        ]
        return tables, page.get("summary"), page.get("parameters")

    return said(before) != said(now)


def keep(folder: Path, page: Mapping[str, Any]) -> dict[str, Any]:
    """Copy a published page with its tables to ``previous/``; what tells of it.

    Parameters
    ----------
    folder : Path
        Reports of the region.
    page : mapping
        Entry of the page in the manifest.

    Returns
    -------
    entry : dict
        `made_at`, `file`, `sha256`, `files`, as in the entry of a page.
    """
    stamp = "".join(c for c in page.get("made_at", "") if c.isdigit()) or "earlier"
    place = f"{FOLDER}/{page['notebook']}.{stamp}"
    stage = folder / FOLDER / f".{page['notebook']}.new"
    shutil.rmtree(stage, ignore_errors=True)
    kept = []
    for entry in [page, *page["files"]]:
        source, target = folder / entry["file"], stage / entry["file"]
        if not source.is_file() or entry["file"].endswith(".svg"):
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        content = source.read_bytes()
        if source.suffix == ".html":
            for old, new in (_HOME, _HOME_ZH):
                content = content.replace(old.encode(), new.encode())
        target.write_bytes(content)
        digest = hashlib.sha256(content).hexdigest()
        kept.append({"file": f"{place}/{entry['file']}", "sha256": digest})
    shutil.rmtree(folder / place, ignore_errors=True)
    stage.parent.mkdir(exist_ok=True)
    if stage.is_dir():
        os.replace(stage, folder / place)
    first, *files = kept or [{"file": "", "sha256": ""}]
    return {"made_at": page.get("made_at", ""), **first, "files": files}


def forget(folder: Path, entries: list[dict[str, Any]]) -> None:
    """Remove the files of entries that are no longer told of."""
    for entry in entries:
        if entry["file"]:
            shutil.rmtree((folder / entry["file"]).parent, ignore_errors=True)
