"""How a picture looks: values have corners, operations are round, and the colour says what a gradient does there."""

from __future__ import annotations

from typing import NamedTuple

from .collect import BUFFER, FROZEN, INPUT, LEAF, OUTPUT, PARAMETER
from .text import rich

FONT = "Helvetica"  # every Graphviz knows it, and where it is missing an SVG falls back to a sans serif
SMALL = 9
INK, FADED, RED, GOLD, SLATE = "#1f2933", "#616e7c", "#c62828", "#8d6708", "#486581"
LINE, PALE_LINE = "#52606d", "#b8c2cc"  # edges: with and without a gradient


class Style(NamedTuple):
    """The colours of a kind of vertex, and what the legend says of it."""

    fill: str
    border: str
    meaning: str

    def attributes(self) -> dict[str, str]:
        return {"fillcolor": self.fill, "color": self.border}


OPERATION = Style("#dbe9fb", "#3f78bf", "operation")
GRADIENT = Style("#ffefc7", "#d29a1e", "collects a gradient")
CONSTANT = Style("#f1f3f5", "#9aa5b1", "needs no gradient")
RESULT = Style("#d8f0dc", "#3d9152", "output")
BROKEN = Style("#fde2e1", RED, "nan or inf")

LEGEND = (CONSTANT, GRADIENT, OPERATION, RESULT, BROKEN)
OF_KIND = {
    INPUT: CONSTANT, FROZEN: CONSTANT, BUFFER: CONSTANT, LEAF: GRADIENT, PARAMETER: GRADIENT, OUTPUT: RESULT,
}  # fmt: skip

RULE = "<hr/>"  # a line across a label

FRAME_FILLS = ("#f7f9fc", "#edf2f8")  # by turns, from the outside inwards

GRAPH_DEFAULTS = {
    "bgcolor": "white", "charset": "UTF-8", "fontname": FONT, "fontsize": "10", "fontcolor": FADED,
    "nodesep": "0.25", "ranksep": "0.28", "pad": "0.2", "ordering": "in",
}  # fmt: skip
VERTEX_DEFAULTS = {  # those of an operation; values say what is different
    "fontname": FONT, "fontsize": "11", "fontcolor": INK, "penwidth": "1.1", "height": "0.3", "margin": "0.11,0.06",
    "shape": "box", "style": "rounded,filled", "tooltip": " ", **OPERATION.attributes(),
}  # fmt: skip
EDGE_DEFAULTS = {
    "fontname": FONT, "fontsize": str(SMALL), "fontcolor": FADED, "color": LINE, "arrowsize": "0.6", "tooltip": " ",
}  # fmt: skip


def title(text: str, color: str = INK) -> str:
    return rich(text, color=color, bold=True)


def detail(text: str, color: str = FADED) -> str:
    return rich(text, size=SMALL, color=color)


def stacked(lines: list[str]) -> str:
    """An HTML-like DOT label of several lines; a table, for it leaves room between lines of different sizes."""
    if len(lines) == 1:
        return f"<{lines[0]}>"
    rows = "".join(line if line == RULE else f"<tr><td>{line}</td></tr>" for line in lines)
    return f'<<table border="0" cellborder="0" cellspacing="0" cellpadding="1" color="{PALE_LINE}">{rows}</table>>'


def frame_attributes(label: str, depth: int) -> dict[str, str]:
    return {
        "label": label, "labelloc": "t", "labeljust": "l", "style": "rounded,filled", "color": "#c3cfdc",
        "fillcolor": FRAME_FILLS[depth % len(FRAME_FILLS)], "fontcolor": SLATE, "margin": "10",
    }  # fmt: skip


def legend(styles: list[Style]) -> str:
    """A row of coloured squares with their meanings, as an HTML-like DOT label."""
    cells = "".join(
        f'<td bgcolor="{style.fill}" color="{style.border}" border="1" width="12" height="12" fixedsize="true"></td>'
        f'<td align="left">{rich(style.meaning, size=SMALL)}&#160;&#160;</td>'
        for style in styles
    )
    return f'<<table border="0" cellborder="0" cellspacing="4" cellpadding="0"><tr>{cells}</tr></table>>'
