"""Pictures: what is in them, that they are always the same, and that every way of making one works or says why not."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import tempfile
import weakref
from collections import Counter
from xml.etree import ElementTree

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import example, given, settings

import microgradnp
from microgradnp import autograd, nn, viz
from microgradnp.viz import drawing, style


class NeuralNetwork(nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden = nn.Linear(2, 4)
        self.output = nn.Linear(4, 1)

    def forward(self, x):
        return self.output(self.hidden(x).sigmoid()).sigmoid()


class Xor:
    """The network, its data and its loss."""

    def __init__(self):
        microgradnp.random.manual_seed(0)
        self.X = microgradnp.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
        self.y = microgradnp.tensor([[0.0], [1.0], [1.0], [0.0]])
        self.model, self.criterion = NeuralNetwork(), nn.MSELoss()
        self.loss = self.criterion(self.model(self.X), self.y)

    def graph(self, **options):
        return viz.graph(self.loss, inputs={"X": self.X, "y": self.y}, **options)


@pytest.fixture
def xor():
    return Xor()


def leaf(*shape):
    return microgradnp.ones(*shape, requires_grad=True)


# Reading a picture back: its DOT text, parsed by Graphviz


class Parsed:
    """Of every vertex the lines of its label, of every cluster its label and what is in it."""

    def __init__(self, graph):
        from pygraphviz import AGraph

        self.dot = AGraph(string=graph.source)
        self.lines = {str(vertex): lines_of(vertex.attr["label"]) for vertex in self.dot.nodes()}
        self.edges = [(self.title(tail), self.title(head)) for tail, head in self.dot.edges()]

    def title(self, vertex):
        return self.lines[vertex][0] if self.lines[vertex] else ""

    def titles(self):
        return Counter(self.title(vertex) for vertex in self.lines)

    def vertex(self, title):
        (found,) = [vertex for vertex in self.lines if self.title(vertex) == title]
        return self.dot.get_node(found)

    def all_lines(self):
        return [line for lines in self.lines.values() for line in lines]

    def lines_below(self, title):
        return self.lines[self.vertex(title)][1:]

    def marks(self, head):
        """The operands of an operation with the labels of their edges."""
        edges = self.dot.in_edges([self.vertex(head)])
        return sorted((self.title(edge[0]), (edge.attr["label"] or "").strip()) for edge in edges)

    def clusters(self, part=None):
        """Nested dictionaries: the label of a cluster, the clusters within it, and the titles of its own vertices."""
        part = self.dot if part is None else part
        inner = {unescaped(cluster.graph_attr["label"]): self.clusters(cluster) for cluster in part.subgraphs()}
        within = {vertex for cluster in part.subgraphs() for vertex in cluster.nodes()}
        return {**inner, "": sorted(self.title(vertex) for vertex in part.nodes() if vertex not in within)}


def lines_of(label):
    """The lines of an HTML-like label."""
    root = ElementTree.fromstring(f"<label>{label}</label>")
    cells = [*root.iter("td")] or [root]
    texts = ("".join(cell.itertext()).replace("\\\\", "\\") for cell in cells)
    return [text for text in texts if text]


def unescaped(label):
    return label.replace("\\\\", "\\").replace("&amp;", "&")


def shown(text):
    """How a name is to appear: on one line, and what cannot be seen as Python writes it."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


# What is in the picture


def test_xor_shows_modules_parameters_inputs_and_the_loss(xor):
    picture = Parsed(xor.graph())
    layer = sorted(["weight", "bias", "linear"])
    assert picture.clusters() == {
        "NeuralNetwork": {
            "hidden (Linear)": {"": sorted([*layer, "(4, 4)"])},
            "output (Linear)": {"": sorted([*layer, "(4, 1)"])},
            "": ["(4, 1)", "(4, 4)", "sigmoid", "sigmoid"],
        },
        "": ["X", "mse_loss", "output", "y"],
    }
    assert picture.lines_below("X") == ["(4, 2) float32"]
    assert picture.lines_below("mse_loss") == ["MSELoss"]  # a module of one operation is no cluster, but a line
    assert picture.lines_below("output") == ["scalar float32", f"= {xor.loss.item():.4g}"]
    assert picture.marks("mse_loss") == [("(4, 1)", ""), ("y", "target")]
    (made,) = picture.dot.out_edges([picture.vertex("mse_loss")])
    assert made.attr["arrowhead"] == "none"  # the result is a word on the way, not a station


