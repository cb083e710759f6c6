"""A whole report as an executed notebook, and one that tries to run things."""

import json

import matplotlib.pyplot as plt
import nbformat
import numpy as np
import pandas as pd
import seaborn as sns
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from research import theme
from research.report import display, export
from research.report.display import Action, Tile

PAGE = export.Page(
    notebook="02_load_segments",
    region_name="london",
    region_title="London · 伦敦",
    made={
        "Data": "load.parquet sha256 5f3c…9a1e; customers.parquet sha256 77aa…01bd",
        "Versions": "research 0.1.0, Python 3.11.9, scikit-learn 1.9.0, pandas 3.1.1",
        "Seed": "0",
        "Run": "2026-11-22 03:10 UTC, 14.2 s",
        "Verify": "research verify london 02_load_segments",
    },
    attribution="UK Power Networks, Low Carbon London, CC BY 4.0",
)


def cell(shown, source="", tags=("hide",)):
    """An executed cell that shows a part, Markdown or bundle of MIME types."""
    if isinstance(shown, display.Part):
        data, metadata = shown._repr_mimebundle_()
        output = new_output("display_data", data=data, metadata=metadata)
    else:
        output = new_output("display_data", data=shown)
    made = new_code_cell(source, outputs=[output], metadata={"tags": list(tags)})
    return json_round_trip(made)


def json_round_trip(node):
    return nbformat.from_dict(json.loads(json.dumps(node)))


def notebook(*cells):
    return new_notebook(cells=[new_markdown_cell("# A title"), *cells])


NAMES = ["Evening peak", "Flat all day", "Night storage", "Two peaks", "Midday"]


def shapes():
    """Five mean load shapes of a day, half-hourly, share of own peak."""
    hours = np.arange(48) / 2

    def bump(at, width):
        return np.exp(-(((hours - at + 12) % 24 - 12) ** 2) / (2 * width**2))

    curves = np.array(
        [
            0.25 + 0.75 * bump(19, 2.2) + 0.2 * bump(8, 1.5),
            0.72 + 0.12 * bump(18, 5),
            0.2 + 0.8 * bump(2.5, 2) + 0.25 * bump(18, 2),
            0.25 + 0.6 * bump(8, 1.5) + 0.7 * bump(18.5, 2),
            0.22 + 0.72 * bump(13, 3.2),
        ]
    )
    index = pd.Index(NAMES, name="segment")
    return pd.DataFrame(curves / curves.max(axis=1)[:, None], index, hours)


def draw_hero():
    with plt.rc_context(theme.style()):
        fig, ax = plt.subplots(figsize=(7.2, 3.2))
        for color, (name, curve) in zip(
            theme.SEGMENT_COLORS, shapes().iterrows(), strict=False
        ):
            strong = name in ("Evening peak", "Night storage", "Flat all day")
            ax.plot(
                curve.index,
                curve,
                color=color if strong else theme.MUTED,
                alpha=1 if strong else 0.5,
                linewidth=2.2 if strong else 1.2,
            )
        band = shapes().loc["Evening peak"]
        ax.fill_between(band.index, band - 0.06, band + 0.06, alpha=0.15, linewidth=0)
        for name, x, y, color in [
            ("Evening peak 晚高峰 41 %", 20.3, 0.98, theme.SEGMENT_COLORS[0]),
            ("Night storage 夜间蓄热 9 %", 3.6, 0.98, theme.SEGMENT_COLORS[2]),
            ("Flat 平稳 22 %", 10.2, 0.83, theme.SEGMENT_COLORS[1]),
        ]:
            ax.text(x, y, name, color=color, fontsize=10)
        ax.set(
            xlim=(0, 24.5),
            ylim=(0, 1.08),
            xticks=range(0, 25, 6),
            xlabel="Hour of day 时刻",
            ylabel="Share of own peak",
        )
    return fig


def draw_bars():
    counts = pd.DataFrame({"segment": NAMES, "customers": [2214, 1190, 486, 905, 611]})
    with plt.rc_context(theme.style() | {"axes.grid.axis": "x"}):
        fig, ax = plt.subplots(figsize=(7.2, 2.8))
        sns.barplot(
            counts,
            x="customers",
            y="segment",
            hue="segment",
            palette=list(theme.SEGMENT_COLORS[:5]),
            saturation=1,
            width=0.6,
            ax=ax,
        )
        for container in ax.containers:
            ax.bar_label(container, fmt="{:,.0f}", padding=4, color=theme.INK)
        ax.set(xlabel="Customers", ylabel="")
    return fig, counts


