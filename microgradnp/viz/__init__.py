"""Pictures of computation graphs: ``viz.graph(loss).save("graph.svg")``.

The way of a picture: ``collect`` describes the graph in plain data, ``views`` says which vertices and edges to draw,
``dot`` writes them as DOT text, ``render`` has Graphviz lay it out. Graphviz is imported only when a picture is made.
"""

from .drawing import Graph, graph

__all__ = ["Graph", "graph"]
