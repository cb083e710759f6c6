"""Repeat what was published, and tell which tables come out otherwise."""

import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from research.region.errors import InputError
from research.region.region import read_region
from research.report import batch
from research.report.jobs import pays_to_warm
from research.report.provenance import environment, sha256_of
from research.report.publish import page_of, read_manifest
from research.report.published import ACROSS, from_csv

_MADE = re.compile(r'<div class="made-parts">\s*<dl>.*?</dl>', re.DOTALL)
"""Hashes, versions and time of a run: what has changed of them is told by itself."""


class Repeated(NamedTuple):
    """What came of one file, or of a whole page, when it was made again.

    Attributes
    ----------
    notebook : str
    file : str
        Published file; empty if it is about the page as a whole.
    same : bool
        Whether it is the same: byte by byte, a page without how it was made.
    told : str
        What differs.
    """

    notebook: str
    file: str
    same: bool
    told: str


def rerun(
    folder: Path,
    notebooks: Sequence[Path],
    region: Path | None = None,
    *,
    limits: batch.Limits | None = None,
    workers: int = 1,
    progress: batch.Progress | None = None,
) -> list[Repeated]:
    """Make the pages of a folder again, elsewhere, and compare what comes out.

    Parameters
    ----------
    folder : Path
        Reports of a region, or on all of them. Nothing in it is changed.
    notebooks : sequence of Path
        Where the notebooks are now.
    region : Path, optional
        Folder of the region; not needed for reports on all.
    limits, workers, progress
        As of `batch.run`.

    Returns
    -------
    repeated : list of Repeated
        What has changed since a page was published (data, library, notebook, versions)
        comes before its files.

    Raises
    ------
    InputError
        If there is nothing to repeat, or a notebook or the region is not there.
    """
    manifest = read_manifest(folder)
    if manifest is None or not manifest["pages"]:
        raise InputError(
            f"{folder}: no page to repeat; name the folder of published reports."
        )
    about_all = manifest["region"] == ACROSS
    if region is None and not about_all:
        raise InputError(f"{folder}: name the region's folder to run it again.")
    with tempfile.TemporaryDirectory(prefix="rerun-") as scratch:
        out = Path(scratch) / "reports"
        if about_all:
            _copy_tables(folder.parent, out)
        regions = [] if region is None or about_all else [read_region(region)]
        jobs = _planned(folder, manifest, regions, notebooks, out)
        outcomes = [
            outcome
            for languages in dict.fromkeys(job.made_of["languages"] for job in jobs)
            for outcome in batch.run(
                [job for job in jobs if job.made_of["languages"] == languages],
                out,
                workers=workers,
                limits=limits,
                progress=progress,
                languages=languages.split(", "),
                warm=pays_to_warm(jobs),
            )
        ]
        return [
            line
            for outcome in outcomes
            for line in _compared(folder, manifest, outcome, out)
        ]


def _planned(folder, manifest, regions, notebooks, out) -> list[batch.Job]:
    """Plan each published page with the parameters that it was published with."""
    known = {path.stem: path for path in notebooks}
    for region in regions:
        if region.name != manifest["region"]:
            raise InputError(
                f"{region.path}: this is region {region.name!r}, the reports are on "
                f"{manifest['region']!r}."
            )
    for page in manifest["pages"]:
        if page["notebook"] not in known:
            raise InputError(
                f"{folder}: the notebook {page['notebook']!r} is not among "
                f"{', '.join(sorted(known)) or 'none'}."
            )
    return [
        job
        for page in manifest["pages"]
        for job in batch.plan(
            regions,
            [known[page["notebook"]]],
            out,
            _as_text(page.get("parameters", {})),
            languages=page["made_of"]["languages"].split(", "),
            force=True,
        )
    ]


def _copy_tables(reports: Path, out: Path) -> None:
    """Copy what pages on all regions read: manifests and tables."""
    for path in sorted(reports.glob("*/manifest.json")):
        for source in [path, *path.parent.glob("tables/*.csv")]:
            target = out / source.relative_to(reports)
            if path.parent.name != ACROSS:
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(source, target)


