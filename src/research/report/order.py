"""Which notebooks begin first: the longest, so that none is left alone at the end."""

from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import Any

from research.report.jobs import Job

USUAL_SECONDS = {
    "06_method_comparison": 140,
    "03_hybrid_network": 80,
    "02_load_segments": 60,
}
"""Of notebooks that no region of the run has published yet; all others take less."""


def longest_first(
    jobs: Sequence[Job], manifests: Mapping[str, Mapping[str, Any]]
) -> list[int]:
    """Numbers of the jobs in the order in which they should begin.

    How long a notebook takes is known from its page of the last run; else from its
    pages of other regions; else by its name.

    Parameters
    ----------
    jobs : sequence of Job
    manifests : mapping of str to dict
        Of each folder of reports, by its name.

    Returns
    -------
    numbers : list of int
        Of equals the one that was planned first.
    """
    known = {
        (place, page["notebook"]): float(page["seconds"])
        for place, manifest in manifests.items()
        for page in manifest["pages"]
        if "seconds" in page
    }

    def seconds(number: int) -> float:
        job = jobs[number]
        if (job.place, job.name) in known:
            return known[job.place, job.name]
        elsewhere = [took for (_, name), took in known.items() if name == job.name]
        return fmean(elsewhere) if elsewhere else USUAL_SECONDS.get(job.name, 0)

    return sorted(range(len(jobs)), key=seconds, reverse=True)
