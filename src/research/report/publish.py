"""Put pages in their place whole, and keep the manifest that says what is there."""

import json
import os
from pathlib import Path
from typing import Any

from research.region.errors import InputError
from research.report import previous, staging
from research.report.provenance import file_hash, sha256
from research.report.staging import MANIFEST


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
    sources: dict[str, dict[str, dict[str, str]]] | None = None,
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
    sources : dict, optional
        What it was made from, told once for all pages: below ``inputs`` by its `data`,
        below ``environments`` by what its `made_of` has as ``versions``.

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
    after |= _still_named(manifest, sources or {}, after["pages"])
    text = manifest_text(manifest | after)
    staging.put(folder, notebook, everything | {MANIFEST: text})
    manifest.update(after)


def _still_named(manifest, sources, pages) -> dict[str, dict[str, dict[str, str]]]:
    """What pages were made from, without what none of them names any more."""
    named = {
        "inputs": {page["data"] for page in pages if "data" in page},
        "environments": {page.get("made_of", {}).get("versions") for page in pages},
    }
    known = {kind: manifest.get(kind, {}) | sources.get(kind, {}) for kind in named}
    return {
        kind: {digest: files for digest, files in known[kind].items() if digest in kept}
        for kind, kept in named.items()
    }


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
        elif file_hash(path) != entry["sha256"]:
            faults.append(f"{path}: changed since it was published.")
    return faults


def _replace_entry(entries: list[dict[str, Any]], entry: dict[str, Any]) -> None:
    _drop_entry(entries, entry["notebook"])
    entries.append(entry)
    entries.sort(key=lambda e: e["notebook"])


def _drop_entry(entries: list[dict[str, Any]], notebook: str) -> None:
    entries[:] = [e for e in entries if e["notebook"] != notebook]
