"""Files that PyTorch has written, and what PyTorch's programs do with ``save`` and ``load``, beside PyTorch itself."""

from __future__ import annotations

import io
import itertools
import warnings
from collections import Counter, OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import microgradnp as mg

torch: Any = pytest.importorskip("torch")


def theirs(obj: Any, **options: Any) -> io.BytesIO:
    file = io.BytesIO()
    torch.save(obj, file, **options)
    file.seek(0)
    return file


def same(ours: Any, other: Any) -> bool:
    """Whether an object is PyTorch's in this library: types, values, strides, gradients wanted."""
    if isinstance(other, torch.Tensor):
        return (
            type(ours).__name__ == type(other).__name__
            and str(other.dtype) == f"torch.{ours.dtype}"
            and ours.stride() == other.stride()
            and ours.requires_grad == other.requires_grad
            and np.array_equal(ours.detach().numpy(), other.detach().numpy(), equal_nan=ours.is_floating_point())
        )
    if isinstance(other, torch.Size):
        return type(ours) is mg.Size and tuple(ours) == tuple(other)
    if isinstance(other, (torch.dtype, torch.device, torch.layout)):
        return str(other).removeprefix("torch.") == str(ours)
    if isinstance(other, dict):
        metadata = getattr(other, "_metadata", None) == getattr(ours, "_metadata", None)
        return (
            type(ours) is type(other)
            and list(ours) == list(other)
            and metadata
            and all(same(ours[k], other[k]) for k in ours)
        )
    if isinstance(other, (list, tuple)):
        return type(ours) is type(other) and len(ours) == len(other) and all(map(same, ours, other))
    return type(ours) is type(other) and (ours == other or other != other)


def model() -> Any:
    nn = torch.nn
    return nn.Sequential(
        nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Flatten(), nn.Embedding(3, 4), nn.LSTM(3, 4, 2, bidirectional=True),
        nn.MultiheadAttention(4, 2), nn.TransformerEncoderLayer(4, 2, 8),
    )  # fmt: skip


def test_state_dicts() -> None:
    state = model().state_dict()
    assert same(mg.load(theirs(state)), state)


OPTIMIZERS = (
    "SGD",
    "Adam",
    "AdamW",
    "NAdam",
    "RAdam",
    "Adamax",
    "Adagrad",
    "Adadelta",
    "RMSprop",
    "Rprop",
    "ASGD",
    "LBFGS",
)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_checkpoints(name: str) -> None:
    net = torch.nn.Linear(3, 2)
    optimizer = getattr(torch.optim, name)(net.parameters(), lr=0.1)
    scheduler = torch.optim.lr_scheduler.ChainedScheduler(
        [
            torch.optim.lr_scheduler.MultiStepLR(optimizer, [1, 2, 2]),
            torch.optim.lr_scheduler.LambdaLR(optimizer, lambda e: 1),
        ]
    )

    def closure() -> Any:
        optimizer.zero_grad()
        loss = net(torch.ones(2, 3)).square().sum()
        loss.backward()
        return loss

    optimizer.step(closure)
    checkpoint = {
        "model": net.state_dict(), "optimizer": optimizer.state_dict(), "scheduler": scheduler.state_dict(),
        "rng": torch.get_rng_state(), "epoch": 7, "best": float("inf"), "history": [0.5, float("nan")],
    }  # fmt: skip
    ours = mg.load(theirs(checkpoint))
    assert same(ours, checkpoint)
    again = io.BytesIO()
    mg.save(ours, again)
    again.seek(0)
    assert same(mg.load(again), checkpoint)


DTYPES = ["float64", "float32", "float16", "int64", "int32", "int16", "int8", "uint8", "bool"]


def test_training_begun_in_pytorch_goes_on_here() -> None:
    def trained(t: Any) -> tuple[Any, ...]:
        net = t.nn.Sequential(t.nn.Linear(3, 4), t.nn.Tanh(), t.nn.Linear(4, 1)).double()
        optimizer = t.optim.AdamW(net.parameters(), lr=0.01)
        return net, optimizer, t.optim.lr_scheduler.StepLR(optimizer, 2)

    def train(t: Any, net: Any, optimizer: Any, scheduler: Any) -> Any:
        for _ in range(3):
            optimizer.zero_grad()
            net(t.ones(2, 3, dtype=t.float64)).square().sum().backward()
            optimizer.step()
            scheduler.step()
        return [p.detach().numpy() for p in net.parameters()]

    parts = trained(torch)
    train(torch, *parts)
    file = theirs([part.state_dict() for part in parts])
    here = trained(mg)
    for part, state in zip(here, mg.load(file), strict=True):
        part.load_state_dict(state)
    for a, b in zip(train(mg, *here), train(torch, *parts), strict=True):
        assert np.allclose(a, b, rtol=1e-12)