def test_backward_adds_gradients_and_changes_nothing_else(xor):
    before = Parsed(xor.graph())
    xor.loss.backward()
    after = Parsed(xor.graph())
    assert (after.edges, after.clusters()) == (before.edges, before.clusters())
    norms = sorted(f"|grad| = {np.linalg.norm(p.grad.numpy()):.4g}" for p in xor.model.parameters())
    assert [sorted(line for line in p.all_lines() if "grad" in line) for p in (before, after)] == [[], norms]


def test_the_picture_is_of_its_moment_and_keeps_nothing_alive(xor):
    graph, source = xor.graph(), xor.graph().source
    xor.loss.backward()
    assert xor.graph().source != source
    loss, model = weakref.ref(xor.loss), weakref.ref(xor.model)
    del xor.loss, xor.model
    gc.collect()
    assert (loss(), model()) == (None, None)
    assert graph.source == source


def test_without_names_inputs_are_called_after_their_role(xor):
    assert {"input", "target"} <= set(Parsed(viz.graph(xor.loss)).titles())


def test_both_edges_of_a_square_are_drawn():
    x = leaf(2)
    assert Parsed(viz.graph(x * x)).edges == [("leaf", "mul"), ("leaf", "mul"), ("mul", "output")]
    w = leaf(2, 2)
    assert Parsed(viz.graph(w @ w)).marks("matmul") == [("leaf", "left"), ("leaf", "right")]


def test_operands_are_told_apart_only_where_it_matters():
    a, b = leaf(2), leaf(2)
    marks = lambda output, operation: Parsed(viz.graph(output, inputs={"a": a, "b": b})).marks(operation)  # noqa: E731
    assert marks(b - a, "sub") == [("a", "right"), ("b", "left")]
    assert marks(a + b, "add") == [("a", ""), ("b", "")]
    assert marks(a**b, "pow") == [("a", ""), ("b", "exponent")]
    joined = microgradnp.cat([a, microgradnp.ones(1), b, a])
    assert marks(joined, "cat") == [("a", "0"), ("a", "3"), ("b", "2"), ("input", "1")]


def test_a_shared_parameter_is_drawn_once_in_the_cluster_of_its_first_owner():
    class Tied(nn.Module):
        def __init__(self):
            super().__init__()
            self.body = nn.Sequential(nn.Linear(3, 3), nn.Sequential(nn.Sigmoid(), nn.Linear(3, 3, bias=False)))
            self.head = nn.Linear(3, 3, bias=False)
            self.head.weight = self.body[0].weight

        def forward(self, x):
            return self.head(self.body(x))

    model = Tied()
    graph = viz.graph(model(microgradnp.ones(1, 3)))
    clusters = Parsed(graph).clusters()["Tied"]
    assert clusters["body (Sequential)"]["0 (Linear)"][""] == ["(1, 3)", "bias", "linear", "weight"]
    assert set(clusters["body (Sequential)"]["1 (Sequential)"]) == {"", "1 (Linear)"}
    assert "head (Linear)" not in clusters
    assert graph.source.count("used 2 times") == 1
    assert 'tooltip="body.0.weight: parameter (3, 3) float32"' in graph.source
    listed = Parsed(viz.graph(model(microgradnp.ones(1, 3)), view="operations")).all_lines()
    assert {"weight (3, 3)", "body.0.weight (3, 3)"} <= set(listed)


def test_submodules_called_on_their_own_are_placed_by_the_model():
    model = nn.Sequential(nn.Linear(1, 1), nn.Linear(1, 1))
    result = model[1](microgradnp.ones(1, 1))
    assert set(Parsed(viz.graph(result)).clusters()) == {"", "Linear"}
    assert set(Parsed(viz.graph(result, model=model)).clusters()["Sequential"]) == {"", "1 (Linear)"}
    assert set(Parsed(viz.graph(model(result))).clusters()) == {"", "Sequential"}  # seen: it was called as well


