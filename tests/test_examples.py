"""The examples do what the README says of them."""

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import microgradnp as mg

ROOT = Path(__file__).parents[1]
EXAMPLES = ROOT / "examples"


def load(name):
    """An example as a module."""
    specification = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


xor, tutorial = load("xor"), load("tutorial_numpy")


def run(*arguments, cwd=None, **environment):
    return subprocess.run(
        [sys.executable, *map(str, arguments)],
        capture_output=True,
        cwd=cwd,
        text=True,
        env={**os.environ, **environment},
        check=False,
    )


def worst_error(seed):
    mg.manual_seed(seed)
    model = xor.NeuralNetwork()
    model.train(xor.INPUTS, xor.TARGETS, quiet=True)
    return np.abs(model.forward_propagation(xor.INPUTS).detach().numpy()[:, 0] - xor.TARGETS).max()


@pytest.mark.parametrize("seed", [0, 1, 83])
def test_xor_is_learned(seed):
    assert worst_error(seed) < xor.TOLERANCE


@pytest.mark.slow
def test_xor_is_learned_from_each_of_forty_seeds():
    assert [seed for seed in range(40) if worst_error(seed) >= xor.TOLERANCE] == []


def test_the_main_command_writes_its_pictures_without_a_system_dot(tmp_path):
    done = run(EXAMPLES / "xor.py", "--out", tmp_path / "new", PATH="")
    assert done.returncode == 0, done.stderr
    assert [line.split()[:3] for line in done.stdout.splitlines()[1:5]] == [
        ["0", "0", "0"],
        ["0", "1", "1"],
        ["1", "0", "1"],
        ["1", "1", "0"],
    ]
    assert "5000/5000" in done.stderr  # the progress bar
    for name, magic in (("xor_graph.png", b"\x89PNG"), ("xor_training.png", b"\x89PNG"), ("xor_graph.svg", b"<?xml")):
        assert (tmp_path / "new" / name).read_bytes().startswith(magic)
    svg = (tmp_path / "new" / "xor_graph.svg").read_text(encoding="utf-8")
    assert all(word in svg for word in ("hidden", "weight", "mse_loss", "NeuralNetwork"))


def test_a_run_that_has_not_learned_says_so(tmp_path):
    done = run(EXAMPLES / "xor.py", "--quiet", "--epochs", 10, "--seed", 3, "--lr", 0.1, "--out", tmp_path)
    assert done.returncode == 1
    assert "XOR was not learned" in done.stderr
    assert "epochs/s" not in done.stderr


def test_the_network_takes_arrays_and_lives_with_module_train():
    model = xor.NeuralNetwork()
    assert model.forward_propagation(xor.INPUTS).shape == (4, 1)
    assert len(model.train(xor.INPUTS, xor.TARGETS, epochs=3, learning_rate=0.1, quiet=True)) == 3
    assert len(model.train(xor.INPUTS, xor.TARGETS.reshape(4, 1), epochs=2, quiet=True)) == 2
    assert model.train(False) is model
    assert not model.hidden.training
    assert model.train().training
    assert not model.eval().training
    with pytest.raises(ValueError, match=r"\(4,\) or \(4, 1\).*got \(3,\)"):
        model.train(xor.INPUTS, np.zeros(3), epochs=1)


# The hand-derived gradients against the framework that replaces them

numbers = st.floats(-2, 2).map(lambda x: round(x, 6))


