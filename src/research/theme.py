"""Colours and matplotlib settings that figures and pages share.

The colours stand here, apart from both, because a figure must not know the page it
will be printed on and a page must recognise the ink of a figure to turn it light in
dark mode. Nothing happens at import; `style` is a plain dict for ``plt.rc_context``
or ``plt.rcParams.update``.
"""

from functools import cache
from pathlib import Path

from cycler import cycler
from matplotlib import font_manager

INK = "#1f2328"
MUTED = "#6b7280"
GRID = "#e5e7eb"
PAPER = "#ffffff"
ACCENT = "#0b6bcb"

# Okabe-Ito in its order, each moved until every pair can be told apart with normal
# and colour-blind eyes (18 apart in CIELAB) and stands out from white by 3 to 1.
SEGMENT_COLORS = (
    "#005ca1",
    "#af4915",
    "#01ab5d",
    "#923269",
    "#d38001",
    "#538de9",
    "#513d2c",
    "#7b9b92",
)

# The same for dark pages, which replace the former colour by colour.
DARK_PAPER = "#14171a"
DARK_SEGMENT_COLORS = (
    "#3a8df0",
    "#ea7926",
    "#19d895",
    "#c55a98",
    "#ffd638",
    "#a5bfff",
    "#a07d49",
    "#c9c7d6",
)

FONT = "Research Sans SC"
FONT_FILE = Path(__file__).parent / "report" / "fonts" / "ResearchSansSC-Regular.otf"


@cache
def register_font() -> str:
    """Make the shipped Chinese font known to matplotlib; returns its family name."""
    font_manager.fontManager.addfont(FONT_FILE)
    return FONT


def style() -> dict:
    """Matplotlib settings of a report's figures: quiet, deterministic, Chinese.

    Registers the shipped font, so that Chinese labels draw on every machine.

    Returns
    -------
    style : dict
        Settings for ``plt.rcParams.update`` or ``plt.rc_context``.

    Examples
    --------
    >>> style()["svg.fonttype"]
    'none'
    """
    return {
        "font.family": [register_font(), "DejaVu Sans"],
        "font.size": 10,
        "text.color": INK,
        "text.parse_math": False,
        "text.usetex": False,
        "figure.figsize": (7.2, 3.6),
        "figure.dpi": 100,
        "figure.facecolor": "none",
        "figure.constrained_layout.use": True,
        "figure.titlesize": 11,
        "savefig.facecolor": "none",
        "savefig.transparent": False,
        "axes.facecolor": "none",
        "axes.edgecolor": MUTED,
        "axes.labelcolor": MUTED,
        "axes.labelsize": 10,
        "axes.titlesize": 10.5,
        "axes.titlecolor": INK,
        "axes.titlelocation": "left",
        "axes.titlepad": 8,
        "axes.linewidth": 0.8,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.spines.left": False,
        "axes.grid": True,
        "axes.grid.axis": "y",
        "axes.axisbelow": True,
        "axes.unicode_minus": True,
        "axes.prop_cycle": cycler(color=SEGMENT_COLORS),
        "grid.color": GRID,
        "grid.linewidth": 0.8,
        "xtick.color": MUTED,
        "ytick.color": MUTED,
        "xtick.labelsize": 9.5,
        "ytick.labelsize": 9.5,
        "xtick.major.size": 3.5,
        "ytick.major.size": 0,
        "xtick.minor.size": 0,
        "ytick.minor.size": 0,
        "xtick.major.width": 0.8,
        "legend.frameon": False,
        "legend.fontsize": 9.5,
        "legend.title_fontsize": 9.5,
        "lines.linewidth": 2,
        "lines.markersize": 5,
        "patch.linewidth": 0,
        "image.cmap": "viridis",
        "svg.fonttype": "none",
        "svg.hashsalt": "research",
    }
