"""Index pages: one of a region, one of all regions, in the look of the reports.

They are made from manifests alone, so that an index says what was published and not
what a notebook would have liked to say.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache

from research.report import sanitize
from research.report.export import seal_template
from research.report.published import ACROSS

FILTER_FROM = 8
MOST_HEADLINES = 3


def region_index(
    manifest: Mapping,
    hero: Mapping[str, str],
    *,
    language: str = "en",
    languages: Sequence[str] = ("en",),
) -> str:
    """Index page of a region: a card a page, what failed and what did not apply.

    Parameters
    ----------
    manifest : mapping
        The region's manifest, as published.
    hero : mapping of notebook to SVG
        The picture of each page; a page without one shows none.
    language : str
        Language of the page.
    languages : sequence of str
        All that pages are made in.

    Returns
    -------
    html : str
        A complete page.
    """
    return seal_template(
        "region.html.j2",
        language=language,
        languages=languages,
        names=names_of(manifest),
        region=_region(manifest),
        cards=_cards(manifest, hero),
        failed=_without_page(manifest, "failed"),
        skipped=_without_page(manifest, "skipped"),
    )


def site_index(
    manifests: Sequence[Mapping],
    hero: Mapping[str, str],
    *,
    language: str = "en",
    languages: Sequence[str] = ("en",),
) -> str:
    """Index page of all regions, with a filter where the list is long.

    What was published about all of them stands before them, once there is any.

    Parameters
    ----------
    manifests : sequence of mappings
        The manifest of each region, in the order to show them, and of the pages about
        all regions.
    hero : mapping of region to SVG
        One picture of each region; a region without one shows none.
    language, languages
        As for `region_index`.

    Returns
    -------
    html : str
        A complete page.
    """
    regions, together = [], None
    for number, manifest in enumerate(manifests):
        region = _region(manifest)
        name = region["name"]
        region["picture"] = _picture(hero.get(name), f"r{number}-")
        region["verdict"] = _last_verdict(manifest)
        region["figures"] = _headlines(manifest)
        region["n_failed"] = len(manifest.get("failed", []))
        region["n_pages"] = len(manifest.get("pages", []))
        if name != ACROSS:
            regions.append(region)
        elif region["n_pages"] or region["n_failed"]:
            together = region
    names = [names_of(manifest) for manifest in manifests]
    return seal_template(
        "site.html.j2",
        language=language,
        languages=languages,
        names={en: zh for of_region in names for en, zh in of_region.items()},
        regions=regions,
        together=together,
        has_filter=len(regions) > FILTER_FROM,
    )


def names_of(manifest: Mapping) -> dict[str, str]:
    """Names of a region in English, and what it is called in Chinese."""
    title = manifest.get("title", {})
    zh = title.get("zh")
    en = title.get("en")
    name = manifest.get("region")  # a short name is the same in any language
    known = {en or name, f"{en} · {zh}", f"{en} {zh}"} - {None, ""}
    return {name: name} | (dict.fromkeys(known, zh) if zh else {})


def _region(manifest):
    title = manifest.get("title", {})
    return {
        "name": manifest["region"],
        "en": title.get("en") or manifest["region"],
        "zh": title.get("zh", ""),
        "period": " to ".join(str(day) for day in manifest.get("period", [])),
        "badge": _worst_badge(manifest),
        "synthetic": bool(manifest.get("synthetic")),
        "attribution": manifest.get("attribution", ""),
        "made_at": _minute(manifest.get("made_at")),
        "unread": _minute(manifest.get("unread")),
    }


def _minute(stamp):
    return str(stamp or "")[:16].replace("T", " ")


def _without_page(manifest, kind):
    return [
        {
            "notebook": entry["notebook"],
            "cell": entry.get("cell"),
            "cause": entry.get("cause", ""),
            "at": _minute(entry.get("at")),
        }
        for entry in manifest.get(kind, [])
    ]


def _worst_badge(manifest):
    """Give the region the weakest coverage among its pages."""
    badges = [page["summary"].get("badge") for page in manifest.get("pages", [])]
    order = ["poor", "fair", "good"]
    known = [badge for badge in badges if badge and badge[0] in order]
    return min(known, key=lambda badge: order.index(badge[0]), default=None)


def _cards(manifest, hero):
    return [
        {
            "file": page["file"],
            "summary": page["summary"],
            "picture": _picture(hero.get(page["notebook"]), f"p{number}-"),
            "previous": [
                {"at": _minute(kept["made_at"]), "file": kept["file"]}
                for kept in page.get("previous", [])
                if kept["file"]
            ],
        }
        for number, page in enumerate(manifest.get("pages", []))
    ]


@lru_cache(maxsize=64)  # the same in each language
def _picture(svg, prefix):
    return sanitize.svg(svg, prefix=prefix) if svg else None


def _headlines(manifest):
    """The first figure of each page that says how sure it is, at most three."""
    first = [
        next((t for t in page["summary"].get("tiles", []) if t.get("interval")), None)
        for page in manifest.get("pages", [])
    ]
    return [tile for tile in first if tile][:MOST_HEADLINES]


def _last_verdict(manifest):
    silent = {"en": "", "zh": ""}
    verdicts = [
        silent | page["summary"].get("verdict", {})
        for page in reversed(manifest.get("pages", []))
    ]
    return next((said for said in verdicts if any(said.values())), silent)
