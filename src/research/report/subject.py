"""What a page is about: one region, or all that were published."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from research.region.region import Region
from research.report.published import ACROSS, region_manifests, title_of
from research.report.site import names_of


@dataclass(frozen=True)
class Subject:
    """Whom pages in one folder are about.

    Attributes
    ----------
    name : str
        Of the folder below the reports.
    title : dict
        The name in a reader's words, by language: `en`, `zh`.
    period : list of str
        First and last day, or nothing.
    synthetic : bool
        Whether all data are made up.
    attribution : str
        Whose data these are.
    data : str
        What was read, in a few words.
    notice : str
        What the reader must know first; may be empty.
    names : mapping of str to str
        Names in Chinese, such as the region's, that no catalogue knows.
    """

    name: str
    title: dict[str, str]
    period: list[str]
    synthetic: bool
    attribution: str
    data: str
    notice: str = ""
    names: Mapping[str, str] = field(default_factory=dict)


def subject_of(region: Region) -> Subject:
    """A region as its pages and its manifest tell of it."""
    settings = region.settings
    source = settings.source
    return Subject(
        settings.name,
        settings.title.model_dump(),
        _period(region),
        source.synthetic,
        ". ".join(filter(None, [source.attribution.rstrip("."), source.licence])),
        settings.name,
        names=names_of({"region": settings.name, "title": settings.title.model_dump()}),
    )


def all_regions(reports: Path) -> Subject:
    """All regions that were published below `reports`."""
    manifests = region_manifests(reports)
    made_up = {name: m for name, m in manifests.items() if m.get("synthetic")}
    mixed = 0 < len(made_up) < len(manifests)
    title = {"en": "All regions", "zh": "全部地区"}
    names = names_of({"region": ACROSS, "title": title})
    for manifest in manifests.values():
        names |= names_of(manifest)
    attributions = dict.fromkeys(m.get("attribution", "") for m in manifests.values())
    return Subject(
        ACROSS,
        title,
        [],
        0 < len(made_up) == len(manifests),
        "; ".join(filter(None, attributions)),
        f"tables published of {', '.join(manifests) or 'no region'}",
        f"Synthetic data 合成数据, made up to show the method: "
        f"{', '.join(map(title_of, made_up.values()))}."
        if mixed
        else "",
        names,
    )


def _period(region: Region) -> list[str]:
    """First and last day of the energy; without any, of the other tables."""
    if region.has("readings") or region.has("energy_daily"):
        return [f"{day:%Y-%m-%d}" for day in (region.days[0], region.days[-1])]
    dated = region.tables[region.tables["first"] != ""]
    return [dated["first"].min(), dated["last"].max()] if len(dated) else []
