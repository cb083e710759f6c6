"""What a batch will run: each notebook for each region, or once for all of them."""

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from research.region.cache import looks_of
from research.region.errors import InputError
from research.region.region import Region, read_region
from research.report import parameters as params
from research.report.listed import is_listed
from research.report.parameters import Value
from research.report.provenance import (
    code_hash,
    environment,
    file_hash,
    inputs_of,
    sha256_of,
)
from research.report.publish import page_of, read_manifest
from research.report.published import ACROSS, fingerprint
from research.report.staging import is_pending
from research.report.translate import LANGUAGES


@dataclass(frozen=True)
class Unread:
    """A region that could not be read.

    Attributes
    ----------
    path : Path
    reason : str
        What was wrong, for the operator; it may quote the region's tables.
    """

    path: Path
    reason: str


@dataclass(frozen=True)
class Job:
    """One notebook for one region or for all, all checked, ready to run.

    Attributes
    ----------
    region : Region or None
        None: it is about all regions that were published.
    notebook : Path
    n_cells : int
    parameters : dict
        That it is given; of the others its own defaults hold.
    settings : dict
        Value of every parameter.
    data : str
        Hash of the region; of a job about all regions, of the tables it reads.
    made_of : dict
        Hash of each thing besides the data that its page depends on: `library`,
        `notebook`, `parameters`, `versions`, `languages`, `worklists`.
    inputs : dict
        Hash of each file of the region.
    looks : list of tuple
        Size and time of each of them, before they were hashed.
    reads : str or None
        Notebook whose published tables a job about all regions reads; None: any.
    forced : bool
        Whether it is run though nothing has changed.
    why : str
        Why it is to be run: what changed since its page was published. Empty if there
        is nothing to do.
    """

    region: Region | None
    notebook: Path
    n_cells: int
    parameters: dict[str, Value]
    settings: dict[str, Value]
    data: str
    made_of: dict[str, str]
    inputs: Mapping[str, str] = field(default_factory=dict, repr=False)
    looks: Sequence[tuple] = field(default=(), repr=False)
    reads: str | None = None
    forced: bool = False
    why: str = ""

    @property
    def fresh(self) -> bool:
        """Whether there is nothing to do."""
        return not self.why

    @property
    def name(self) -> str:
        """Name of the notebook, which is also the name of its page."""
        return self.notebook.stem

    @property
    def place(self) -> str:
        """Name of its folder below the reports."""
        return self.region.name if self.region else ACROSS

    @property
    def rules(self) -> str:
        """Hash of what decides which numbers may be shown: library and privacy."""
        asked = (
            self.region.settings.privacy.model_dump(mode="json") if self.region else ""
        )
        return sha256_of([code_hash(), asked])

    @property
    def key(self) -> str:
        """Hash of all that its page depends on."""
        return sha256_of([self.made_of, self.data])


def readable(paths: Sequence[Path]) -> tuple[list[Region], list[Unread]]:
    """Open regions by their settings; their tables are for `checked`.

    Those that can not be opened are told, and stop no other.

    Raises
    ------
    InputError
        If none of them can be opened: then the call is wrong.
    """
    return _each(paths, read_region)


def checked(
    jobs: Sequence[Job], look: Callable[[Region], object]
) -> tuple[list[Job], list[Unread]]:
    """Look at the tables of regions that have something to run.

    What is published and unchanged was looked at when it was made.

    Parameters
    ----------
    jobs : sequence of Job
    look : callable
        What is to be looked at; raises `InputError` if it is wrong.

    Returns
    -------
    jobs : list of Job
        Without those of regions that can not be read.
    unread : list of Unread

    Raises
    ------
    InputError
        If none of the regions can be read: then the call is wrong.
    """
    places = {job.region.path: job.region for job in jobs if job.region}
    new = {job.region.path for job in jobs if job.region and not job.fresh}
    _, unread = _each(places, lambda path: look(places[path]) if path in new else None)
    lost = {one.path for one in unread}
    return [
        job for job in jobs if not job.region or job.region.path not in lost
    ], unread


def _each(paths: Iterable[Path], work: Callable[[Path], Any]):
    """What comes of each path, and of which nothing comes; an error if of none."""
    done, unread = [], []
    for path in paths:
        try:
            done.append(work(path))
        except InputError as error:
            unread.append(Unread(path, str(error)))
    if unread and not done:
        raise InputError("\n".join(one.reason for one in unread))
    return done, unread


def _opened(path: Path) -> Region:
    region = read_region(path)
    region.check()
    return region