@given(
    parameters=st.lists(numbers, min_size=17, max_size=17),
    samples=st.lists(st.tuples(numbers, numbers, st.sampled_from([0.0, 1.0, 0.25])), min_size=1, max_size=6),
)
def test_hand_derived_gradients_are_those_of_the_framework(parameters, samples):
    by_hand = tutorial.NeuralNetwork()
    model = xor.NeuralNetwork().double()
    flat, start = np.array(parameters), 0
    for name, parameter in model.named_parameters():
        stop = start + parameter.numel()
        by_hand.parameters[name][...] = flat[start:stop].reshape(parameter.shape)
        parameter.data = mg.tensor(by_hand.parameters[name])
        start = stop
    X, y = np.array([s[:2] for s in samples]), np.array([s[2] for s in samples])
    loss = mg.nn.MSELoss()(model.forward_propagation(X), mg.tensor(y).reshape(-1, 1))
    loss.backward()
    assert loss.item() == pytest.approx(by_hand.loss(X, y), rel=1e-12)
    for name, gradient in by_hand.gradients(X, y).items():
        own = model.get_parameter(name).grad.numpy()
        scale = max(np.abs(gradient).max(), 1e-300)
        np.testing.assert_allclose(own, gradient, rtol=1e-12, atol=1e-12 * scale)


def test_an_operation_of_ones_own_is_checked():
    done = run(EXAMPLES / "custom_op.py")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("pass: Swish.apply (")
    assert "\nfail: WrongSwish.apply, float64; also: float32" in done.stdout


def test_the_tutorial_learns_xor():
    done = run(EXAMPLES / "tutorial_numpy.py")
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
def test_a_small_gpt_writes_and_shows_what_it_attends_to(tmp_path):
    done = run(EXAMPLES / "char_gpt.py", "--steps", 3, "--out", tmp_path, OMP_NUM_THREADS="1")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("128728 characters of 69 kinds; 163077 parameters\n3 steps in")
    assert "\n\nAlice " in done.stdout
    assert "3/3" in done.stderr  # the progress bar
    assert (tmp_path / "char_gpt.png").read_bytes().startswith(b"\x89PNG")


def test_the_page_of_the_examples_shows_them_all():
    page = (ROOT / "docs" / "examples.md").read_text(encoding="utf-8")
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for example in EXAMPLES.glob("*.py"):
        assert f"`examples/{example.name}`" in readme
        assert example.name in page or example.stem in ("xor", "tutorial_numpy", "custom_op")
    pictures = re.findall(r"images/\w+\.png", page)
    assert len(pictures) >= 5
    assert all((ROOT / "docs" / picture).exists() for picture in pictures)


# Digits and a spiral: a glance at each, on few digits and without the slow pictures; then the whole of each


@pytest.fixture
def threads():
    """The examples take one thread for products; afterwards there are as many as before."""
    before = mg.get_num_threads()
    yield
    mg.set_num_threads(before)


@pytest.fixture
def few_digits(monkeypatch, threads):
    """The first 150 of scikit-learn's digits, without it: to import it takes longer than all that is tested here."""
    path = Path(importlib.util.find_spec("sklearn").submodule_search_locations[0], "datasets/data/digits.csv.gz")
    table = np.loadtxt(path, delimiter=",", max_rows=150)
    digits = SimpleNamespace(load_digits=lambda return_X_y: (table[:, :-1], table[:, -1].astype(int)))
    monkeypatch.setitem(sys.modules, "sklearn", SimpleNamespace())
    monkeypatch.setitem(sys.modules, "sklearn.datasets", digits)


def glance(name, monkeypatch, capsys, tmp_path, *arguments):
    """What an example prints when its pictures are left out, and the example."""
    example = load(name)
    for draw in {"draw", "draw_graph"} & vars(example).keys():
        monkeypatch.setattr(example, draw, lambda *arguments: None)
    assert example.main(["--quiet", "--out", str(tmp_path / "new"), *arguments]) == 0
    return capsys.readouterr().out, example


def test_a_perceptron_at_a_glance(few_digits, monkeypatch, capsys, tmp_path):
    printed, example = glance("digits_mlp", monkeypatch, capsys, tmp_path, "--epochs", "6")
    assert re.search(r"2: Linear +\(1, 10\) +650 ", printed)  # the summary
    assert len(re.findall(r"^epoch +\d", printed, re.M)) == 6
    losses = [float(loss) for loss in re.findall(r"loss (\d\.\d+)", printed)]
    assert losses == sorted(losses, reverse=True)
    training, test = example.digits()
    assert (len(training), len(test)) == (120, 30)
    assert example.evidence(mg.nn.Linear(64, 10), training).shape == (10, 8, 8)


