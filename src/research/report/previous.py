"""Pages that newer ones took the place of: kept for a while, and linked."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from research.report.provenance import sha256

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


def keep(
    folder: Path, page: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, bytes]]:
    """Copy a published page with its tables, to be put below ``previous/``.

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
    copies : dict
        Contents by path below `folder`.
    """
    stamp = "".join(c for c in page.get("made_at", "") if c.isdigit()) or "earlier"
    place = f"{FOLDER}/{page['notebook']}.{stamp}"
    copies = {}
    for entry in [page, *page["files"]]:
        source = folder / entry["file"]
        if not source.is_file() or entry["file"].endswith(".svg"):
            continue
        content = source.read_bytes()
        if source.suffix == ".html":
            for old, new in (_HOME, _HOME_ZH):
                content = content.replace(old.encode(), new.encode())
        copies[f"{place}/{entry['file']}"] = content
    kept = [
        {"file": path, "sha256": sha256(content)} for path, content in copies.items()
    ]
    first, *files = kept or [{"file": "", "sha256": ""}]
    return {"made_at": page.get("made_at", ""), **first, "files": files}, copies
