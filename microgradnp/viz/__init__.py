"""Pictures of computation graphs: ``viz.graph(loss).save("graph.svg")``.

Nothing is imported that draws until something is drawn. The way of a picture: ``collect`` describes the graph in plain
data, ``views`` says which vertices and edges to draw, ``dot`` writes them as DOT text, ``render`` has Graphviz lay it out.
"""

from .drawing import Graph, graph

__all__ = ["Graph", "graph"]