def test_tensors_of_every_type_and_layout() -> None:
    whole = torch.arange(24.0).reshape(2, 3, 4)
    obj = {
        "whole": whole,
        "turned": whole.permute(2, 0, 1),
        "part": whole[1, ::2, 1:],
        "windows": whole.as_strided((5, 3), (1, 1), 2),
        "one": torch.ones(1).expand(4),
        "scalar": torch.tensor(2.5),
        "empty": torch.zeros(0, 3),
        "leaf": torch.ones(2, requires_grad=True),
        "result": torch.ones(2, requires_grad=True) * 2,
        "parameter": torch.nn.Parameter(torch.ones(2)),
        "frozen": torch.nn.Parameter(torch.ones(2), requires_grad=False),
        **{name: torch.tensor([0, 1, 2]).to(getattr(torch, name)) for name in DTYPES},
    }
    ours = mg.load(theirs(obj))
    assert same(ours, obj)
    ours["whole"].zero_()
    for name in ("turned", "part", "windows"):  # on the same memory
        assert not ours[name].any()


def test_plain_things() -> None:
    obj = [
        None, True, 1, -1, 2**40, -(2**100), 0.5, 1 - 2j, "é", b"", b"\xff", bytearray(b"a"), (), (1,), (1, 2, 3, 4),
        [], {}, {1, 2}, Counter("aab"), OrderedDict(a=1), {(1, "a"): 2, None: 3, 2.5: 4}, torch.Size([1, 2]),
        torch.float32, torch.int64, torch.device("cpu"), torch.device("cuda", 1), torch.strided,
    ]  # fmt: skip
    assert same(mg.load(theirs(obj)), obj)


def test_parameters_with_attributes() -> None:
    parameter = torch.nn.Parameter(torch.ones(2))
    parameter.note = {"unit": "m"}
    assert mg.load(theirs(parameter)).note == {"unit": "m"}


def test_bfloat16() -> None:
    values = torch.tensor([1.0, -3.140625, float("inf"), 1e-30]).bfloat16()
    with pytest.warns(UserWarning, match="float32"):
        ours = mg.load(theirs({"w": values, "part": values[1:]}))
    assert same(ours["w"], values.float())
    assert ours["part"].tolist() == values[1:].float().tolist()


@pytest.mark.parametrize(
    "obj",
    [
        torch.nn.Linear(1, 1), torch.ones(1, dtype=torch.complex64), torch.ones(1, dtype=torch.uint16),
        torch.eye(2).to_sparse(), np.ones(2), np.float64(1), torch.Generator(),
    ],
    ids=lambda obj: type(obj).__name__,
)  # fmt: skip
def test_what_is_not_read_raises(obj: Any) -> None:
    with pytest.raises(RuntimeError, match="which is not read"):
        mg.load(theirs(obj))


def test_old_formats_are_told_apart() -> None:
    with pytest.raises(RuntimeError, match=r"before 1\.6"):
        mg.load(theirs({"a": torch.ones(1)}, _use_new_zipfile_serialization=False))


def test_programs_of_torchscript_are_told_apart() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        file = io.BytesIO()
        torch.jit.save(torch.jit.script(torch.nn.Linear(1, 1)), file)
    file.seek(0)
    with pytest.raises(RuntimeError, match="TorchScript"):
        mg.load(file)


@pytest.mark.parametrize("mmap", [False, True])
def test_files_with_other_alignments_and_without_checksums(mmap: bool, tmp_path: Path) -> None:
    state = {
        "weight": torch.arange(100_000.0),
        "bytes": torch.arange(3).byte(),
        "other": torch.ones(5, dtype=torch.float64),
    }
    before = torch.serialization.get_crc32_options()
    torch.serialization.set_crc32_options(False)
    try:
        torch.save(state, tmp_path / "x.pth")
    finally:
        torch.serialization.set_crc32_options(before)
    assert same(mg.load(tmp_path / "x.pth", mmap=mmap), state)


def test_they_open_what_is_saved_here(tmp_path: Path) -> None:
    from safetensors.torch import load_file

    net = mg.nn.Linear(3, 2)
    mg.save(net.state_dict(), tmp_path / "model.safetensors")
    other = torch.nn.Linear(3, 2)
    other.load_state_dict(load_file(tmp_path / "model.safetensors"))
    assert same(net.weight, other.weight) and same(net.bias, other.bias)