def plan(
    regions: Sequence[Path | Region],
    notebooks: Sequence[Path],
    out: Path,
    given: dict[str, str],
    *,
    languages: Sequence[str] = LANGUAGES,
    force: bool = False,
) -> list[Job]:
    """Check everything that can be checked before a kernel starts.

    Parameters
    ----------
    regions, notebooks : sequences of Path
        Region folders, or regions that are open, and notebook files. A notebook whose
        parameter cell declares `reports` instead of `region` is about all regions: it
        is run once, after the others.
    out : Path
        Where reports go.
    given : dict
        Parameters as text, by name; for every notebook that declares them.
    languages : sequence of str
        That pages are made in.
    force : bool
        Run also what is published and unchanged.

    Returns
    -------
    jobs : list of Job
        In the order of regions, then notebooks; what is about all regions at the end. A
        job is `fresh` if its page was published from the same data, notebook,
        parameters, library and versions.

    Raises
    ------
    InputError
        For the first region, notebook, parameter or folder that is wrong.
    """
    _refuse_output(out)
    opened = [r if isinstance(r, Region) else _opened(r) for r in regions]
    _refuse_names([region.name for region in opened])
    read = {path: params.read_notebook(path) for path in notebooks}
    known = {path: params.declared(nb, path) for path, nb in read.items()}
    every = {n: p for of_notebook in known.values() for n, p in of_notebook.items()}
    for name in given:
        if name in params.SUBJECTS:
            raise InputError(f"{name} is named as a folder, not as a parameter.")
        params.refuse_unknown(name, every, notebooks[0])
    library = code_hash()
    looks = {region.path: looks_of(region.path) for region in opened}
    inputs = {region.path: inputs_of(region.path) for region in opened}  # read once
    data = {path: sha256_of(files) for path, files in inputs.items()}

    def job(path: Path, region: Region | None) -> Job:
        subject = {"region": region.path} if region else {"reports": out}
        values = _values(given, known[path], subject, path)
        settings = {name: p.default for name, p in known[path].items()} | values
        found = Job(
            region,
            path,
            n_cells=len(read[path].cells),
            parameters=values,
            settings=settings,
            data=data[region.path] if region else "",
            made_of=_made_of(library, path, values, settings, languages),
            inputs=inputs[region.path] if region else {},
            looks=looks[region.path] if region else (),
            reads=None if region else settings.get("reads"),
            forced=force,
        )
        return replace(found, why=_why(found, out))

    jobs = [
        job(path, region)
        for region in opened
        for path in notebooks
        if "region" in known[path]
    ]
    coming = {found.name for found in jobs if not found.fresh}
    for path in notebooks:
        if "reports" in known[path]:
            found = renewed(job(path, None), out)
            changes = coming if found.reads is None else coming & {found.reads}
            why = found.why or ("what it reads is made anew" if changes else "")
            jobs.append(replace(found, why=why))
    return jobs


def is_done(jobs: Sequence[Job], out: Path, languages: Sequence[str]) -> bool:
    """Whether nothing is to be run, and all index pages stand."""
    folders = {out, *(out / job.place for job in jobs)}
    listed = all(is_listed(folder, languages) for folder in folders)
    left = any(is_pending(f) or "unread" in (read_manifest(f) or {}) for f in folders)
    return listed and not left and all(job.fresh for job in jobs)


def pays_to_warm(jobs: Sequence[Job]) -> bool:
    """Whether kernels should be forked: the process to fork from costs as two do."""
    return sum(not job.fresh for job in jobs) > 2


def renewed(job: Job, out: Path) -> Job:
    """A job held against what is published by now: by regions, and of its own."""
    if not job.region:
        job = replace(job, data=fingerprint(out, job.reads))
    return replace(job, why=_why(job, out))


def _values(given, known, subject, path) -> dict[str, Value]:
    """Parameters of one job: what its notebook knows of `given`, and its subject."""
    values: dict[str, Value] = {
        name: params.from_text(name, text, known[name], path)
        for name, text in given.items()
        if name in known
    }
    values |= {name: os.path.relpath(folder) for name, folder in subject.items()}
    return params.checked(values, known, path)


def _made_of(library, path, values, settings, languages) -> dict[str, str]:
    told = {n: v for n, v in values.items() if n not in params.SUBJECTS}
    named = {  # a file that a parameter names counts by what is in it
        name: file_hash(Path(value))
        for name, value in settings.items()
        if isinstance(value, str) and os.path.isfile(value)
    }
    return {
        "library": library,
        "notebook": file_hash(path),
        "parameters": sha256_of([told, named]),
        "versions": sha256_of(environment()),
        "languages": ", ".join(languages),
        "worklists": str(bool(os.environ.get("RESEARCH_INTERNAL"))),
    }


def _why(job: Job, out: Path) -> str:
    """What speaks for running a job: nothing, if its page is as it would be."""
    if job.forced:
        return "forced"
    manifest = read_manifest(out / job.place)
    page = page_of(manifest, job.name) if manifest else None
    if page is None:
        told = {"failed": "failed before", "skipped": "did not apply before"}
        for kind, words in told.items():
            for entry in (manifest or {}).get(kind, []):
                if entry["notebook"] == job.name:
                    same = kind == "skipped" and entry.get("key") == job.key
                    return "" if same else words
        return "never published"
    if not (out / job.place / page["file"]).is_file():
        return "its page is gone"
    if page["key"] == job.key:
        return ""
    before = page.get("made_of", {}) | {"data": page.get("data")}
    now = job.made_of | {"data": job.data}
    changed = [name for name, value in now.items() if before.get(name) != value]
    return f"{' and '.join(changed) or 'something'} changed"


def _refuse_names(names: list[str]) -> None:
    for name in names:
        if names.count(name) > 1:
            raise InputError(f"two regions are called {name!r}; give one another name.")
        if name.lower() == ACROSS:
            raise InputError(
                f"a region is called {name!r}: that is the folder of the reports on "
                "all regions; give it another name in its region.yaml."
            )


def _refuse_output(out: Path) -> None:
    nearest = next(p for p in [out, *out.absolute().parents] if p.exists())
    if not nearest.is_dir():
        raise InputError(f"output {out}: {nearest} is a file; name a folder.")
    if not os.access(nearest, os.W_OK):
        raise InputError(f"output {out}: {nearest} can not be written to.")
