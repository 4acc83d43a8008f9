"""From a description to DOT text, built with the ``graphviz`` package."""

from __future__ import annotations

from itertools import count
from typing import Any

from . import style, views
from .collect import Description
from .modules import Frame
from .text import plain

VIEWS = {"bipartite": views.bipartite, "operations": views.operations}


def to_dot(description: Description, view: str, show: frozenset[str], rankdir: str, legend: bool) -> str:
    """The DOT text of a view. The same description always gives the same text."""
    import graphviz

    plan = VIEWS[view](description, show)
    dot = graphviz.Digraph(
        "microgradnp",
        graph_attr=style.GRAPH_DEFAULTS | {"rankdir": rankdir},
        node_attr=style.VERTEX_DEFAULTS,
        edge_attr=style.EDGE_DEFAULTS,
    )
    seen = {vertex.look for vertex in plan.vertices.values()}
    if legend and plan.vertices:
        dot.attr(label=style.legend([entry for entry in style.LEGEND if entry in seen]), labelloc="b")
    _draw_vertices(dot, plan, description.frames)
    for edge in plan.edges:
        dot.edge(edge.tail, edge.head, **edge.attributes)
    return dot.source


def _draw_vertices(dot: Any, plan: views.Plan, frames: list[Frame]) -> None:
    """Every vertex in the frame of its module; frames become clusters, nested as deep as modules are."""
    inside: dict[Frame | None, list[str]] = {None: []}
    for name, vertex in plan.vertices.items():
        frame = vertex.frame
        inside.setdefault(frame, []).append(name)
        while frame is not None:  # the frames around it are needed as well
            frame = frame.outer
            inside.setdefault(frame, [])
    numbers = count()

    def fill(part: Any, frame: Frame | None, inner: list[Frame], depth: int) -> None:
        for name in inside[frame]:
            part.node(name, **plan.vertices[name].attributes)
        for module in inner:
            if module in inside:
                with part.subgraph(name=f"cluster_{next(numbers)}") as cluster:
                    cluster.attr(**style.frame_attributes(plain(module.label), depth))
                    fill(cluster, module, module.inner, depth + 1)

    fill(dot, None, frames, 0)
