"""From a description to what is to be drawn: its vertices and edges in one of two views.

bipartite: tensors and operations are both vertices, and the shape of every intermediate result stands on its way. This
is the default, for it reads as the program does: a newcomer sees the data, what is done to it, and where it came from.

operations: only operations are vertices; what they take from outside (parameters, inputs, numbers) is listed in them,
and the edges carry the shapes. A third of the vertices: for large models.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from . import style
from .collect import (
    BUFFER,
    COMPUTED,
    FROZEN,
    NUMBER,
    OUTPUT,
    PARAMETER,
    RESULT,
    WITHOUT_GRADIENT,
    Description,
    Step,
    Use,
    Value,
)
from .modules import Frame
from .text import number_text, plain, shape_text

MOST_LISTED = 6  # operands in the label of an operation


class Vertex(NamedTuple):
    frame: Frame | None
    look: style.Style | None
    attributes: dict[str, str]


class Edge(NamedTuple):
    tail: str
    head: str
    attributes: dict[str, str]


class Plan(NamedTuple):
    """Vertices by their DOT names, which are numbered in the order of the description, and the edges between them."""

    vertices: dict[str, Vertex]
    edges: list[Edge]


# Tensors and operations


def bipartite(description: Description, show: frozenset[str]) -> Plan:
    names = {value: f"t{i}" for i, value in enumerate(description.values)}
    owners = (value.frame for value in description.values if value.kind not in (RESULT, NUMBER))
    alone = _alone(description.steps, owners)
    changes = {step.result for step in description.steps if _changes_dtype(step)}
    vertices = {name: _value_vertex(value, show, value in changes, alone) for value, name in names.items()}
    edges = []
    for i, step in enumerate(description.steps):
        operation = f"op{i}"
        vertices[operation] = _operation_vertex(step, _heading(step, alone), alone)
        edges += [Edge(names[use.value], operation, _edge_attributes(use, step, use.mark)) for use in step.operands]
        edges.append(Edge(operation, names[step.result], {"arrowhead": "none", "weight": "8"}))
    return Plan(vertices, edges)


def _changes_dtype(step: Step) -> bool:
    return step.result.dtype not in {use.value.dtype for use in step.operands}


def _value_vertex(value: Value, show: frozenset[str], changes_dtype: bool, alone: set[Frame]) -> Vertex:
    frame, tooltip = _place(value.frame, alone), {"tooltip": plain(_full_text(value))}
    if value.kind == NUMBER:
        return Vertex(frame, None, tooltip | _bare(value.name))
    if value.kind == RESULT:
        return Vertex(frame, None, tooltip | _result_attributes(value, show, changes_dtype))
    look = style.BROKEN if value.broken else style.OF_KIND[value.kind]
    box = {"label": style.stacked([style.title(value.name), *_facts(value, show)]), "style": "filled"}
    return Vertex(frame, look, tooltip | box | look.attributes())


def _result_attributes(value: Value, show: frozenset[str], changes_dtype: bool) -> dict[str, str]:
    """An intermediate result is no more than a few words on the line: its dtype only where the operation changed it."""
    words = _joined(value.name, _type_text(value, show if changes_dtype else show - {"dtypes"}))
    if not words:
        return {"label": "", "shape": "point", "width": "0.05", "color": style.LINE}
    return _bare(words)


def _bare(words: str) -> dict[str, str]:
    return {"label": style.stacked([style.detail(words)]), "shape": "plain", "style": "solid"}


# Operations only


def operations(description: Description, show: frozenset[str]) -> Plan:
    names = {step.result: f"op{i}" for i, step in enumerate(description.steps)}
    alone = _alone(description.steps, ())
    vertices, edges = {}, []
    for step in description.steps:
        name, result, look = names[step.result], step.result, style.OPERATION
        lines = [*_heading(step, alone), *_listed(step, show)]
        if result.kind == OUTPUT:
            look = style.BROKEN if result.broken else style.RESULT
            lines += [style.RULE, style.title(result.name), *_facts(result, show)]
        vertices[name] = _operation_vertex(step, lines, alone, look)
        for use in step.operands:
            if use.value in names:
                words = _joined(use.mark, _short_text(use.value, show) if use.value.kind == RESULT else "")
                edges.append(Edge(names[use.value], name, _edge_attributes(use, step, words)))
    for i, value in enumerate(description.values):
        if value.kind not in COMPUTED and not value.uses:  # a leaf that is itself an output
            vertices[f"t{i}"] = _value_vertex(value, show, False, alone)
    return Plan(vertices, edges)


def _listed(step: Step, show: frozenset[str]) -> list[str]:
    """A line for each operand that no operation made."""
    lines = []
    for use in step.operands:
        if use.value.kind not in COMPUTED:
            name = _short_text(use.value, show, step.frame)
            text = f"{use.mark}: {name}" if use.mark else name
            lines.append(style.detail(text, style.RED if use.value.broken else style.FADED))
    if len(lines) > MOST_LISTED:
        lines[MOST_LISTED - 1 :] = [style.detail(f"and {len(lines) - MOST_LISTED + 1} more")]
    return lines


# Operations in both views


def _alone(steps: Iterable[Step], owners: Iterable[Frame | None]) -> set[Frame]:
    """The frames not worth drawing: their module is one operation, and has no parameters that are drawn.

    Such a module, an activation or a loss, is a line in the label of its operation instead.
    """
    owning = set(owners)
    counts = Counter(step.frame for step in steps)
    return {f for f, count in counts.items() if f is not None and count == 1 and not f.inner and f not in owning}


def _place(frame: Frame | None, alone: set[Frame]) -> Frame | None:
    return frame.outer if frame is not None and frame in alone else frame


def _heading(step: Step, alone: set[Frame]) -> list[str]:
    module = [style.detail(step.frame.label, style.SLATE)] if step.frame is not None and step.frame in alone else []
    return [style.title(step.label), *module, *map(style.detail, step.arguments)]


def _operation_vertex(step: Step, lines: list[str], alone: set[Frame], look: style.Style = style.OPERATION) -> Vertex:
    attributes = {"label": style.stacked(lines)} | ({} if look is style.OPERATION else look.attributes())
    return Vertex(_place(step.frame, alone), look, attributes)


def _edge_attributes(use: Use, step: Step, label: str) -> dict[str, str]:
    attributes = {}
    if label:
        attributes["label"] = f" {plain(label)} "
    if len(step.operands) > 1:
        attributes["tooltip"] = plain(f"{use.operand} of {step.label}")
    if use.value.kind in WITHOUT_GRADIENT:
        attributes["color"] = style.PALE_LINE
    if use.value.kind in COMPUTED:
        attributes["weight"] = "4"  # the way through the model is straight, what it takes from beside may bend
    return attributes


# Words


def _joined(*words: str) -> str:
    return " ".join(word for word in words if word)


def _type_text(value: Value, show: frozenset[str]) -> str:
    """``(4, 2) float32``, or the half of it that is to be shown."""
    return _joined(shape_text(value.shape) if "shapes" in show else "", value.dtype if "dtypes" in show else "")


def _short_text(value: Value, show: frozenset[str], frame: Frame | None = None) -> str:
    """A value within a line: ``weight (4, 2)``. A parameter of another module than ``frame`` has its dotted name."""
    if value.kind == NUMBER:
        return value.name
    elsewhere = value.frame is not None and value.frame is not frame
    return _joined(value.path if elsewhere else value.name, _type_text(value, show - {"dtypes"}))


def _facts(value: Value, show: frozenset[str]) -> list[str]:
    """The lines below the name of a tensor."""
    lines = [style.detail(text) for text in (_type_text(value, show), _remark(value)) if text]
    if "values" in show and value.number is not None:
        lines.append(style.title(f"= {number_text(value.number)}", style.RED if value.fault else style.INK))
    elif value.fault:
        lines.append(style.detail(f"contains {value.fault}", style.RED))
    if "grads" in show and value.norm is not None:
        color = style.GOLD if math.isfinite(value.norm) else style.RED
        lines.append(style.detail(f"|grad| = {number_text(value.norm)}", color))
    return lines


def _remark(value: Value) -> str:
    if value.kind in (FROZEN, BUFFER):
        return value.kind
    return f"used {value.uses} times" if value.kind == PARAMETER and value.uses > 1 else ""


def _full_text(value: Value) -> str:
    if value.kind == NUMBER:
        return "number"
    kind = "intermediate result" if value.kind == RESULT else value.kind
    name = value.path or value.name or kind
    return _joined(f"{name}:", kind if kind != name else "", shape_text(value.shape), value.dtype)
