"""What regions have published, read again: for pages that are about all of them.

Manifests say what counts. A table that is not in the manifest, or is no longer as it
was published, is not read, and a region without the table is told with the reason.
"""

import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from research.region.errors import InputError
from research.report.provenance import sha256, sha256_of
from research.report.publish import page_of, read_manifest

ACROSS = "across"
"""Folder of the pages about all regions; no region may have this name."""


@dataclass(frozen=True)
class Published:
    """One table of one notebook, as each region published it.

    Attributes
    ----------
    tables : dict of str to DataFrame
        By region, in the order of their names; every cell is text, "" if empty.
    without : dict of str to str
        Regions that have no such table, and why.
    titles : dict of str to str
        Name of each region in a reader's words, English and Chinese.
    synthetic : tuple of str
        Regions whose data are made up.
    """

    tables: dict[str, pd.DataFrame] = field(default_factory=dict)
    without: dict[str, str] = field(default_factory=dict)
    titles: dict[str, str] = field(default_factory=dict)
    synthetic: tuple[str, ...] = ()


def read_published(reports: str | Path, notebook: str, table: str) -> Published:
    """One table of one notebook from every region below `reports`.

    Parameters
    ----------
    reports : path-like
        Folder of the published reports. Seen from the folder `notebooks`, a path that
        starts at the root of the repository works too.
    notebook, table : str
        Such as ``"06_method_comparison"`` and ``"all_runs"``.

    Returns
    -------
    published : Published

    Raises
    ------
    InputError
        If there is no such folder, or a manifest can not be read.

    Examples
    --------
    ``read_published("reports", "06_method_comparison", "all_runs").tables["london"]``
    """
    folder = Path(reports)
    if not folder.is_absolute() and not folder.exists():
        folder = Path("..", folder) if Path("..", folder).exists() else folder
    if not folder.is_dir():
        raise InputError(f"{folder}: no such folder; run `research report` first.")
    tables, without = {}, {}
    manifests = region_manifests(folder)
    for region, manifest in manifests.items():
        why, content = _content(folder / region, manifest, notebook, table)
        if why:
            without[region] = why
        else:
            tables[region] = from_csv(content)
    return Published(
        tables,
        without,
        {region: title_of(manifest) for region, manifest in manifests.items()},
        tuple(r for r, manifest in manifests.items() if manifest.get("synthetic")),
    )


def read_indicators(reports: str | Path, notebooks: Iterable[str]) -> Published:
    """The indicators that each region published, of several notebooks together.

    Parameters
    ----------
    reports : path-like
        As for `read_published`.
    notebooks : iterable of str
        Whose tables ``indicators`` are read.

    Returns
    -------
    published : Published
        `without` holds the regions of which none has such a table.
    """
    read = [read_published(reports, notebook, "indicators") for notebook in notebooks]
    tables = {
        region: pd.concat(
            [one.tables[region] for one in read if region in one.tables],
            ignore_index=True,
        )
        for region in (read[0].titles if read else ())
        if any(region in one.tables for one in read)
    }
    if not read:
        return Published()
    without = {r: why for r, why in read[0].without.items() if r not in tables}
    return Published(tables, without, read[0].titles, read[0].synthetic)


def region_manifests(reports: Path) -> dict[str, dict[str, Any]]:
    """Manifest of each region below `reports`, in the order of their names."""
    folders = sorted(path.parent for path in reports.glob("*/manifest.json"))
    read = {path.name: read_manifest(path) for path in folders if path.name != ACROSS}
    return {name: manifest for name, manifest in read.items() if manifest is not None}


def title_of(manifest: Mapping[str, Any]) -> str:
    """Name of a region in a reader's words, English and Chinese.

    Examples
    --------
    >>> title_of({"region": "linqing", "title": {"en": "Linqing", "zh": "临清"}})
    'Linqing 临清'
    """
    title = manifest.get("title", {})
    words = " ".join(filter(None, [title.get("en"), title.get("zh")]))
    return words or str(manifest.get("region", ""))


def fingerprint(reports: Path, notebook: str | None = None) -> str:
    """Hash of the tables that regions published, and of the reasons of those without.

    It changes when a page about all regions would: not when a page of a region is made
    again with the same tables.

    Parameters
    ----------
    reports : Path
        May not exist yet.
    notebook : str, optional
        Only its tables count; unset, those of all notebooks.
    """
    told = [
        (
            region,
            title_of(manifest),
            bool(manifest.get("synthetic")),
            [
                (entry["file"], entry["sha256"])
                for page in manifest["pages"]
                for entry in page["files"]
                if entry["file"].endswith(".csv")
                and notebook in (None, page["notebook"])
            ],
            [
                (kind, entry["notebook"], entry.get("cause", ""))
                for kind in ("failed", "skipped")
                for entry in manifest.get(kind, [])
                if notebook in (None, entry["notebook"])
            ],
        )
        for region, manifest in region_manifests(reports).items()
    ]
    return sha256_of(told)


def from_csv(text: str) -> pd.DataFrame:
    r"""A published csv as text: nothing is taken for a number, or for missing.

    Examples
    --------
    >>> from_csv("region,seed\n0371,\n").values.tolist()
    [['0371', '']]
    """
    # Not for who only asks what was published: it takes two seconds to import.
    from research.report.tables import unguarded

    frame = pd.read_csv(io.StringIO(text.lstrip("\ufeff")), dtype=str, na_filter=False)
    frame.columns = [unguarded(name) for name in frame.columns]
    return frame.apply(lambda column: column.map(unguarded))


def _content(folder, manifest, notebook, table):
    """Why there is no such table, or its content: one of the two is empty."""
    page = page_of(manifest, notebook)
    if page is None:
        return _why_without(manifest, notebook), ""
    name = f"tables/{notebook}.{table}.csv"
    digests = {entry["file"]: entry["sha256"] for entry in page["files"]}
    if name not in digests:
        return f"{notebook} published no table {table}", ""
    path = folder / name
    if not path.is_file():
        return f"its table {table} is missing", ""
    content = path.read_bytes()
    if sha256(content) != digests[name]:
        return f"its table {table} was changed since it was published", ""
    return "", content.decode("utf-8")


def _why_without(manifest, notebook):
    for kind, words in (("failed", "failed"), ("skipped", "was not asked of it")):
        for entry in manifest.get(kind, []):
            if entry["notebook"] == notebook:
                return f"{notebook} {words}: {entry.get('cause', '')}".rstrip(": ")
    return f"{notebook} was not run"