def test_a_module_of_one_operation_keeps_its_cluster_when_there_are_modules_in_it():
    class Residual(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = nn.Linear(1, 1)

        def forward(self, x):
            return x + self.inner(x)

    model = Residual()
    residual = Parsed(viz.graph(model(microgradnp.ones(1, 1)))).clusters()["Residual"]
    assert "inner (Linear)" in residual and residual[""] == ["add"]


def test_parameters_used_by_functions_are_named_by_the_model():
    model = NeuralNetwork()
    result = microgradnp.ones(1, 2) @ model.hidden.weight.T
    assert "hidden (Linear)" not in str(Parsed(viz.graph(result)).clusters())
    assert Parsed(viz.graph(result, model=model)).clusters()["NeuralNetwork"]["hidden (Linear)"][""] == ["weight"]


def test_modules_that_are_registered_nowhere_or_are_gone():
    class Outer(nn.Module):
        def forward(self, x):
            return self.hidden_in_a_list[0](x)

    outer = Outer()
    outer.hidden_in_a_list = [nn.Linear(1, 1)]
    result = outer(microgradnp.ones(1, 1))
    with pytest.warns(UserWarning, match="'hidden_in_a_list' is a plain list") as caught:
        drawn = viz.graph(result)
    assert caught[0].filename == __file__
    assert Parsed(drawn).clusters()["Outer"]["Linear"][""] == ["bias", "linear", "weight"]
    del outer
    gc.collect()
    assert list(Parsed(viz.graph(result)).clusters()) == [""]


def test_frozen_parameters_and_buffers_keep_their_names():
    class Scaled(nn.Module):
        def __init__(self):
            super().__init__()
            self.linear = nn.Linear(2, 2)
            self.linear.bias.requires_grad_(False)
            self.register_buffer("scale", microgradnp.tensor(2.0))

        def forward(self, x):
            return self.linear(x) * self.scale

    model = Scaled()
    picture = Parsed(viz.graph(model(microgradnp.ones(1, 2))))
    assert picture.lines_below("bias") == ["(2,) float32", "frozen parameter"]
    assert picture.lines_below("scale") == ["scalar float32", "buffer", "= 2"]
    assert "bias" in picture.clusters()["Scaled"]["linear (Linear)"][""]


def test_an_absent_bias_is_not_drawn():
    model = nn.Linear(2, 3, bias=False)
    assert Parsed(viz.graph(model(microgradnp.ones(1, 2)))).titles() == Counter(["input", "weight", "linear", "output"])


def test_numbers_are_drawn_at_each_use_and_static_arguments_in_the_operation():
    x = leaf(3, 4)
    picture = Parsed(viz.graph((x * 2.0 + 2.0)[1].sum() / 2.5))
    assert picture.titles()["2"] == 2
    assert picture.titles()["2.5"] == 1
    assert picture.lines_below("getitem") == ["index=(1,)"]


def test_intermediate_results_can_be_named_and_say_their_dtype_where_it_changes():
    x = leaf(2)
    h = x * x
    picture = Parsed(viz.graph(h.double().exp().sum(), inputs={"h": h}))
    assert {"h (2,)", "(2,) float64"} <= set(picture.titles())
    assert "(2,)" in picture.titles()  # of exp: float64 still


def test_several_outputs_and_second_derivatives():
    w = microgradnp.tensor(2.0, requires_grad=True)
    y = w * w * w
    (slope,) = autograd.grad(y, [w], create_graph=True)
    picture = Parsed(viz.graph([y, slope], inputs={"w": w, "dy/dw": slope}))
    assert picture.lines_below("output 0")[-1] == "= 8"
    assert picture.lines_below("dy/dw")[-1] == "= 12"
    assert picture.titles()["w"] == 1
    assert Parsed(viz.graph([y, y])).titles()["mul"] == 2


def test_a_leaf_is_a_picture_of_its_own():
    for view in ("bipartite", "operations"):
        assert Parsed(viz.graph(leaf(2), view=view)).lines == {"t0": ["leaf", "(2,) float32"]}


# Colours


def test_what_needs_no_gradient_is_grey(xor):
    picture = Parsed(xor.graph())
    assert picture.vertex("X").attr["fillcolor"] == style.CONSTANT.fill
    (edge,) = picture.dot.out_edges([picture.vertex("X")])
    assert edge.attr["color"] == style.PALE_LINE
    fills = {str(v.attr["fillcolor"]) for v in picture.dot.nodes() if picture.title(v) in ("weight", "bias")}
    assert fills == {style.GRADIENT.fill}


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_nan_and_infinity_are_red(value):
    x = microgradnp.tensor([1.0, value], requires_grad=True)
    picture = Parsed(viz.graph(x.sum()))
    assert picture.vertex("leaf").attr["fillcolor"] == style.BROKEN.fill
    assert f"contains {value}" in picture.lines_below("leaf")
    assert picture.vertex("output").attr["fillcolor"] == style.BROKEN.fill
    assert f"= {value}" in picture.lines_below("output")
    picture = Parsed(viz.graph(x.sum(), view="operations"))
    assert picture.vertex("sum").attr["fillcolor"] == style.BROKEN.fill


def test_a_gradient_that_is_not_finite_is_red_and_one_that_is_only_large_is_not():
    x = microgradnp.ones(2, requires_grad=True)
    for gradient, red in (([1e30, 3e38], False), ([1.0, float("inf")], True)):
        x.grad = microgradnp.tensor(gradient)
        picture = Parsed(viz.graph(x.sum()))
        assert (picture.vertex("leaf").attr["fillcolor"] == style.BROKEN.fill) is red


def test_the_norm_of_a_gradient_is_computed_in_double_precision():
    x = microgradnp.ones(100_000, dtype=microgradnp.float16, requires_grad=True)
    x.grad = microgradnp.ones(100_000, dtype=microgradnp.float16)
    assert "|grad| = 316.2" in Parsed(viz.graph(x)).lines_below("leaf")


# Options


def test_the_operations_view_lists_what_comes_from_outside(xor):
    picture = Parsed(xor.graph(view="operations"))
    labels = sorted(picture.lines.values())
    assert ["linear", "hidden (Linear)", "X (4, 2)", "weight (4, 2)", "bias (4,)"] in labels
    assert ["mse_loss", "MSELoss", "target: y (4, 1)", "output", "scalar float32", f"= {xor.loss.item():.4g}"] in labels
    assert len(labels) == 5
    shapes = [edge.attr["label"].strip() for edge in picture.dot.edges()]
    assert shapes == ["(4, 4)", "(4, 4)", "(4, 1)", "(4, 1)"]


def test_the_operations_view_keeps_multi_edges_and_cuts_long_lists():
    h = leaf(2).exp()
    assert Parsed(viz.graph(h * h, view="operations")).edges == [("exp", "mul"), ("exp", "mul")]
    graph = viz.graph(microgradnp.cat([leaf(1) for _ in range(9)]), view="operations")
    assert Parsed(graph).lines["op0"][:8] == ["cat", *(f"{i}: leaf (1,)" for i in range(5)), "and 4 more", "output"]


def test_show_leaves_out_what_it_does_not_name(xor):
    xor.loss.backward()
    assert not [line for line in Parsed(xor.graph(show=())).all_lines() if set("(=|") & set(line)]
    picture = Parsed(xor.graph(show=["dtypes", "values"]))
    assert picture.lines_below("X") == ["float32"]
    assert picture.lines_below("output") == ["float32", f"= {xor.loss.item():.4g}"]
    assert Parsed(xor.graph(show="shapes")).lines_below("output") == ["scalar"]


def test_rankdir_and_legend(xor):
    assert "rankdir=LR" in xor.graph(rankdir="LR").source
    assert "collects a gradient" in xor.graph().source
    assert "nan or inf" not in xor.graph().source
    assert "collects a gradient" not in xor.graph(legend=False).source


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"output": 3}, TypeError, "'output' must be a Tensor"),
        ({"output": []}, ValueError, "empty"),
        ({"output": [leaf(1), microgradnp.ones(2)]}, ValueError, r"'output'\[1\].*\(2,\).*does not require grad"),
        ({"model": "model"}, TypeError, "'model'"),
        ({"inputs": [leaf(1)]}, TypeError, "'inputs'"),
        ({"inputs": {"x": np.ones(2)}}, TypeError, "'x': ndarray"),
        ({"view": "3d"}, ValueError, "'view' got '3d'.*bipartite"),
        ({"rankdir": "up"}, ValueError, "'rankdir'"),
        ({"show": ["shape"]}, ValueError, "'show' got 'shape'.*shapes"),
        ({"max_vertices": "many"}, TypeError, "'max_vertices'"),
    ],
)
def test_wrong_arguments_are_named(options, error, words):
    with pytest.raises(error, match=f"viz.graph.*{words}"):
        viz.graph(options.pop("output", leaf(1)), **options)