def draw_panels():
    tidy = shapes().reset_index().melt("segment", var_name="hour", value_name="load")
    with plt.rc_context(theme.style()):
        fig, axes = plt.subplots(
            1, 3, sharex=True, sharey=True, figsize=(7.2, 2.6), squeeze=True
        )
        for ax, name, color in zip(axes, NAMES, theme.SEGMENT_COLORS, strict=False):
            ax.axvspan(8, 11, color=theme.GRID, alpha=0.6, linewidth=0)
            ax.axvspan(17, 21, color=theme.GRID, alpha=0.6, linewidth=0)
            one = tidy[tidy["segment"] == name]
            sns.lineplot(one, x="hour", y="load", color=color, ax=ax)
            ax.set(
                title=name,
                xlabel="Hour",
                ylabel="Share of own peak",
                ylim=(0, 1.05),
                xticks=range(0, 25, 6),
            )
    return fig


def sample():
    """A whole report, as a notebook of ours would leave it."""
    fig, counts = draw_bars()
    methods = pd.DataFrame(
        {
            "silhouette": [0.412, 0.388, 0.291, 0.105],
            "stability": [0.93, 0.90, 0.71, 0.99],
            "seconds": [1.2, 3.9, 41.0, 0.02],
            "members": [5406, 5406, 5406, 5406],
        },
        index=pd.Index(
            ["k-means on shape", "hierarchical (Ward)", "autoencoder", "tariff class"],
            name="method",
        ),
    )
    customers = pd.DataFrame(
        {
            "area": [f"grid {number:06d}" for number in range(120)],
            "industry": ["居民", "商业", "工业", "农业"] * 30,
            "energy [kWh]": np.linspace(120, 98_000, 120).round(),
            "load factor": np.linspace(0.11, 0.94, 120),
            "since": pd.date_range("2012-01-01", periods=120, freq="D"),
        }
    )
    sizes = counts.set_index("segment").assign(
        share=lambda t: t["customers"] / t["customers"].sum(),
        energy=[9_412_000.0, 4_120_000.0, 3_980_500.0, 3_310_000.0, 1_204_000.0],
    )
    sizes.loc["All"] = sizes.sum()
    verdict = display.verdict(
        en="Five daily rhythms describe 5,406 customers; the evening peak alone holds "
        "41 % of them and 43 % of the energy (grouping stable at 0.93).",
        zh="5406户客户可归为5种用电节律；其中“晚高峰”一群占41%的客户、"
        "43%的电量，分群稳定度0.93。",
    )
    stderr = new_output("stream", name="stderr", text="UserWarning: /home/me/secret.py")
    said = cell(display.words("5,406 curves of 48 readings")).outputs[0]
    return new_notebook(
        cells=[
            new_markdown_cell(
                "# Segments by the shape of the load\n\nWhich daily rhythms do a "
                "region's customers have, and do they last?"
            ),
            new_code_cell(
                'region = "london"  # name under data/\n'
                "n_clusters = 6  # segments to look for\n"
                "seed = 0  # of every random choice",
                metadata={"tags": ["parameters"]},
            ),
            new_code_cell(
                'region = "london"\nn_clusters = 5',
                metadata={"tags": ["injected-parameters"]},
            ),
            new_code_cell("import pandas as pd", metadata={"tags": ["hide"]}),
            cell(
                display.facts(
                    {
                        "Region": "London · 伦敦",
                        "Period": "2013-01-01 to 2013-12-31",
                        "As of": "2014-02-28",
                        "Level": "L2",
                    },
                    badge=("good", "96 % of customer-days used"),
                )
            ),
            new_markdown_cell(
                "## Load curves\n\nEvery curve is the mean of a customer's complete "
                "working days. A day with a missing reading is left out, not filled, "
                "because a filled evening would make an evening peak. The shape of "
                "customer $i$ is its curve over its own peak:\n\n"
                "$$s_{i,t} = \\frac{x_{i,t}}{\\max_t x_{i,t}}$$\n\n"
                "负荷曲线先按自身峰值归一化，再聚类：这样大小客户 *只比形状* 不比大小。"
            ),
            json_round_trip(
                new_code_cell(
                    "tables = read_region(region)\n"
                    "curves = mean_daily_load(tables.load)  # kW\n"
                    "show.words(f'{len(curves):,} curves of 48 readings')",
                    outputs=[said, stderr],
                )
            ),
            cell(
                display.note(
                    "Customers with fewer than 30 complete days are left out "
                    "(218 of 5,624)."
                )
            ),
            new_markdown_cell("## Segments\n\n### How large is each 规模"),
            cell(
                display.figure(
                    fig,
                    name="counts",
                    title="Two customers in five peak in the evening",
                    caption="Customers in each segment, 2013, n = 5,406",
                    alt="Bars of customers by segment: evening peak 2,214, flat 1,190, "
                    "two peaks 905, midday 611, night storage 486.",
                    data=counts,
                ),
                "plots.sizes(segments)",
                (),
            ),
            cell(
                display.table(
                    sizes,
                    name="sizes",
                    caption="Size of each segment: customers, share of customers, "
                    "yearly energy [kWh]",
                    formats={"share": ".0%"},
                    bars=["customers", "energy"],
                    total="All",
                )
            ),
            new_markdown_cell("### What does each look like 形态"),
            cell(
                display.figure(
                    draw_hero(),
                    name="shapes",
                    title="Evening peaks are common; night storage is rare",
                    caption="Mean load of working days as a share of its own peak, by "
                    "segment, 2013. Grey: two peaks, midday.",
                    alt="The evening peak has its maximum at 19 h, night storage at "
                    "2 h 30; the flat segment stays above 0.8 of its peak all day.",
                    data=shapes().T.iloc[::4].rename_axis("hour").reset_index(),
                    definition="口径：工作日、完整日、2013年；负荷为半小时平均功率。",
                    hero=True,
                )
            ),
            cell(
                display.figure(
                    draw_panels(),
                    name="panels",
                    title="Only one segment peaks inside the evening tariff window",
                    caption="Share of own peak; pale bands: tariff peaks 峰",
                    alt="Three panels: only the evening peak segment has its maximum "
                    "between 17 and 21 h, the flat and night segments do not.",
                )
            ),
            new_markdown_cell(
                "## Methods\n\nWould another method say the same? See "
                "[the silhouette](https://doi.org/10.1016/0377-0427(87)90125-7)."
            ),
            cell(
                display.table(
                    methods,
                    name="methods",
                    caption="Methods compared on the same curves",
                    bars=["silhouette"],
                )
            ),
            cell(
                display.table(
                    customers,
                    name="customers",
                    caption="Customers on the border between two segments",
                    index=False,
                )
            ),
            new_markdown_cell("## Verdict"),
            cell(verdict),
            cell(
                display.tiles(
                    [
                        Tile(5406, "customers 户", "Segmented", note="96 % of all"),
                        Tile("41 %", "", "In the evening peak", "95 %: 39.7 to 42.3 %"),
                        Tile("43 %", "", "Of the energy", "95 %: 40 to 46 %"),
                        Tile("0.93", "", "Stability", note="1 = same groups again"),
                        Tile(
                            1.21,
                            "GWh a year",
                            "Could move out of the peak",
                            note="of 22.0 GWh 可转移",
                        ),
                    ]
                )
            ),
            cell(
                display.advice(
                    do=[
                        Action(
                            "Offer the evening group a night tariff",
                            "Demand side 需求侧",
                            "1.2 GWh moved, 0.4 MW off the peak",
                        ),
                        Action(
                            "Visit the 30 largest flat customers",
                            "Key accounts 大客户中心",
                            "a first audit each",
                        ),
                    ],
                    limits=[
                        "Why a customer follows a rhythm: no appliance is metered.",
                        "Other years: 2013 was mild, and the panel was of volunteers.",
                    ],
                )
            ),
        ]
    )