def test_what_they_save_in_the_format_is_opened_here(tmp_path: Path) -> None:
    from safetensors.torch import save_file

    state = dict(torch.nn.Linear(3, 2).state_dict())
    save_file(state, tmp_path / "model.safetensors")
    assert same(dict(sorted(mg.load(tmp_path / "model.safetensors").items())), dict(sorted(state.items())))


# Programs: what they give, or the type of the error.

LOCATIONS = ("cpu", {"cuda": "cpu"}, lambda storage, location: storage, lambda storage, location: None)

PROGRAMS: dict[str, Any] = {
    "round trip": lambda t, f: t.save({"x": t.ones(2), "y": [1, (2, None)]}, f) or t.load(f),
    "same object": lambda t, f: t.save([x := t.ones(2), x], f) or [(a := t.load(f))[0] is a[1]],
    "tied": lambda t, f: t.save([x := t.ones(2), x[:1]], f) or [(a := t.load(f))[0].zero_(), a[1]],
    "parameter": lambda t, f: t.save(t.nn.Parameter(t.ones(2)), f) or t.load(f),
    "result": lambda t, f: t.save(t.ones(2, requires_grad=True) * 2, f) or [(x := t.load(f)), x.is_leaf],
    "gradient": lambda t, f: t.save(t.ones(2, requires_grad=True), f) or [t.load(f).grad],
    "transposed": lambda t, f: t.save(t.ones(2, 3).t(), f) or [t.load(f).stride()],
    "expanded": lambda t, f: t.save(t.ones(1).expand(3), f) or [t.load(f).stride()],
    "state dict": lambda t, f: t.save((m := t.nn.Linear(2, 2)).state_dict(), f) or len(m.load_state_dict(t.load(f))),
    "locations": lambda t, f: t.save(t.ones(1), f) or [t.load(f, map_location=m) for m in LOCATIONS],
    "a device": lambda t, f: t.save(t.ones(1), f) or t.load(f, map_location=t.device("cpu")),
    "weights only": lambda t, f: t.save(t.ones(1), f) or [t.load(f, weights_only=True), t.load(f, weights_only=False)],
    "mapped": lambda t, f: t.save(t.ones(1), f) or t.load(f, mmap=True),
    "elsewhere": lambda t, f: t.save(t.ones(1), f) or t.load(f, map_location="cuda"),
    "elsewhere by a dict": lambda t, f: t.save(t.ones(1), f) or t.load(f, map_location={"cpu": "cuda:0"}),
    "a location of no type": lambda t, f: t.save(t.ones(1), f) or t.load(f, map_location=1.5),
    "no folder": lambda t, f: t.save(1, f + "/none/x"),
    "a number to write to": lambda t, f: t.save(1, 3),
    "a number to read from": lambda t, f: t.load(3),
    "no file": lambda t, f: t.load(f + "x"),
    "a folder": lambda t, f: t.load(str(Path(f).parent)),
    "a text file": lambda t, f: t.save(1, io.StringIO()),
    "none for weights": lambda t, f: t.save(t.ones(1), f, pickle_protocol=3) or [t.ones(1)],
}  # fmt: skip


@pytest.mark.parametrize("name", PROGRAMS)
def test_programs(name: str, tmp_path: Path) -> None:
    results = []
    for i, library in enumerate((torch, mg)):
        try:
            results.append(PROGRAMS[name](library, str(tmp_path / f"x{i}")))
        except Exception as error:
            results.append(error)
    expected, ours = results
    if isinstance(expected, Exception):
        assert isinstance(ours, type(expected)), (expected, ours)
    else:
        assert same(ours, expected)


def test_damaged_files_raise_an_error_that_pytorch_raises() -> None:
    data = theirs({"a": torch.ones(100)}).getvalue()
    for cut in (0, 10, len(data) // 2, len(data) - 3):
        errors = []
        for library in (torch, mg):
            with pytest.raises(Exception) as caught:
                library.load(io.BytesIO(data[:cut]))
            errors.append(caught.type)
        assert issubclass(errors[1], errors[0]) or errors[0] is KeyError, (cut, errors)


def test_every_instruction_that_they_write_is_known() -> None:
    for n, shape in itertools.product((1, 300), ((), (2, 3))):
        obj = {f"k{i}": torch.ones(shape) for i in range(n)}
        assert same(mg.load(theirs(obj)), obj)