# The same program, the same text

PROGRAM = """
import microgradnp
from microgradnp import nn, viz
microgradnp.random.manual_seed(0)
model = nn.Sequential(nn.Linear(2, 3), nn.Sigmoid(), nn.Linear(3, 1))
loss = (model(microgradnp.ones(4, 2)) - microgradnp.ones(4, 1)).sum()
loss.backward()
print(viz.graph(loss).source)
"""


def test_the_text_is_the_same_for_every_hash_seed():
    command = [sys.executable, "-c", PROGRAM]
    texts = [
        subprocess.run(command, env={**os.environ, "PYTHONHASHSEED": seed}, check=True, capture_output=True).stdout
        for seed in ("1", "2")
    ]
    assert texts[0].startswith(b"digraph")
    assert texts[0] == texts[1]


def test_the_text_is_the_same_for_every_run_in_one_process():
    assert Xor().graph().source == Xor().graph().source


NAMES = st.text(max_size=5) | st.text('"\\<>{}|&;\n\r\t-', max_size=5) | st.sampled_from(["\\N", "&lt;"])


@settings(max_examples=150, deadline=None)
@given(NAMES)
@example('a "quoted" \\N <b>{ünï|cødé}</b>\n&amp;')
@example("\ud800")
def test_names_survive_the_way_through_graphviz(name):
    model, x = nn.Sequential(), microgradnp.ones(1, 1)
    model.add_module("m" + name.replace(".", ""), nn.Linear(1, 1))
    picture = Parsed(viz.graph(model(x), inputs={"x" + name: x}))
    assert shown("x" + name) in picture.titles()
    assert shown("m" + name.replace(".", "")) + " (Linear)" in picture.clusters()["Sequential"]


