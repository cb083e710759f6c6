"""Worklists of single customers: beside the pages, never on them, and marked INTERNAL.

A region that says ``privacy: {publish: internal}`` may have them. They are written only
where the one who runs the notebooks names a folder and a key for it::

    RESEARCH_INTERNAL=/safe/worklists RESEARCH_KEY_FILE=/safe/key research report ...

Customers go by HMAC-SHA256 of the region's name and their id: whoever has the key can
look a customer up, and nobody else can, not even by trying all ids. Pseudonyms are
personal data all the same; another key for every region and period keeps lists from
being joined.
"""

import hmac
import os
from collections.abc import Iterable, Mapping
from pathlib import Path

import pandas as pd

from research.region.errors import InputError
from research.report.display import note
from research.report.part import Part, check_name
from research.report.tables import to_csv

FOLDER, KEY_FILE = "RESEARCH_INTERNAL", "RESEARCH_KEY_FILE"
KEY_BYTES = 32
MARK = "INTERNAL"


def pseudonyms(ids: Iterable[object], region: str, key: bytes) -> list[str]:
    """Names of customers that only who has the key can trace back.

    Parameters
    ----------
    ids : iterable
    region : str
        Name of the region.
    key : bytes of length 32

    Returns
    -------
    pseudonyms : list of str
        16 hexadecimal digits each.

    Examples
    --------
    >>> pseudonyms(["0010014277"], "haihe", bytes(32))
    ['609dc9c6a9799c62']
    """
    if len(key) != KEY_BYTES:
        raise InputError(f"a key of {KEY_BYTES} bytes is wanted, found {len(key)}.")
    texts = (f"{region}\0{one}".encode() for one in ids)
    return [hmac.new(key, text, "sha256").hexdigest()[:16] for text in texts]


def worklist(
    frame: pd.DataFrame,
    region,
    *,
    name: str,
    what: str,
    environment: Mapping[str, str] = os.environ,
) -> Part:
    """Write a list of customers beside the pages; the page says what became of it.

    Parameters
    ----------
    frame : DataFrame
        With `customer_id`; a row a customer, the most urgent first.
    region : region
    name : str
        Names the file: lower-case letters, digits, ``-`` and ``_``.
    what : str
        Who is listed, for the page.
    environment : mapping of str to str
        Where the folder and the key are named.

    Returns
    -------
    note : Part
        The same words whoever is listed, and however many.

    Raises
    ------
    InputError
        If the key is not of 32 bytes, or lies with the data, the lists, the pages or
        a repository; or if the folder is one of published pages.
    """
    check_name(name)
    if region.settings.privacy.publish != "internal":
        return note(
            f"{what}: not listed. Pages show groups; privacy.publish of region.yaml "
            "allows worklists beside them.",
            kind="missing",
        )
    if not environment.get(FOLDER) or not environment.get(KEY_FILE):
        return note(
            f"{what}: not listed. Name a folder in {FOLDER} and a key in {KEY_FILE} to "
            "have the worklist written.",
            kind="missing",
        )
    folder = Path(environment[FOLDER]).resolve()
    key = _read_key(Path(environment[KEY_FILE]).resolve(), folder, region.path)
    _refuse_pages(folder)
    listed = frame.copy()
    listed["customer_id"] = pseudonyms(frame["customer_id"], region.name, key)
    listed = listed.rename(columns={"customer_id": f"{MARK} pseudonym"})
    target = folder / region.name / f"{MARK}.{name}.csv"
    target.parent.mkdir(parents=True, exist_ok=True)
    fresh = target.with_suffix(".part")
    fresh.write_text("\ufeff" + to_csv(listed, index=False), encoding="utf-8")
    fresh.chmod(0o600)
    fresh.replace(target)
    return note(f"{what}: listed for internal use, not here.", kind="assumption")


def _read_key(path: Path, folder: Path, data: Path) -> bytes:
    """The key, if it lies where neither data nor pages are."""
    beside = [folder, Path(data).resolve()]
    parents = [path.parent, *path.parent.parents]
    if any(parent in beside or (parent / ".git").exists() for parent in parents):
        raise InputError(
            f"{path}: a key must not lie with the data, the worklists or in a "
            "repository; keep it elsewhere."
        )
    if not path.is_file():
        raise InputError(f"{path}: no such key; `openssl rand -out FILE 32` makes one.")
    key = path.read_bytes()
    if len(key) != KEY_BYTES:
        raise InputError(
            f"{path}: a key of {KEY_BYTES} random bytes is wanted, found {len(key)}."
        )
    return key


def _refuse_pages(folder: Path) -> None:
    for parent in (folder, *folder.parents):
        if (parent / "manifest.json").exists() or (parent / "index.html").exists():
            raise InputError(
                f"{folder}: pages are published in {parent}; worklists go elsewhere."
            )
