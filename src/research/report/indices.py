"""Index pages of what is published: of each region, and of all of them."""

import datetime as dt
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from research.region.errors import InputError
from research.report import lock
from research.report.jobs import Unread
from research.report.listed import mark_listed
from research.report.publish import read_manifest, write_manifest, write_text
from research.report.search import search_page
from research.report.site import region_index, site_index
from research.report.translate import LANGUAGES, file_in


def now() -> str:
    """Time of the clock, as it stands in manifests."""
    return f"{dt.datetime.now(dt.UTC):%Y-%m-%dT%H:%M:%SZ}"


def write_region_index(folder: Path, languages: Sequence[str]) -> None:
    """Write the page that lists what a region has published, and what it has not."""
    manifest = read_manifest(folder)
    if manifest is None:  # nothing was published, skipped or failed
        return
    heroes = _heroes(folder, manifest)
    for language in languages:
        page = region_index(manifest, heroes, language=language, languages=languages)
        write_text(folder / file_in("index.html", language, languages), page)
    mark_listed(folder)


def write_site_index(out: Path, languages: Sequence[str] = LANGUAGES) -> None:
    """Write the page that lists every region published below `out`, and the search."""
    folders = sorted(p.parent for p in out.glob("*/manifest.json"))
    manifests = [m for m in map(read_manifest, folders) if m is not None]
    heroes = {}
    for folder, manifest in zip(folders, manifests, strict=True):
        pictures = _heroes(folder, manifest)
        if pictures:  # the last page's: the first looks at the data, not at customers
            heroes[manifest["region"]] = pictures[max(pictures)]
    for language in languages:
        told = {"language": language, "languages": languages}
        listed = site_index(manifests, heroes, **told)
        write_text(out / file_in("index.html", language, languages), listed)
        searched = search_page(out, manifests, **told)
        write_text(out / file_in("search.html", language, languages), searched)
    mark_listed(out)


def note_unread(out: Path, unread: Unread, languages: Sequence[str]) -> None:
    """Tell on the page of a region that it could not be read; why is for the log."""
    name = unread.path.resolve().name
    if not re.fullmatch(r"[\w-][\w.-]*", name):
        return  # no name of a folder: told to the operator alone
    folder = out / name
    try:
        with lock.held(out, name):
            folder.mkdir(exist_ok=True)
            manifest = read_manifest(folder) or {
                "region": name,
                "title": {"en": name, "zh": ""},
                "pages": [],
                "failed": [],
                "skipped": [],
            }
            write_manifest(folder, manifest | {"unread": now()})
            write_region_index(folder, languages)
    except InputError:
        return  # another run has it in hand: it will tell what it finds


def _heroes(folder: Path, manifest: dict[str, Any]) -> dict[str, str]:
    """Return the first figure of each page as SVG, by the name of its notebook."""
    paths = {
        page["notebook"]: folder / "figures" / f"{page['notebook']}.hero.svg"
        for page in manifest["pages"]
    }
    return {n: p.read_text("utf-8") for n, p in paths.items() if p.is_file()}