def test_escapes_mean_nothing_in_the_drawn_picture():
    model, x = nn.Sequential(), microgradnp.ones(1, 1)
    model.add_module("\\G<i>&lt;", nn.Linear(1, 1))
    svg = viz.graph(model(x), inputs={'\\N "<b>" &amp; ü': x})._repr_mimebundle_()["image/svg+xml"]
    texts = {element.text for element in ElementTree.fromstring(svg).iter() if element.tag.endswith("text")}
    assert {'\\N "<b>" &amp; ü', "\\G<i>&lt; (Linear)"} <= texts


def test_a_long_name_is_cut_in_the_middle():
    x = leaf(1)
    (title,) = [t for t in Parsed(viz.graph(x.sum(), inputs={"a" * 500 + "z": x})).titles() if t.startswith("a")]
    assert "…" in title and title.endswith("az") and len(title) == 60


# Large graphs


def test_a_graph_of_diamonds_grows_with_its_operations_and_not_its_paths():
    y = leaf(1)
    for _ in range(60):
        y = y + y
    picture = Parsed(viz.graph(y))
    assert (len(picture.dot.nodes()), len(picture.dot.edges())) == (1 + 2 * 60, 3 * 60)


@pytest.mark.slow
def test_a_chain_of_a_hundred_thousand_operations_has_a_source_and_no_picture(tmp_path):
    y = leaf(1)
    for _ in range(100_000):
        y = -y
    graph = viz.graph(y, view="operations")
    assert graph.source.count("->") == 99_999
    with pytest.raises(ValueError, match=r"100000 vertices.*max_vertices=2000.*\.source"):
        graph.save(tmp_path / "chain.svg")
    assert "100000 vertices" in graph._repr_mimebundle_()["text/plain"]
    assert not list(tmp_path.iterdir())