def _as_text(parameters: Mapping[str, Any]) -> dict[str, str]:
    """Parameters as the command line writes them."""
    return {
        name: "none" if value is None else str(value)
        for name, value in parameters.items()
    }


def _compared(
    folder: Path, manifest: Mapping[str, Any], outcome: batch.Outcome, out: Path
) -> Iterator[Repeated]:
    job = outcome.job
    before = page_of(dict(manifest), job.name) or {}
    for told in _changes(manifest, before, job):
        yield Repeated(job.name, "", True, told)
    if outcome.status != "done":
        yield Repeated(job.name, "", False, f"{outcome.status}: {outcome.cause}")
        return
    made = read_manifest(out / job.place)
    after = (page_of(made, job.name) or {}) if made else {}
    for file in sorted(_files(before) | _files(after)):
        told = _difference(folder / file, out / job.place / file)
        yield Repeated(job.name, file, not told, told)


def _changes(manifest, before, job: batch.Job) -> Iterator[str]:
    """What a page was made of that is otherwise now."""
    known = manifest.get("inputs", {}).get(before.get("data"), {})
    if before.get("data") != job.data:
        files = sorted(
            name
            for name in {**known, **job.inputs}
            if known.get(name) != job.inputs.get(name)
        )
        named = ", ".join(files[:5]) + (" ..." if len(files) > 5 else "")
        yield f"data changed since: {named or 'which files is not known'}"
    then = before.get("made_of", {})
    for part in ("library", "notebook"):
        if then.get(part) != job.made_of[part]:
            yield f"{part} changed since"
    if then.get("versions") != sha256_of(environment()):
        installed = manifest.get("environments", {}).get(then.get("versions"), {})
        changed = [
            f"{name} {installed.get(name, 'not there')} -> {now or 'not there'}"
            for name, now in ({name: "" for name in installed} | environment()).items()
            if installed.get(name) != now
        ]
        named = ", ".join(changed[:5]) + (" ..." if len(changed) > 5 else "")
        yield f"versions changed since: {named}"


def _files(page: Mapping[str, Any]) -> set[str]:
    return {entry["file"] for entry in [page, *page.get("files", [])] if entry}


def _difference(before: Path, after: Path) -> str:
    """How a file that was made again differs; empty if it is the same."""
    if not before.is_file() or not after.is_file():
        return "only before" if before.is_file() else "only now"
    old, new = before.read_bytes(), after.read_bytes()
    if old == new:
        return ""
    if before.suffix == ".html":
        old_text, new_text = (
            _MADE.sub("", content.decode("utf-8")) for content in (old, new)
        )
        return "" if old_text == new_text else "the page reads otherwise"
    if before.suffix == ".csv":
        return table_difference(
            *(from_csv(text.decode("utf-8")) for text in (old, new))
        )
    return "the picture is another"


def table_difference(before: pd.DataFrame, after: pd.DataFrame) -> str:
    """How much two tables of text differ, in words.

    Parameters
    ----------
    before, after : DataFrame
        As `published.from_csv` reads them.

    Returns
    -------
    told : str
        Empty if they are equal.

    Examples
    --------
    >>> a = pd.DataFrame({"group": ["1", "2"], "kwh": ["10", "20"]})
    >>> table_difference(a, a.assign(kwh=["10", "21"]))
    '1 of 4 values differ, in kwh; numbers by at most 5 %'
    """
    if list(before.columns) != list(after.columns) or len(before) != len(after):
        shapes = [f"{len(f)} x {f.shape[1]}" for f in (before, after)]
        return f"rows x columns were {shapes[0]}, are {shapes[1]}, or columns changed"
    differs = before.to_numpy() != after.to_numpy()
    if not differs.any():
        return ""
    columns = ", ".join(before.columns[differs.any(axis=0)])
    told = f"{differs.sum()} of {differs.size} values differ, in {columns}"
    old, new = (
        pd.to_numeric(pd.Series(frame.to_numpy()[differs]), errors="coerce")
        for frame in (before, after)
    )
    apart = ((new - old).abs() / old.abs().replace(0, np.nan)).max()
    if np.isfinite(apart):
        told += f"; numbers by at most {100 * apart:.3g} %"
    return told
