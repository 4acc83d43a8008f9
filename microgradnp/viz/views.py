"""From a description to what is to be drawn: its vertices and edges in one of two views.

bipartite: tensors and operations are both vertices, and the shape of every intermediate result stands on its way. This
is the default, for it reads as the program does: a newcomer sees the data, what is done to it, and where it came from.

operations: only operations are vertices; what they take from outside (parameters, inputs, numbers) is listed in them, and
the edges carry the shapes. A third of the vertices: for large models.
"""

from __future__ import annotations

from typing import NamedTuple

from . import style
from .collect import FROZEN, INPUT, NUMBER, OUTPUT, PARAMETER, RESULT, WITHOUT_GRADIENT, Description, Step, Use, Value
from .modules import Frame
from .text import number_text, plain, shape_text

MOST_LINES = 6  # for the operands listed in an operation


class Vertex(NamedTuple):
    frame: Frame | None
    style: style.Style | None
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
    changes = {step.result for step in description.steps if _changes_dtype(step)}
    vertices = {name: _value_vertex(value, show, value in changes) for value, name in names.items()}
    edges = []
    for i, step in enumerate(description.steps):
        operation = f"op{i}"
        vertices[operation] = _operation_vertex(step, [style.title(step.label), *map(style.detail, step.arguments)])
        edges += [Edge(names[use.value], operation, _edge_attributes(use, step, use.mark)) for use in step.operands]
        edges.append(Edge(operation, names[step.result], {"arrowhead": "none", "weight": "8"}))
    return Plan(vertices, edges)


def _changes_dtype(step: Step) -> bool:
    return any(use.value.dtype not in ("", step.result.dtype) for use in step.operands)


def _operation_vertex(step: Step, lines: list[str], look: style.Style = style.OPERATION) -> Vertex:
    attributes = {"label": style.stacked(lines), "shape": "box", "style": "rounded,filled", "tooltip": plain(step.label)}
    return Vertex(step.frame, look, attributes | look.attributes())


def _value_vertex(value: Value, show: frozenset[str], changes_dtype: bool) -> Vertex:
    tooltip = {"tooltip": plain(_full_text(value))}
    if value.kind == NUMBER:
        return Vertex(value.frame, None, tooltip | {"label": style.stacked([style.detail(value.name)]), "shape": "plain"})
    if value.kind == RESULT:
        return Vertex(value.frame, None, tooltip | _result_attributes(value, show, changes_dtype))
    look = style.BROKEN if value.broken else style.OF_KIND[value.kind]
    lines = [style.title(value.name), *_facts(value, show)]
    return Vertex(
        value.frame, look, tooltip | {"label": style.stacked(lines), "shape": "box", "style": "filled"} | look.attributes()
    )


def _result_attributes(value: Value, show: frozenset[str], changes_dtype: bool) -> dict[str, str]:
    """An intermediate result is no more than a few words on the line: its dtype only where the operation changed it."""
    type_text = _type_text(value, show if changes_dtype else show - {"dtypes"})
    words = [word for word in (value.name, type_text) if word]
    if not words:
        return {"label": "", "shape": "point", "width": "0.05", "color": style.LINE}
    return {"label": style.stacked([style.detail(" ".join(words))]), "shape": "plain"}


# Operations only


def operations(description: Description, show: frozenset[str]) -> Plan:
    names = {step.result: f"op{i}" for i, step in enumerate(description.steps)}
    vertices, edges = {}, []
    for step in description.steps:
        name = names[step.result]
        lines = [style.title(step.label), *map(style.detail, step.arguments), *_listed(step, show)]
        look = style.OPERATION
        if step.result.kind == OUTPUT:
            look = style.BROKEN if step.result.broken else style.RESULT
            lines += [style.detail(step.result.name, style.INK), *_facts(step.result, show)]
        vertices[name] = _operation_vertex(step, lines, look)
        for use in step.operands:
            if use.value in names:
                words = " ".join(word for word in (use.mark, use.value.name if use.value.kind == RESULT else "", _type_text(use.value, show - {"dtypes"})) if word)
                edges.append(Edge(names[use.value], name, _edge_attributes(use, step, words)))
    for i, value in enumerate(description.values):  # an output that no operation made
        if value.kind not in (RESULT, OUTPUT) and not value.uses:
            vertices[f"t{i}"] = _value_vertex(value, show, False)
    return Plan(vertices, edges)


def _listed(step: Step, show: frozenset[str]) -> list[str]:
    """A line for each operand that no operation made."""
    lines = []
    for use in step.operands:
        value = use.value
        if value.kind in (RESULT, OUTPUT):
            continue
        if value.kind == NUMBER:
            text = f"{use.operand} = {value.name}"
        else:
            name = value.name if value.frame in (step.frame, None) else value.path
            text = " ".join(word for word in (name, _type_text(value, show - {"dtypes"})) if word)
        lines.append(style.detail(text, style.RED if value.broken else style.FADED))
    if len(lines) > MOST_LINES:
        lines[MOST_LINES - 1 :] = [style.detail(f"and {len(lines) - MOST_LINES + 1} more")]
    return lines


# Words


def _edge_attributes(use: Use, step: Step, label: str) -> dict[str, str]:
    attributes = {}
    if label:
        attributes["label"] = f" {plain(label)} "
    if use.operand:
        attributes["tooltip"] = plain(f"{use.operand} of {step.label}")
    if use.value.kind in WITHOUT_GRADIENT:
        attributes["color"] = style.PALE_LINE
    if use.value.kind == RESULT:
        attributes["weight"] = "4"  # the way through the model is straight, what it takes from beside may bend
    return attributes


def _type_text(value: Value, show: frozenset[str]) -> str:
    """``(4, 2) float32``, or the half of it that is to be shown."""
    shape = [shape_text(value.shape)] if "shapes" in show else []
    return " ".join(shape + [value.dtype] if "dtypes" in show else shape)


def _facts(value: Value, show: frozenset[str]) -> list[str]:
    """The lines below the name of a tensor."""
    lines = [style.detail(text) for text in (_type_text(value, show), _remark(value)) if text]
    if "values" in show and value.number is not None:
        lines.append(style.value(f"= {number_text(value.number)}", style.RED if value.fault else style.INK))
    elif value.fault:
        lines.append(style.detail(f"contains {value.fault}", style.RED))
    if "grads" in show and value.norm is not None:
        finite = value.norm - value.norm == 0
        lines.append(style.detail(f"|grad| = {number_text(value.norm)}", style.GOLD if finite else style.RED))
    return lines


def _remark(value: Value) -> str:
    if value.kind == FROZEN:
        return "frozen"
    return f"used {value.uses} times" if value.kind == PARAMETER and value.uses > 1 else ""


def _full_text(value: Value) -> str:
    if value.kind == NUMBER:
        return "number"
    kind = "intermediate result" if value.kind == RESULT else value.kind
    return f"{value.path or value.name}: {kind}, {shape_text(value.shape)} {value.dtype}".removeprefix(": ")