def test_the_limit_can_be_moved(tmp_path):
    x = leaf(1)
    with pytest.raises(ValueError, match="3 vertices"):
        viz.graph(x.exp(), max_vertices=2).save(tmp_path / "x.svg")
    assert viz.graph(x.exp(), max_vertices=None).save(tmp_path / "x.svg").exists()


# Files and notebooks


@pytest.mark.parametrize(
    ("name", "start"), [("g.svg", b"<?xml"), ("g.PNG", b"\x89PNG"), ("g.pdf", b"%PDF"), ("g.dot", b"digraph")]
)
def test_every_format_is_drawn_without_any_program(xor, tmp_path, monkeypatch, name, start):
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    assert xor.graph().save(tmp_path / name) == tmp_path / name
    assert (tmp_path / name).read_bytes().startswith(start)
    assert sorted(path.name for path in tmp_path.rglob("*")) == sorted([name, "scratch"])


def test_a_png_is_sharp(xor, tmp_path):
    svg, png = (xor.graph().save(tmp_path / name).read_bytes() for name in ("g.svg", "g.png"))
    points = float(ElementTree.fromstring(svg).attrib["width"].removesuffix("pt"))
    assert int.from_bytes(png[16:20], "big") == pytest.approx(2 * points, rel=0.05)


def test_wrong_paths_are_refused(xor, tmp_path):
    for name in ("g.jpg", "g"):
        with pytest.raises(ValueError, match=r"'path' must end in \.dot, \.svg, \.png or \.pdf, got "):
            xor.graph().save(tmp_path / name)
    with pytest.raises(FileNotFoundError, match=r"no folder .*nowhere"):
        xor.graph().save(tmp_path / "nowhere" / "g.svg")


@pytest.fixture
def no_pygraphviz(monkeypatch):
    monkeypatch.setitem(sys.modules, "pygraphviz", None)
    monkeypatch.setenv("PATH", "")


def test_without_graphviz_the_error_says_what_to_install(xor, tmp_path, no_pygraphviz):
    graph = xor.graph()
    with pytest.raises(RuntimeError, match=r'pip install "microgradnp\[viz\]".*\.source'):
        graph.save(tmp_path / "g.svg")
    assert not list(tmp_path.iterdir())
    assert graph.save(tmp_path / "g.dot").read_text(encoding="utf-8") == graph.source
    bundle = graph._repr_mimebundle_()
    assert list(bundle) == ["text/plain"]
    assert bundle["text/plain"].startswith("Graph(5 operations") and "pip install" in bundle["text/plain"]


@pytest.mark.skipif(sys.platform == "win32", reason="the stand-in for dot is a shell script")
def test_without_pygraphviz_the_systems_dot_draws(xor, tmp_path, no_pygraphviz, monkeypatch):
    program = tmp_path / "dot"
    program.write_text('#!/bin/sh\necho "$@"\n/bin/cat\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    drawn = xor.graph().save(tmp_path / "g.svg").read_text(encoding="utf-8")
    assert "-Tsvg" in drawn and xor.graph().source in drawn


def test_a_notebook_gets_a_picture_and_its_text(xor):
    graph = xor.graph()
    bundle = graph._repr_mimebundle_()
    assert bundle["text/plain"] == graph.source
    assert "<svg" in bundle["image/svg+xml"]
    assert list(graph._repr_mimebundle_(include=["text/plain"])) == ["text/plain"]
    assert list(graph._repr_mimebundle_(exclude=["text/plain"])) == ["image/svg+xml"]
    assert repr(graph) == "Graph(5 operations, 4 parameters, 2 inputs)"


def test_a_notebook_never_sees_an_exception(xor, monkeypatch):
    def fail(*_):
        raise OSError("the disk is full")

    monkeypatch.setattr(drawing, "render", fail)
    assert xor.graph()._repr_mimebundle_() == {"text/plain": f"{xor.graph()!r}\nthe disk is full"}


def test_nothing_that_draws_is_imported_before_a_picture_is_made():
    program = (
        "import sys, microgradnp.viz; from microgradnp import viz, ones; g = viz.graph(ones(1, requires_grad=True)); "
        "assert not {'graphviz', 'pygraphviz'} & set(sys.modules); g.source; assert 'graphviz' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