RUN = "<script>window.ran=1</script>"
HOSTILE = [
    RUN,
    "<img src=x onerror=window.ran=1>",
    "</script><script>window.ran=1</script>",
    "</style></title></td></table><svg onload=window.ran=1>",
    '" onmouseover="window.ran=1" x="',
    "[a](javascript:window.ran=1)",
    "<a href='javascript:window.ran=1'>a</a>",
    "{{ 7 * 7 }}{% raw %}",
    "\ue0000\ue001\ue010\ue011",
    "$\\foo$ $\\href{javascript:window.ran=1}{a}$",
]
HOSTILE_SVG = """<?xml version="1.0"?>
<!DOCTYPE svg [<!ENTITY leak SYSTEM "file:///etc/hostname">]>
<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"
 viewBox="0 0 10 10" onload="window.ran=1">
<script>window.ran=1</script><style>@import url(http://bad.example/a.css);</style>
<foreignObject><body xmlns="http://www.w3.org/1999/xhtml" onload="window.ran=1"/>
</foreignObject>
<a xlink:href="javascript:window.ran=1"><text>hidden</text></a>
<image xlink:href="http://bad.example/a.png"/><use xlink:href="http://bad.example#a"/>
<rect width="5" height="5" style="fill: url(http://bad.example/b)" onclick="x()"/>
<text x="1" y="2">&leak;</text><text x="1" y="4"> kept &lt;b&gt;</text>
<animate attributeName="href" to="javascript:window.ran=1"/>
</svg>"""


