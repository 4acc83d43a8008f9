"""From DOT text to pictures: by the Graphviz that pygraphviz brings along, else by the system's ``dot``."""

from __future__ import annotations

from threading import Lock
from typing import Any

FORMATS = ("svg", "png", "pdf")
PNG_RESOLUTION = 144  # dots per inch: sharp on today's screens

_one_at_a_time = Lock()  # Graphviz, called in this process, keeps global state


def render(source: str, kind: str) -> bytes:
    """The picture of a DOT text as the bytes of a "svg", "png" or "pdf" file; no shell, and no file is left behind.

    Raises RuntimeError when there is nothing to lay it out with.
    """
    if kind == "png":
        source = source.replace("{", f"{{\n\tgraph [dpi={PNG_RESOLUTION}]", 1)
    try:
        from pygraphviz import AGraph
    except ImportError as error:  # also when a library that it needs is missing
        return _by_system(source, kind, error)
    with _one_at_a_time:
        picture: Any = AGraph(string=source).draw(format=kind, prog="dot")
    return picture


def _by_system(source: str, kind: str, error: ImportError) -> bytes:
    import graphviz

    try:
        return graphviz.pipe("dot", kind, source.encode())
    except graphviz.ExecutableNotFound:
        raise RuntimeError(
            f"viz: no Graphviz to draw a {kind} with: pygraphviz cannot be imported ({error}), and there is no program "
            f"'dot' on the PATH. Install it with: pip install \"microgradnp[viz]\". The DOT text can be had without: "
            f'.source, or .save("graph.dot").'
        ) from None
