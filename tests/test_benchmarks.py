"""The benchmarks: everybody who is installed computes the same, and the results are written as they are."""

import math

import numpy as np
import pytest

from benchmarks import agreement, page, suite, tables
from benchmarks.contestants import CONTESTANTS, EAGER, NUMPY, TORCH, TORCH_COMPILE, absent
from benchmarks.results import CaseResult, Results, quartiles
from benchmarks.runner import Effort, measure
from benchmarks.workload import Case
from benchmarks.workloads import WORKLOADS, chain, imports, operations, xor
from benchmarks.workloads.cnn import Convolutional
from benchmarks.workloads.gpt import Gpt
from benchmarks.workloads.lstm import Memory
from benchmarks.workloads.mlp import Perceptron

QUICK = Effort(rounds=1, seconds=0, turn=0)
HERE = [name for name in CONTESTANTS if name != TORCH_COMPILE and not absent(name)]  # which calls a C++ compiler
SMALL = [
    *xor.cases(),
    Case("MLP", Perceptron((7, 6, 5, 4), 3).builders(), tolerance=2e-5),
    pytest.param(Case("CNN", Convolutional((2, 3, 4), 8, 3).builders(), tolerance=1e-4), marks=pytest.mark.slow),
    pytest.param(Case("GPT", Gpt(1, 8, 2, 4, 2, 5).builders(), tolerance=1e-4), marks=pytest.mark.slow),
    pytest.param(Case("LSTM", Memory(3, 4, 2, 2).builders(), tolerance=1e-4), marks=pytest.mark.slow),
    *chain.cases(100),
    *operations.cases(12),
]


@pytest.mark.filterwarnings("ignore")  # of other frameworks
@pytest.mark.parametrize("case", SMALL, ids=lambda case: case.name)
def test_all_contestants_agree(case):
    result = measure(WORKLOADS["xor"], case, HERE, QUICK)  # raises when one of them does not
    assert {NUMPY, EAGER} - set(result.left_out) <= set(result.rounds)
    assert not {NUMPY} & set(result.left_out)
    assert all(seconds > 0 for rounds in result.rounds.values() for seconds in rounds)


def steps(values):
    """A contestant whose steps return these."""
    return lambda: iter(values).__next__


def test_another_loss_is_a_disagreement():
    right, wrong = np.arange(1.0, 20.0), np.arange(1.0, 20.0)
    wrong[3] += 1e-6
    case = Case("invented", {NUMPY: steps(right), EAGER: steps(wrong)}, tolerance=1e-12)
    with pytest.raises(suite.Disagreement, match="invented: microgradnp disagrees at step 3, result 0"):
        measure(WORKLOADS["xor"], case, [NUMPY, EAGER], QUICK)


@pytest.mark.parametrize("wrong", [np.nan, np.ones(2)], ids=["nan", "shape"])
def test_nan_and_another_shape_are_disagreements(wrong):
    case = Case("invented", {}, tolerance=1.0, checked=1)
    with pytest.raises(suite.Disagreement):
        agreement.check(case, EAGER, agreement.arrays(wrong), agreement.arrays(1.0))


def test_who_fails_is_left_out_and_the_others_go_on():
    def broken():
        raise RuntimeError("no compiler")

    case = Case("invented", {NUMPY: lambda: lambda: 1.0, EAGER: broken}, tolerance=0)
    result = measure(WORKLOADS["xor"], case, [NUMPY, EAGER], QUICK)
    assert result.left_out == {EAGER: "RuntimeError: no compiler"}
    assert list(result.rounds) == [NUMPY]


def test_a_case_is_measured_until_its_time_is_over_but_three_times_at_least():
    case = Case("invented", {NUMPY: lambda: lambda: 1.0}, tolerance=0)
    for effort, rounds in ((Effort(rounds=5, turn=0), 5), (Effort(rounds=9, seconds=0, turn=0), 3)):
        assert len(measure(WORKLOADS["xor"], case, [NUMPY], effort).rounds[NUMPY]) == rounds


def test_memory_and_time_of_an_import():
    for case in imports.cases():
        assert measure(WORKLOADS["imports"], case, [NUMPY], QUICK).rounds[NUMPY][0] > 1