def test_a_convolutional_network_at_a_glance(few_digits, monkeypatch, capsys, tmp_path):
    printed, example = glance("digits_cnn", monkeypatch, capsys, tmp_path, "--epochs", "2")
    (last,) = re.findall(r"^epoch  2 .* test +(\d+\.\d\d%)", printed, re.M)
    assert f"read back from {tmp_path / 'new' / 'digits_cnn.pt'}: {last}" in printed
    state = mg.load(tmp_path / "new" / "digits_cnn.pt")
    assert set(state) == set(example.network().state_dict())
    assert state["1.num_batches_tracked"] == 4
    counts = example.confusions(np.array([1, 1, 7]), np.array([1, 1, 1]))
    assert (counts[1, 1], counts[1, 7], counts.sum()) == (2, 1, 3)


def test_an_autoencoder_at_a_glance(few_digits, monkeypatch, capsys, tmp_path):
    first, example = glance("vae", monkeypatch, capsys, tmp_path, "--epochs", "2", "--seed", "5")
    again, _ = glance("vae", monkeypatch, capsys, tmp_path, "--epochs", "2", "--seed", "5")
    (bound, missed, code) = map(float, re.findall(r"image (.*): (.*) missed, (.*) for the code", first)[0])
    assert bound == pytest.approx(missed + code, abs=0.011)
    assert re.findall("^epoch.*", first, re.M) == re.findall("^epoch.*", again, re.M)
    assert example.VAE().draw(mg.zeros(3, 2)).shape == (3, 8, 8)


def test_a_spiral_at_a_glance(threads, monkeypatch, capsys, tmp_path):
    printed, example = glance("spiral", monkeypatch, capsys, tmp_path, "--steps", "40")
    assert printed.count("40 steps in") == 2
    assert "the same bit for bit: yes" in printed
    colours = example.surface(example.network(), np.linspace(-1, 1, 5))
    assert colours.shape == (5, 5, 3)
    assert colours.min() >= 0.5


@pytest.mark.parametrize(("name", "counted"), [("digits_mlp", "epochs"), ("vae", "epochs"), ("spiral", "steps")])
def test_nothing_to_do_is_refused(few_digits, name, counted, capsys):
    with pytest.raises(SystemExit):
        load(name).main([f"--{counted}", "0"])
    assert f"--{counted} must be at least 1, got 0" in capsys.readouterr().err


def whole(name, folder, *arguments, pictures):
    """What an example prints when it runs in an empty folder, as users run it: with nothing to complain of."""
    done = run("-W", "error", EXAMPLES / f"{name}.py", *arguments, cwd=folder)
    assert done.returncode == 0, done.stderr
    assert "100%" in done.stderr  # the progress bar
    for picture in pictures:
        assert (folder / f"{picture}.png").read_bytes().startswith(b"\x89PNG")
    return done.stdout


@pytest.mark.slow
def test_a_perceptron_reads_digits_and_is_drawn(tmp_path):
    printed = whole("digits_mlp", tmp_path, pictures=("digits_mlp", "digits_mlp_graph"))
    assert float(re.findall(r"test accuracy (.*)%", printed)[0]) >= 95


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1])
def test_a_convolutional_network_reads_98_of_100_digits(tmp_path, seed):
    printed = whole("digits_cnn", tmp_path, "--seed", seed, pictures=("digits_cnn",))
    assert float(re.findall(r"digits_cnn.pt: (.*)%", printed)[0]) >= 98


@pytest.mark.slow
def test_an_autoencoder_describes_digits(tmp_path):
    printed = whole("vae", tmp_path, pictures=("vae",))
    assert 15 < float(re.findall(r"^epoch 100 .* image (.*?):", printed, re.M)[0]) < 25  # 28 after ten epochs


@pytest.mark.slow
def test_a_spiral_is_unwound(tmp_path):
    printed = whole("spiral", tmp_path, pictures=("spiral",))
    assert float(re.findall(r"with new points: (.*)%", printed)[0]) >= 98
