"""A run of a notebook made into pages: rendered, entered in the manifest, published."""

import contextlib
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import nbformat

from research.region.cache import looks_of
from research.report.export import Page, render
from research.report.indices import now
from research.report.outcome import Outcome
from research.report.parameters import SUBJECTS
from research.report.provenance import (
    as_told,
    changed_inputs,
    environment,
    sha256_of,
    versions,
)
from research.report.publish import publish_page
from research.report.published import from_csv
from research.report.subject import Subject
from research.report.translate import file_in


def publish_edition(
    outcome: Outcome,
    executed,
    manifest: dict[str, Any],
    subject: Subject,
    *,
    out: Path,
    languages: Sequence[str],
    record: Path,
) -> Outcome:
    """Render the pages of a notebook that ran to its end, and put them in place.

    Parameters
    ----------
    outcome : Outcome
        How the notebook ended.
    executed : NotebookNode
        With its outputs.
    manifest : dict
        Of the folder; gets the entry of the page.
    subject : Subject
        Whom the page is about.
    out : Path
        Folder of the reports.
    languages : sequence of str
    record : Path
        Where the notebook is kept if it can not be published.

    Returns
    -------
    outcome : Outcome
        As it was, or failed: a page that can not be rendered or written, or whose data
        changed while they were read, is a failed notebook.
    """
    job = outcome.job
    if job.region and looks_of(job.region.path) != job.looks:
        changed = changed_inputs(job.region.path, job.inputs)
        if changed:
            told = f"data changed while it was read: {', '.join(changed)}; run it again"
            return _not_published(outcome, told)
    made = {
        "Data": f"{subject.data}, sha256 {job.data[:16]}",
        "Notebook": f"{job.notebook.name}, run key {job.key[:16]}",
        "Versions": ", ".join(f"{n} {v}" for n, v in versions().items()),
        "Run": f"{now()}, {outcome.seconds:.0f} s",
        "Check": f"research verify reports/{subject.name}",
    }
    page = Page(
        notebook=job.name,
        region_name=subject.name,
        region_title=" · ".join(filter(None, subject.title.values())),
        made=made,
        synthetic=subject.synthetic,
        attribution=subject.attribution,
        notice=subject.notice,
        languages=languages,
        names=subject.names,
    )
    start = time.monotonic()
    try:
        rendered = render(executed, page)
    except ValueError as error:
        with contextlib.suppress(OSError):
            nbformat.write(executed, record)
        return _not_published(outcome, f"page refused: {error}")
    entry = {
        "notebook": job.name,
        "summary": rendered.summary,
        "parameters": _without_subject(job.parameters),
        "settings": _without_subject(job.settings),
        "seeds": {k: v for k, v in job.settings.items() if "seed" in k},
        "findings": _findings(rendered.files),
        "seconds": round(outcome.seconds, 1),
        "rendered_seconds": round(time.monotonic() - start, 2),
        "peak_megabytes": round(outcome.peak_bytes / 1e6),
        "made_at": now(),
        "key": job.key,
        "made_of": job.made_of,
        "data": job.data,
        "rules": job.rules,
        "languages": {
            language: file_in(f"{job.name}.html", language, languages)
            for language in rendered.translations
        },
        "untranslated": list(rendered.untranslated),
    }
    manifest["made_at"] = now()
    others = {
        entry["languages"][language]: html
        for language, html in rendered.translations.items()
    }
    sources = {
        "inputs": {job.data: dict(job.inputs)} if job.inputs else {},
        "environments": {sha256_of(environment()): dict(environment())},
    }
    try:
        publish_page(
            out / job.place,
            manifest,
            entry,
            rendered.html,
            rendered.files | others,
            sources,
        )
    except OSError as error:
        return _not_published(outcome, f"{type(error).__name__}: {error}")
    outcome.say(f"published after {time.monotonic() - start:.1f} s")
    return outcome


def _without_subject(values: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: as_told(name, value)
        for name, value in values.items()
        if name not in SUBJECTS
    }


def _findings(files: Mapping[str, str]) -> dict[str, int]:
    """Rows by rule, from the table of findings that a page shows, if it shows one."""
    shown = [text for path, text in files.items() if path.endswith(".findings.csv")]
    frames = [from_csv(text) for text in shown]
    return {
        rule: int(rows)
        for frame in frames
        for rule, rows in zip(frame["rule"], frame["rows"], strict=True)
        if rows.isdigit()  # of few customers it is held back
    }


def _not_published(outcome: Outcome, cause: str) -> Outcome:
    outcome.say(f"not published: {cause}")
    return replace(outcome, status="failed", cause=cause)
