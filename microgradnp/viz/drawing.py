"""``graph``: a picture of what produced a tensor, and the ``Graph`` that it returns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cached_property
from os import PathLike
from pathlib import Path
from typing import Any

from ..nn.module import Module
from ..tensor import Tensor, edge_of
from .collect import BUFFER, FROZEN, INPUT, LEAF, PARAMETER, Description, collect
from .dot import VIEWS, to_dot
from .render import FORMATS, render

SHOW = ("shapes", "dtypes", "values", "grads")
DIRECTIONS = ("TB", "LR", "BT", "RL")


def graph(
    output: Tensor | list[Tensor] | tuple[Tensor, ...],
    *,
    model: Module | None = None,
    inputs: Mapping[str, Tensor] | None = None,
    show: Iterable[str] = SHOW,
    view: str = "bipartite",
    rankdir: str = "TB",
    legend: bool = True,
    max_vertices: int | None = 2000,
) -> Graph:
    """Draw the operations and tensors that produced ``output``, before or after ``backward``.

    Modules are frames, nested as they are in the model, with their parameters inside. What needs no gradient is grey,
    what holds a nan or an infinity is red. Values and gradients are those of this moment: the picture keeps them.

    Args:
        output: A tensor, such as the loss, or a list or tuple of tensors. Each must require gradients, for nothing else
            is recorded.
        model: Where parameters get their names from when the model itself was not called, only functions or submodules.
            Models that were called are found without it.
        inputs: Names for tensors, such as ``{"X": x, "y": y}``: inputs, targets, intermediate results. Without a name a
            tensor is called after what it is. One that is not in the graph is passed over.
        show: What to say of tensors, any of "shapes", "dtypes", "values" (of those with one element) and "grads" (the
            norm of the gradient of leaves).
        view: "bipartite" shows tensors and operations; "operations" only these, with the tensors listed in them, which
            is smaller.
        rankdir: The direction of the data: "TB" from top to bottom, "LR" from left to right, "BT" or "RL".
        legend: Whether to explain the colours below the picture.
        max_vertices: Larger graphs are not laid out, for that takes minutes; None lays out anything.

    Returns:
        A ``Graph``, which a notebook shows; ``.save("graph.svg")`` writes it and ``.source`` is its DOT text.

    Raises:
        TypeError: When an argument is not of its type.
        ValueError: When an output needs no gradient, or ``show``, ``view`` or ``rankdir`` is unknown.

    >>> import microgradnp
    >>> from microgradnp import nn, viz
    >>> model = nn.Sequential(nn.Linear(2, 4), nn.Linear(4, 1))
    >>> x = microgradnp.ones(3, 2)
    >>> viz.graph(model(x).sum(), inputs={"X": x})
    Graph(3 operations, 4 parameters, 1 input)
    """
    outputs = _checked_outputs(output)
    if model is not None and not isinstance(model, Module):
        raise TypeError(f"viz.graph(): argument 'model' must be a Module or None, got {type(model).__name__}")
    if max_vertices is not None and not isinstance(max_vertices, int):
        raise TypeError(f"viz.graph(): argument 'max_vertices' must be an int or None, got {max_vertices!r}")
    _check_choice("view", view, tuple(VIEWS))
    _check_choice("rankdir", rankdir, DIRECTIONS)
    words = [show] if isinstance(show, str) else list(show)
    for word in words:
        _check_choice("show", word, SHOW)
    description = collect(outputs, model, _checked_names(inputs))
    return Graph(description, view, frozenset(words), rankdir, legend, max_vertices)


class Graph:
    """A picture of a computation graph, made by ``graph``. A notebook shows it as SVG.

    >>> import microgradnp
    >>> from microgradnp import viz
    >>> x = microgradnp.tensor(3.0, requires_grad=True)
    >>> print(viz.graph(x * x).source.splitlines()[0])
    digraph microgradnp {
    """

    def __init__(
        self, description: Description, view: str, show: frozenset[str], rankdir: str, legend: bool, limit: int | None
    ) -> None:
        self._description = description
        self._view = view
        self._options = (show, rankdir, legend)
        self._max_vertices = limit

    @cached_property
    def source(self) -> str:
        """The DOT text. It needs no Graphviz, has no limit of size, and is the same whenever the program is."""
        return to_dot(self._description, self._view, *self._options)

    def save(self, path: str | PathLike[str]) -> Path:
        """Write the picture as the suffix of ``path`` says: ".svg", ".png", ".pdf", or ".dot" for the DOT text.

        Returns the path. Raises ValueError for another suffix and for a graph of more than ``max_vertices`` vertices,
        FileNotFoundError for a missing folder, RuntimeError when there is no Graphviz; then nothing is written.
        """
        path = Path(path)
        kind = path.suffix.lower().removeprefix(".")
        if kind not in ("dot", *FORMATS):
            raise ValueError(f"Graph.save(): argument 'path' must end in .dot, .svg, .png or .pdf, got {str(path)!r}")
        if not path.parent.is_dir():
            raise FileNotFoundError(
                f"Graph.save(): argument 'path' is {str(path)!r}, but there is no folder {str(path.parent)!r}: "
                f"create it first"
            )
        path.write_bytes(self.source.encode() if kind == "dot" else self._render(kind))
        return path

    def _render(self, kind: str) -> bytes:
        size = len(self._description.steps)
        if self._view == "bipartite":
            size += len(self._description.values)
        if self._max_vertices is not None and size > self._max_vertices:
            raise ValueError(
                f"viz: this graph has {size} vertices, and laying out more than max_vertices={self._max_vertices} can "
                f"take minutes. Draw a part of it (one layer, a smaller output), or less of it with "
                f'graph(..., view="operations"); take the DOT text, .source, to another program; or insist, with '
                f"graph(..., max_vertices=None)."
            )
        return render(self.source, kind)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        """For notebooks: the picture and its DOT text or, when there can be none, words that say why. Never raises."""
        try:
            bundle = {"image/svg+xml": self._render("svg").decode(), "text/plain": self.source}
        except Exception as error:
            bundle = {"text/plain": f"{self!r}\n{error}"}
        wanted = set(include or bundle).difference(exclude or ())
        return {kind: data for kind, data in bundle.items() if kind in wanted}

    def __repr__(self) -> str:
        kinds = Counter(value.kind for value in self._description.values)
        counts = (
            (len(self._description.steps), "operation", "operations"),
            (kinds[PARAMETER] + kinds[FROZEN], "parameter", "parameters"),
            (kinds[LEAF], "leaf", "leaves"),
            (kinds[BUFFER], "buffer", "buffers"),
            (kinds[INPUT], "input", "inputs"),
        )
        return f"Graph({', '.join(f'{n} {one if n == 1 else more}' for n, one, more in counts if n)})"


# Arguments


def _checked_outputs(output: Any) -> list[Tensor]:
    outputs = list(output) if isinstance(output, (list, tuple)) else [output]
    if not outputs:
        raise ValueError("viz.graph(): argument 'output' is an empty list; give at least one Tensor")
    for i, tensor in enumerate(outputs):
        which = f"'output'[{i}]" if isinstance(output, (list, tuple)) else "'output'"
        if not isinstance(tensor, Tensor):
            kind = type(tensor).__name__
            raise TypeError(f"viz.graph(): argument {which} must be a Tensor or a list of them, got {kind}")
        if edge_of(tensor) is None:
            raise ValueError(
                f"viz.graph(): argument {which}, a tensor of shape {tuple(tensor.shape)}, does not require grad, "
                f"so nothing was recorded. Make it from tensors with requires_grad=True, outside no_grad()."
            )
    return outputs


def _checked_names(inputs: Any) -> dict[str, Tensor]:
    if inputs is None:
        return {}
    rule = "viz.graph(): argument 'inputs' must map names to Tensors, such as {'X': x}"
    if not isinstance(inputs, Mapping):
        raise TypeError(f"{rule}, got {type(inputs).__name__}")
    for name, tensor in inputs.items():
        if not isinstance(name, str) or not isinstance(tensor, Tensor):
            raise TypeError(f"{rule}, got {name!r}: {type(tensor).__name__}")
    return dict(inputs)


def _check_choice(argument: str, value: Any, choices: tuple[str, ...]) -> None:
    if value not in choices:
        known = ", ".join(f'"{choice}"' for choice in choices)
        raise ValueError(f"viz.graph(): argument '{argument}' got {value!r}; use one of {known}")
