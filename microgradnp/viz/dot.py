"""From a description to DOT text, in one of two views.

Values have corners, operations are round; the colour says what a gradient does there. Vertices are numbered in the order
of the description, so that the same program always gives the same text.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from .collect import FROZEN, INPUT, LEAF, NUMBER, OUTPUT, PARAMETER, RESULT, WITHOUT_GRADIENT, Description, Step, Value
from .modules import Frame
from .text import number_text, plain, printable, rich, shape_text

FONT = "Helvetica"  # every Graphviz knows it, and an SVG falls back to the viewer's own sans serif
SMALL = 9
INK, FADED, RED = "#1f2933", "#6b7680", "#c62828"

# Fill, border and the words of the legend.
OPERATION_STYLE = ("#dbe9fb", "#3f78bf", "operation")
GRADIENT_STYLE = ("#ffefc7", "#d29a1e", "collects a gradient")
CONSTANT_STYLE = ("#f1f3f5", "#9aa5b1", "no gradient")
OUTPUT_STYLE = ("#d8f0dc", "#3d9152", "output")
BROKEN_STYLE = ("#fde2e1", RED, "nan or inf")
VALUE_STYLES = {
    INPUT: CONSTANT_STYLE, FROZEN: CONSTANT_STYLE, LEAF: GRADIENT_STYLE, PARAMETER: GRADIENT_STYLE, OUTPUT: OUTPUT_STYLE
}  # fmt: skip

FRAME_FILLS = ("#f7f9fc", "#edf2f8")  # by turns, from the outside inwards
MOST_OPERANDS = 6  # that an operation of the operations view lists


class Vertex(NamedTuple):
    frame: Frame | None
    attributes: dict[str, str]


class Edge(NamedTuple):
    tail: str
    head: str
    attributes: dict[str, str]


class Plan(NamedTuple):
    """What is to be drawn: vertices by their DOT names, and edges."""

    vertices: dict[str, Vertex]
    edges: list[Edge]


def to_dot(description: Description, view: str, show: frozenset[str], rankdir: str, legend: bool) -> str:
    """The DOT text of a view, built with the ``graphviz`` package."""
    import graphviz

    plan = VIEWS[view](description, show)
    dot = graphviz.Digraph(
        "microgradnp",
        graph_attr={
            "rankdir": rankdir, "bgcolor": "white", "charset": "UTF-8", "fontname": FONT, "fontsize": "10", "fontcolor": FADED,
            "nodesep": "0.25", "ranksep": "0.28", "pad": "0.2",
        },
        node_attr={"fontname": FONT, "fontsize": "11", "fontcolor": INK, "penwidth": "1.1", "height": "0.3", "margin": "0.11,0.06"},
        edge_attr={"fontname": FONT, "fontsize": str(SMALL), "fontcolor": FADED, "color": "#52606d", "arrowsize": "0.6", "tooltip": " "},
    )  # fmt: skip
    if legend and (key := _legend(plan)):
        dot.attr(label=key, labelloc="b")
    _draw(dot, plan, description.frames)
    return dot.source


def _draw(dot: Any, plan: Plan, frames: list[Frame]) -> None:
    inside: dict[Frame | None, list[str]] = {}
    for name, vertex in plan.vertices.items():
        inside.setdefault(vertex.frame, []).append(name)
    numbers = iter(range(len(plan.vertices) + len(plan.edges) + 1))

    def fill(part: Any, frame: Frame | None, inner: list[Frame]) -> None:
        for name in inside.get(frame, ()):
            part.node(name, **plan.vertices[name].attributes)
        for module in inner:
            with part.subgraph(name=f"cluster_{next(numbers)}") as cluster:
                cluster.attr(**_frame_attributes(module))
                fill(cluster, module, module.inner)

    fill(dot, None, frames)
    for edge in plan.edges:
        dot.edge(edge.tail, edge.head, **edge.attributes)
