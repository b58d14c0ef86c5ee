"""How every picture of these reports looks: big, plain, safe for colour-blind eyes, dressed for 3 AM.

Colours are from Okabe and Ito's palette, which keeps its differences with every common colour blindness; each also has
its own hatch, so that a grey print can be read.
"""

import textwrap
from io import BytesIO
from typing import Any

import instants
import matplotlib as mpl
import matplotlib.dates as dates
import matplotlib.ticker as ticker
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

VERMILION, ORANGE, BLUE, PURPLE, GREEN, GREY = (
    "#D55E00",
    "#E69F00",
    "#0072B2",
    "#CC79A7",
    "#009E73",
    "#BBBBBB",
)
INK, FAINT = "#1A1A1A", "#767676"
WIDTH = 9.6
NICE_SECONDS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21600, 43200, 86400)
SHARPNESS = 130

_RULES: dict[str, Any] = {
    "font.family": "DejaVu Sans",
    "font.size": 13,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": FAINT,
    "axes.labelcolor": INK,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "hatch.linewidth": 0.6,
    "svg.fonttype": "path",
    "svg.hashsalt": "runbook-keys",
    "text.parse_math": False,
}


class Picture:
    """A finished picture that any notebook shows, with words for those who can't see it."""

    def __init__(self, drawn: Figure, words: str) -> None:
        self.figure, self.words = drawn, words

    def __repr__(self) -> str:
        return self.words

    def _repr_png_(self) -> bytes:
        """What Jupyter calls. No pyplot, so that nothing depends on how the notebook was started.

        And no savefig, which draws everything twice.
        """
        into = BytesIO()
        FigureCanvasAgg(self.figure).print_png(into, metadata={"Software": None})
        return into.getvalue()


class Words(str):
    """Text that a notebook shows as it is, line by line."""

    __slots__ = ()
    __repr__ = str.__str__


def figure(height: float) -> tuple[Figure, Axes]:
    """An empty picture of the report's width; `height` in inches."""
    rules: Any = mpl.rcParams  # its stub names every rule
    rules.update(_RULES)
    drawn = Figure(figsize=(WIDTH, height), layout="constrained", dpi=SHARPNESS)
    return drawn, drawn.add_subplot()


def title(axes: Axes, words: str) -> None:
    """What the picture says, as its headline."""
    axes.set_title(words, loc="left", fontsize=16, fontweight="bold", pad=14)


def time_axis(axes: Axes, start_ms: int, end_ms: int) -> None:
    """Time from left to right, in UTC, and it says so."""
    axes.set_xlim(day(start_ms), day(max(end_ms, start_ms + 1000)))
    locator = dates.AutoDateLocator(minticks=3, maxticks=7)  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(dates.DateFormatter(_clock(end_ms - start_ms)))  # type: ignore[no-untyped-call]
    first, last = instants.at(start_ms), instants.at(end_ms)
    days = f"{first:%d %b %Y}" if first.date() == last.date() else f"{first:%d %b} to {last:%d %b %Y}"
    axes.set_xlabel(f"time in UTC, {days}")


def _clock(span_ms: int) -> str:
    """How instants are written on the axis: never only a part that has to be guessed, such as seconds alone."""
    minutes = span_ms / 60_000
    return "%H:%M:%S" if minutes < 10 else "%H:%M" if minutes < 36 * 60 else "%d %b %H:%M"


def day(ms: float) -> float:
    """An instant as a place on the time axis."""
    return float(dates.date2num(instants.at(int(ms))))  # type: ignore[no-untyped-call]


def whole_numbers(axes: Axes) -> None:
    """Counts have no halves; light lines to read them off."""
    axes.yaxis.set_major_locator(ticker.MaxNLocator(nbins=5, integer=True))
    axes.yaxis.set_major_formatter(ticker.StrMethodFormatter("{x:,.0f}"))
    axes.grid(axis="y", color="#E4E4E4", linewidth=0.8)
    axes.set_axisbelow(True)


def empty(words: str) -> Picture:
    """A picture that says why there is none."""
    drawn, axes = figure(1.6)
    axes.axis("off")
    axes.text(0.0, 0.5, words, fontsize=16, va="center")
    return Picture(drawn, words)


def plain(text: str, longest: int = 60) -> str:
    """Text from a log, made harmless for a picture: printable, short, one line."""
    printable = "".join(character if character.isprintable() else "·" for character in text)
    return printable if len(printable) <= longest else printable[: longest - 1] + "…"


def headline(words: str, numbers: list[tuple[str, str]]) -> Picture:
    """The answer in a sentence, and the few numbers behind it, big enough to read across a room."""
    text = textwrap.wrap(words, 62)
    height = 1.35 + 0.34 * len(text)
    drawn, axes = figure(height)
    axes.axis("off")
    axes.set(xlim=(0, 1), ylim=(0, height))
    axes.text(0, height, "\n".join(text), fontsize=17, fontweight="bold", va="top", linespacing=1.3)
    rooms = [max(len(number) * 2.1, len(label)) + 4 for number, label in numbers]
    for place, (number, label) in enumerate(numbers):
        left = sum(rooms[:place]) / sum(rooms)
        axes.text(left, 0.42, number, fontsize=25, va="baseline", fontweight="bold", color=BLUE)
        axes.text(left, 0.26, label, fontsize=12, va="top", color=INK)
    return Picture(drawn, words)
