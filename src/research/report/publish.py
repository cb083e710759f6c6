"""Put pages in their place whole, and keep the manifest that says what is there."""

import hashlib
import json
import os
from collections.abc import Iterable
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from research.region.errors import InputError
from research.report import previous, staging
from research.report.staging import MANIFEST

VERSIONED = ("research", "numpy", "pandas", "scikit-learn", "papermill", "nbconvert")


def sha256_of(paths: Iterable[Path], root: Path) -> str:
    """Hash of files: their names below `root` and their bytes, in order of name."""
    whole = hashlib.sha256()
    for path in sorted(paths):
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        whole.update(f"{path.relative_to(root).as_posix()} {digest}\n".encode())
    return whole.hexdigest()


def data_hash(region_folder: Path) -> str:
    """Hash of a region: `region.yaml` and every table."""
    tables = region_folder.rglob("*.parquet")
    return sha256_of([region_folder / "region.yaml", *tables], region_folder)


@cache
def code_hash() -> str:
    """Hash of this library: its modules, templates and fonts."""
    root = Path(__file__).parents[1]
    files = (
        path
        for path in root.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts  # what machines compile
    )
    return sha256_of(files, root)


def versions() -> dict[str, str]:
    """Versions of the libraries that numbers and pages depend on most."""
    return {name: version(name) for name in VERSIONED}


def read_manifest(folder: Path) -> dict[str, Any] | None:
    """Manifest of a region's reports; None where nothing was published yet.

    Raises
    ------
    InputError
        If the file is there and is no manifest.
    """
    path = folder / MANIFEST
    if not path.is_file():
        return None
    try:
        manifest = json.loads(path.read_text("utf-8"))
        return {**manifest, "pages": manifest["pages"], "failed": manifest["failed"]}
    except (ValueError, TypeError, KeyError) as error:
        raise InputError(
            f"{path}: not a manifest ({error}). Delete it and run the report again."
        ) from None


def page_of(manifest: dict[str, Any], notebook: str) -> dict[str, Any] | None:
    """Entry of the page that `notebook` published; None if it has none."""
    return next((p for p in manifest["pages"] if p["notebook"] == notebook), None)


def write_text(path: Path, text: str) -> None:
    """Write a file so that a reader sees the old one or the new one, never a part."""
    fresh = path.with_name(f".{path.name}.new")
    try:
        staging.write(fresh, text)
        os.replace(fresh, path)
    except OSError:
        fresh.unlink(missing_ok=True)
        raise


def publish_page(
    folder: Path,
    manifest: dict[str, Any],
    page: dict[str, Any],
    html: str,
    files: dict[str, str],
) -> None:
    """Put a page, its files and the manifest in place, all of them or none.

    Parameters
    ----------
    folder : Path
        Reports of the region.
    manifest : dict
        The region's manifest; gets `page` in place of an older entry of the same
        notebook and loses the note of a former failure, once they are in place.
    page : dict
        `notebook`, `summary`, `parameters`, ...; `file`, `sha256` and `files` are
        added here, and `previous`, the earlier runs that are kept.
    html : str
        The page.
    files : dict
        Further files by path below `folder`: tables and pictures.

    Raises
    ------
    OSError
        If they can not be written; then nothing has changed.
    """
    if not html.rstrip().endswith("</html>"):
        raise RuntimeError(f"{page['notebook']}: the page is not whole")
    notebook = page["notebook"]
    name = f"{notebook}.html"
    everything: dict[str, str | bytes] = {**files, name: html}
    digests = {r: sha256(content) for r, content in everything.items()}
    before = page_of(manifest, notebook)
    entry = page | {
        "file": name,
        "sha256": digests[name],
        "files": [{"file": r, "sha256": digests[r]} for r in sorted(files)],
        "previous": [],
    }
    # Other rules of what may be shown: what was made by them is not shown on.
    if before and before.get("rules") == page.get("rules"):
        earlier = before.get("previous", [])
        if previous.says_otherwise(before, entry):
            kept, copies = previous.keep(folder, before)
            everything |= copies
            earlier = [kept, *earlier]
        entry["previous"] = earlier[: previous.KEPT]
    after = {kind: list(manifest[kind]) for kind in ("pages", "failed", "skipped")}
    _replace_entry(after["pages"], entry)
    _drop_entry(after["failed"], notebook)
    _drop_entry(after["skipped"], notebook)
    text = manifest_text(manifest | after)
    staging.put(folder, notebook, everything | {MANIFEST: text})
    manifest.update(after)


def note_without_page(
    folder: Path, manifest: dict[str, Any], kind: str, entry: dict[str, Any]
) -> None:
    """Note in the manifest that a notebook `failed` or was `skipped`, and why."""
    _replace_entry(manifest[kind], entry)
    _drop_entry(
        manifest["skipped" if kind == "failed" else "failed"], entry["notebook"]
    )
    write_manifest(folder, manifest)


def write_manifest(folder: Path, manifest: dict[str, Any]) -> None:
    """Write the manifest in one step."""
    write_text(folder / MANIFEST, manifest_text(manifest))


def manifest_text(manifest: dict[str, Any]) -> str:
    """Write a manifest as JSON, in the same order every time."""
    text = json.dumps(manifest, ensure_ascii=False, indent=1, sort_keys=True)
    return text + "\n"


def verify(folder: Path) -> list[str]:
    """Compare the published files of a region with their manifest.

    Returns
    -------
    faults : list of str
        A sentence a file that is missing or differs; empty if all is as published.

    Raises
    ------
    InputError
        If `folder` holds no manifest.
    """
    manifest = read_manifest(folder)
    if manifest is None:
        raise InputError(
            f"{folder}: no {MANIFEST}; name the folder of a region's reports."
        )
    faults = []
    for entry in staging.entries(manifest):
        path = folder / entry["file"]
        if not path.is_file():
            faults.append(f"{path}: missing.")
        elif sha256(path.read_bytes()) != entry["sha256"]:
            faults.append(f"{path}: changed since it was published.")
    return faults


def sha256(content: str | bytes) -> str:
    """Hash of a file's content; of text, as it is written."""
    data = content.encode("utf-8") if isinstance(content, str) else content
    return hashlib.sha256(data).hexdigest()


def _replace_entry(entries: list[dict[str, Any]], entry: dict[str, Any]) -> None:
    _drop_entry(entries, entry["notebook"])
    entries.append(entry)
    entries.sort(key=lambda e: e["notebook"])


def _drop_entry(entries: list[dict[str, Any]], notebook: str) -> None:
    entries[:] = [e for e in entries if e["notebook"] != notebook]