def hostile():
    """A notebook whose every value tries to run something."""
    frame = pd.DataFrame(
        {HOSTILE[2]: HOSTILE, HOSTILE[3]: range(len(HOSTILE))},
        index=pd.Index(HOSTILE, name=HOSTILE[1]),
    )
    everything = " ".join(HOSTILE)
    with plt.rc_context(theme.style()):
        fig, ax = plt.subplots()
        ax.set_title(" ".join(HOSTILE[:7]))
    forged = cell(
        display.figure(
            plt.figure(),
            name="forged",
            title=everything,
            caption=everything,
            alt=everything,
            definition=everything,
            data=frame,
        )
    )
    forged.outputs[0].data["image/svg+xml"] = HOSTILE_SVG
    return new_notebook(
        cells=[
            new_markdown_cell(f"# Title {everything}\n\n{everything}\n\n## {RUN}"),
            new_code_cell(
                f"region = {everything!r}  # {RUN}", metadata={"tags": ["parameters"]}
            ),
            cell(display.facts({everything: everything}, ("poor", everything))),
            cell(display.verdict(en=everything, zh=everything)),
            cell(display.tiles([Tile(everything, *[everything] * 4)])),
            cell(
                display.figure(
                    fig, name="drawn", title="T", caption="C", alt=everything, hero=True
                )
            ),
            forged,
            cell(display.advice([Action(*[everything] * 3)], [everything])),
            cell(display.note(everything)),
            cell(
                display.table(
                    frame, name="t", caption=everything, bars=[HOSTILE[3]], total=RUN
                )
            ),
            cell(display.words(everything), everything, ()),
            cell({"application/javascript": "window.ran=1"}, everything, ()),
            cell({"application/vnd.jupyter.widget-view+json": {"model_id": "x"}}),
        ]
    )


HOSTILE_PAGE = export.Page(
    "hostile",
    "x",
    " ".join(HOSTILE),
    made={HOSTILE[0]: HOSTILE[2]},
    attribution=HOSTILE[3],
    notice=HOSTILE[1],
)


SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9">'
    '<path id="a" d="M 0 0 L 9 9"/></svg>'
)


def manifest(region="london", **changes):
    """What was published of a region, as its index is told."""
    summary = {
        "title": "Segments by shape",
        "verdict": {"en": "Five rhythms.", "zh": "五种节律。"},
        "tiles": [{"value": "41 %", "unit": "", "label": "Evening"}],
        "facts": [],
        "badge": ["fair", "81 % of customer-days"],
    }
    return {
        "region": region,
        "title": {"en": region.title(), "zh": "伦敦"},
        "period": ["2013-01-01", "2013-12-31"],
        "synthetic": False,
        "attribution": "UK Power Networks",
        "made_at": "2026-11-22T03:10:00Z",
        "pages": [
            {"notebook": "02_a", "file": "02_a.html", "summary": summary},
            {
                "notebook": "03_b",
                "file": "03_b.html",
                "summary": summary | {"badge": ["poor", "40 %"], "title": "Payers"},
            },
        ],
        "failed": [],
    } | changes
