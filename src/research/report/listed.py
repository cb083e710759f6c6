"""Whether index pages say what is published by now.

A run may be cut off after a page came into its place and before the index did. So an
index is marked with what it was made from, and one whose mark is another is made anew.
"""

from collections.abc import Sequence
from pathlib import Path

from research.report.provenance import code_hash, file_hashes, sha256_of
from research.report.publish import write_text
from research.report.staging import MANIFEST
from research.report.translate import file_in

MARK = ".listed"


def is_listed(folder: Path, languages: Sequence[str]) -> bool:
    """Whether a folder has its index in each language, made from what is there now."""
    mark = folder / MARK
    pages = [folder / file_in("index.html", lang, languages) for lang in languages]
    return all(path.is_file() for path in [mark, *pages]) and mark.read_text(
        "utf-8"
    ) == _made_from(folder)


def mark_listed(folder: Path) -> None:
    """Note what the index of a folder was made from, once it is written."""
    write_text(folder / MARK, _made_from(folder))


def _made_from(folder: Path) -> str:
    manifests = [*folder.glob(MANIFEST), *folder.glob(f"*/{MANIFEST}")]
    return sha256_of([code_hash(), file_hashes(manifests, folder)])