def test_names_are_chosen_in_their_own_order_and_unknown_ones_named():
    assert suite.choose("workload", ["a", "b", "c"], ["c", "a"]) == ["a", "c"]
    assert suite.choose("workload", ["a", "b", "c"], None, without=["b"]) == ["a", "c"]
    with pytest.raises(suite.Unknown, match="there is no workload 'd': there are a, b, c"):
        suite.choose("workload", ["a", "b", "c"], ["d"])


@pytest.fixture
def results():
    """Three rounds, in which the machine slowed down: the ratios did not change."""
    slowing = np.array([1.0, 2.0, 10.0])
    found = Results({"date": "2026-11-25", "threads": "1"}, absent={"tinygrad": "tinygrad is not installed"})
    for name, cases in (("xor", ["XOR"]), ("operations", ["add", "softmax"]), ("growth", ["width 16", "width 64"])):
        for case in cases:
            rounds = {NUMPY: list(slowing * 50), EAGER: list(slowing * 85), TORCH: list(slowing * 200)}
            found.cases.append(CaseResult(name, case, "µs", rounds, {TORCH_COMPILE: "RuntimeError: no compiler"}))
    return found


def test_ratios_are_those_of_each_round(results):
    case = results.of("xor")[0]
    case.rounds[EAGER][2] *= 100  # once, something else ran
    assert math.isclose(case.ratio(EAGER, NUMPY), 1.7)
    assert quartiles([1.0, 2.0, 3.0, 4.0, 5.0]) == (2.0, 4.0)
    assert quartiles([7.0]) == (7.0, 7.0)


def test_json_holds_all_measurements(results, tmp_path):
    results.save(tmp_path / "results.json")
    assert Results.load(tmp_path / "results.json") == results


def test_tables(results):
    rows = tables.table(WORKLOADS["xor"], results)
    assert rows[0] == ["", "µs", "quartiles", "/ NumPy by hand", "/ torch eager"]
    assert rows[2] == ["microgradnp", "170", "128 to 510", "1.70 (1.70 to 1.70)", "0.42 (0.42 to 0.42)"]
    assert tables.table(WORKLOADS["operations"], results)[1] == ["add, µs", "100 (0.25)", "170 (0.42)", "400"]
    assert tables.left_out(WORKLOADS["operations"], results) == ["all: torch.compile: RuntimeError: no compiler"]
    assert tables.markdown(rows).splitlines()[1] == "| --- | ---: | ---: | ---: | ---: |"
    assert len({line.index("1.70 (") for line in tables.text(rows).splitlines() if "1.70 (" in line}) == 1


def test_limits_are_said_plainly(results):
    rows = {(row[0], row[1]): row[2:] for row in tables.limits(results)}
    assert rows["XOR", "microgradnp / NumPy by hand"] == ["1.7", "1.70 (1.70 to 1.70)", "yes"]
    assert rows["XOR", "microgradnp / torch eager"] == ["0.36", "0.42 (0.42 to 0.42)", "no"]
    assert rows["XOR", "microgradnp compiled (Numba) / NumPy by hand"] == ["0.12", "-", "not measured"]


def test_the_page_its_pictures_and_the_readme_are_written(results, tmp_path):
    pytest.importorskip("matplotlib")
    readme = tmp_path / "README.md"
    readme.write_text(f"before\n{page.START}\nold\n{page.END}\nafter\n", encoding="utf-8")
    page.write(results, tmp_path)
    written = (tmp_path / "docs" / "benchmarks.md").read_text(encoding="utf-8")
    pictures = sorted(path.name for path in (tmp_path / "docs" / "images").iterdir())
    assert pictures == ["benchmarks-growth.png", "benchmarks-operations.png", "benchmarks.png"]
    assert all(f"images/{name}" in written for name in pictures)
    assert "| microgradnp | 170 |" in written
    assert "absent: tinygrad (tinygrad is not installed)" in written
    once = readme.read_text(encoding="utf-8")
    assert "old" not in once
    assert "| microgradnp | 1.70 |" in once
    assert once.startswith("before\n")
    assert once.endswith("\nafter\n")
    assert page.with_figures(once, results) == once


def test_a_readme_without_marks_stays_as_it_is(results):
    assert page.with_figures("text", results) == "text"
