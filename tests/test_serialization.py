"""Weights on disk: what comes back, what a failure leaves, and that no file can do harm."""

from __future__ import annotations

import collections
import contextlib
import doctest
import io
import json
import math
import os
import pickle
import stat
import sys
import threading
import tracemalloc
import warnings
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from safetensors import safe_open
from safetensors.numpy import load_file, save_file
from safetensors.numpy import save as library_bytes

import microgradnp as mg
from microgradnp import nn
from microgradnp.serialization import LoadError, atomic, safetensors_format, unpickling

DATA = Path(__file__).parent / "data"


def saved(obj: Any) -> bytes:
    file = io.BytesIO()
    mg.save(obj, file)
    return file.getvalue()


def loaded(data: bytes, **options: Any) -> Any:
    return mg.load(io.BytesIO(data), **options)


def again(obj: Any) -> Any:
    return loaded(saved(obj))


def same(a: Any, b: Any) -> bool:
    """Equality of values and types all the way down; nan equals nan."""
    if type(a) is not type(b):
        return False
    if isinstance(a, mg.Tensor):
        return a.requires_grad == b.requires_grad and same(a.detach().numpy(), b.detach().numpy())
    if isinstance(a, np.ndarray):
        return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()
    if isinstance(a, dict):
        return list(a) == list(b) and all(same(a[key], b[key]) for key in a)
    if isinstance(a, (list, tuple)):
        return len(a) == len(b) and all(map(same, a, b))
    return a == b or (a != a and b != b)


# What comes back


PLAIN = [
    None, True, 0, -7, 2**63, -(2**63), 2**64, -(10**4000), 0.1, -0.0, 5e-324, math.inf, -math.inf, math.nan, 1 - 2j,
    complex(math.inf, math.nan), "", "a/b\n\0é\ud800", b"", b"\x00\xff", bytearray(b"ab"), [], (), {}, set(),
    frozenset(), [1, [2.5, [None]]], (1, (2,), [3]), {1, "a", (2, None)}, frozenset((1.5, b"x")),
    {"a": 1, 0: "zero", 2.5: 0, True: 3, None: 4, (1, "b"): 5, b"k": 6, math.inf: 7, "__metadata__": 8, "dict": 9},
    list(range(-300, 300)), [0.1 * i for i in range(300)] + [math.nan, -0.0], [*range(300), 2**70], [*range(300), 1.0],
    [True] * 300, collections.Counter("abca"), collections.OrderedDict([("b", 1), ("a", 2)]),
    collections.defaultdict(list, {"x": [1]}), collections.defaultdict(None, {1: 2}),
    np.float64(0.1), np.float32(0.1), np.bool_(True), np.int8(-3), np.uint64(2**64 - 1), np.complex64(1 + 2j),
    np.array(2.5), np.zeros((0, 3)), np.arange(6, dtype=">i4").reshape(2, 3), np.arange(6.0)[::-2],
    np.eye(3, order="F"),
    np.array([[1 + 2j, 3]]), np.array([1 + 2j, 3], ">c8"), np.array(1j, "c8"), np.array([1, 2], "u2"), np.array([True]),
    mg.float16, mg.bool,
    np.dtype("u2"), np.dtype(">c8"), mg.Size([2, 3]), mg.Size(), mg.device("cpu"), mg.device("cuda:1"),
]  # fmt: skip


@pytest.mark.parametrize("obj", PLAIN, ids=lambda obj: type(obj).__name__)
def test_plain_things_come_back(obj: Any) -> None:
    back = again(obj)
    assert same(back, obj)
    assert repr(back) == repr(obj) or isinstance(obj, (set, frozenset))  # -0.0, and order
    assert same(again({"deep": [obj]})["deep"][0], obj)


def test_what_a_missing_key_gives_comes_back() -> None:
    assert again(collections.defaultdict(list))["new"] == []


def test_an_array_in_two_places_is_one_array() -> None:
    array = np.ones(2)
    a, b, c = again([array, array, array.copy()])
    assert a is b and c is not a


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "int8", "int16", "int32", "int64", "uint8", "bool"])
@pytest.mark.parametrize("shape", [(), (3,), (0,), (2, 0, 3), (2, 3)])
def test_tensors_come_back(dtype: str, shape: tuple[int, ...]) -> None:
    values = np.random.RandomState(0).bytes(math.prod(shape) * np.dtype(dtype).itemsize)
    array = np.frombuffer(values, "u1" if dtype == "bool" else dtype).reshape(shape)
    tensor = mg.from_numpy(np.array(array > 99 if dtype == "bool" else array))
    back = again(tensor)
    assert same(back, tensor)
    assert back.is_contiguous() and back._array.flags.writeable


def test_what_requires_gradients_and_what_is_a_parameter_comes_back() -> None:
    x = mg.ones(2, requires_grad=True)
    saved_ = {"leaf": x, "result": x * 2, "p": nn.Parameter(mg.ones(2)), "frozen": nn.Parameter(mg.ones(2), False)}
    back = again(saved_)
    assert {name: (type(t), t.requires_grad) for name, t in back.items()} == {
        name: (type(t), t.requires_grad) for name, t in saved_.items()
    }
    assert back["result"].is_leaf  # as in PyTorch
    x.sum().backward()
    assert again(x).grad is None


def test_attributes_of_a_tensor_come_back() -> None:
    tensor = mg.ones(2)
    tensor.note = {"unit": "m"}
    assert again(tensor).note == {"unit": "m"}


def test_hooks_stay_behind_with_a_warning() -> None:
    tensor = mg.ones(2, requires_grad=True)
    tensor.register_hook(lambda g: g)
    with pytest.warns(UserWarning, match="backward hook .* will not be serialized"):
        saved(tensor)


# How tensors lie in memory


LAYOUTS = {
    "transposed": lambda x: x.t(),
    "part": lambda x: x[1:, ::2],
    "turned": lambda x: x.reshape(2, 2, 3).permute(2, 0, 1),
    "one value": lambda x: x[0, 0].expand(4, 5),
    "rows again": lambda x: x[:1].expand(3, 3),
    "windows": lambda x: x.as_strided((4, 3), (2, 1)),
    "holes and overlaps": lambda x: x.as_strided((2, 2), (2, 2)),
    "not from the start": lambda x: x.reshape(-1)[5],
    "empty part": lambda x: x[2:2, 1:],
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("dtype", ["float64", "int16"])
def test_tensors_in_any_layout_come_back(layout: str, dtype: str) -> None:
    whole = mg.arange(12).to(getattr(mg, dtype)).reshape(4, 3)
    tensor = LAYOUTS[layout](whole)
    assert same(again(tensor), tensor)
    alone, (first, base, second) = again(tensor), again((tensor, whole, tensor[...]))
    assert same(first, tensor) and same(second, tensor) and same(base, whole)
    assert first.stride() == tensor.stride()
    if tensor.numel():
        base.fill_(7)
        assert (first == 7).all() and (second == 7).all()  # still tied
        assert alone.numel() == 1 or layout in ("part", "holes and overlaps") or alone.stride() == tensor.stride()


def test_what_shares_memory_without_one_that_covers_it_is_tied_again() -> None:
    whole = mg.arange(8.0)
    left, right = again([whole[:6], whole[2:]])
    left[3] = -1
    assert right.tolist() == [2, -1, 4, 5, 6, 7]


def test_other_types_on_the_same_memory_are_tied_again() -> None:
    floats = mg.ones(3)
    a, b = again([floats, floats.view(mg.int32)])
    b[1] = 0
    assert a.tolist() == [1, 0, 1] and b.dtype == mg.int32


def test_neighbours_in_one_memory_are_not_tied() -> None:
    a, b = again(list(mg.arange(6.0).split(3)))
    a.zero_()
    assert b.tolist() == [3, 4, 5]


def test_a_tied_tensor_is_stored_once() -> None:
    weight = mg.ones(1000)
    assert len(saved({"a": weight, "b": weight, "c": weight.detach(), "d": weight.expand(50, 1000)})) < 4000 + 1500
    back = again({"a": weight, "b": weight, "c": weight.detach()})
    assert back["a"] is back["b"] and back["a"] is not back["c"]
    back["c"].zero_()
    assert back["a"].sum() == 0


def test_only_what_is_seen_of_a_large_memory_is_stored() -> None:
    assert len(saved(mg.zeros(100_000)[:2])) < 1000
    assert len(saved(mg.zeros(1).expand(10**12))) < 1000


def test_tied_parameters_train_together_after_loading() -> None:
    class Tied(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.a, self.b = nn.Linear(3, 3, bias=False), nn.Linear(3, 3, bias=False)
            self.b.weight = self.a.weight

    state = again(Tied().state_dict())
    model = Tied()
    model.load_state_dict(state)
    assert state["a.weight"]._array.base is state["b.weight"]._array or np.shares_memory(
        state["a.weight"].numpy(), state["b.weight"].numpy()
    )


def test_a_write_to_one_loaded_tensor_makes_no_other_stale(tmp_path: Path) -> None:
    mg.save({"a": mg.ones(2, requires_grad=True), "b": mg.ones(2)}, tmp_path / "x")
    for mmap in (False, True):
        back = mg.load(tmp_path / "x", mmap=mmap)
        y = (back["a"] * back["a"]).sum()
        back["b"].zero_()
        y.backward()
        assert back["a"].grad.tolist() == [2, 2]


# State dicts and checkpoints


def trained() -> tuple[Any, Any]:
    model = nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 1))
    optimizer = mg.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    model(mg.randn(5, 3)).sum().backward()
    optimizer.step()
    return model, optimizer


def test_a_checkpoint_continues_as_if_nothing_had_happened(tmp_path: Path) -> None:
    model, optimizer = trained()
    checkpoint = {
        "model": model.state_dict(), "optimizer": optimizer.state_dict(), "rng": mg.get_rng_state(), "epoch": 3
    }  # fmt: skip
    mg.save(checkpoint, tmp_path / "checkpoint.pt")
    assert os.listdir(tmp_path) == ["checkpoint.pt"]
    back = mg.load(tmp_path / "checkpoint.pt", map_location="cpu", weights_only=True)
    assert same({**back["model"]}, {**checkpoint["model"]})
    assert same(back["optimizer"], checkpoint["optimizer"])
    assert back["model"]._metadata == checkpoint["model"]._metadata
    other, optimizer_again = trained()
    other.load_state_dict(back["model"])
    optimizer_again.load_state_dict(back["optimizer"])
    mg.set_rng_state(back["rng"])
    first = mg.rand(3)
    mg.set_rng_state(checkpoint["rng"])
    assert same(mg.rand(3), first)
    optimizer_again.zero_grad()
    for parameter in other.parameters():
        parameter.grad = mg.ones_like(parameter)
    for parameter in model.parameters():
        parameter.grad = mg.ones_like(parameter)
    optimizer.step()
    optimizer_again.step()
    assert same({**model.state_dict()}, {**other.state_dict()})


# The format


def test_every_reader_of_the_format_opens_a_state_dict(tmp_path: Path) -> None:
    state = nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 1)).state_dict()
    state["odd/ näme"] = mg.arange(6).reshape(2, 3).t()[::2]
    mg.save(state, tmp_path / "model.safetensors")
    theirs = load_file(tmp_path / "model.safetensors")
    assert set(theirs) == set(state)
    assert all(same(theirs[name], np.ascontiguousarray(t.numpy())) for name, t in state.items())
    with safe_open(tmp_path / "model.safetensors", framework="numpy") as file:
        assert file.metadata()["format"] == "pt"


def test_names_in_a_nested_object_are_its_keys() -> None:
    tensors = {"a": {"b": mg.ones(1), 1: mg.ones(1)}, "a/b": mg.ones(1), "__metadata__": mg.ones(1), "l": [mg.ones(1)]}
    data = saved(tensors)
    header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
    assert set(header) == {"a/b", "a/1", "a/b#2", "__metadata__", "__metadata__#2", "l/0"}
    assert same(loaded(data), tensors)
    awkward = {"a": mg.ones(1).expand(3), "a#memory": mg.zeros(3), "a#memory#2": np.ones(2)}
    assert same(again(awkward), awkward)


def test_any_name_of_a_file(tmp_path: Path) -> None:
    for name in ("x.pt", "no ending", "é" * 120, "\U0001f600" * 60, "a'\"\n", os.fsdecode(b"\xff\xfe")):
        mg.save(name.encode("utf-8", "replace"), tmp_path / name)
        assert mg.load(tmp_path / name) == name.encode("utf-8", "replace")
        os.unlink(tmp_path / name)
    assert os.listdir(tmp_path) == []


def test_files_of_the_library_are_loaded(tmp_path: Path) -> None:
    arrays = {"b": np.arange(6, dtype=np.float32).reshape(2, 3), "a": np.array(True), "c": np.zeros((0, 2), np.int8)}
    save_file(arrays, tmp_path / "x.safetensors", {"anything": "else"})
    for back in (mg.load(tmp_path / "x.safetensors"), mg.load(tmp_path / "x.safetensors", mmap=True)):
        assert {name: t.numpy().tolist() for name, t in back.items()} == {n: a.tolist() for n, a in arrays.items()}
        assert all(t.dtype == arrays[name].dtype for name, t in back.items())


def container(header: Any, body: bytes = b"") -> bytes:
    """A safetensors file from its header and the rest, whether they fit or not."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + body


def test_bfloat16_becomes_float32_with_a_warning() -> None:
    body = np.array([1.0, -2.5, math.inf], np.float32).view(np.uint16)[1::2].tobytes()
    data = container({"w": {"dtype": "BF16", "shape": [3], "data_offsets": [0, 6]}}, body)
    with pytest.warns(UserWarning, match=r"no bfloat16: 1 tensors \(w\) are loaded as float32") as caught:
        assert loaded(data)["w"].tolist() == [1, -2.5, math.inf]
    assert caught[0].filename.endswith("serialization/__init__.py") or caught[0].filename == __file__


@pytest.mark.parametrize(("dtype", "size"), [("U16", 2), ("F8_E4M3", 1)])
def test_types_that_tensors_do_not_have_are_named(dtype: str, size: int) -> None:
    data = container({"w": {"dtype": dtype, "shape": [1], "data_offsets": [0, size]}}, bytes(size))
    with pytest.raises(LoadError, match=r"'w' is of type"):
        loaded(data)


# What cannot be saved


class Thing:
    def __init__(self) -> None:
        self.x = 1


class Name(str):
    pass


Point = collections.namedtuple("Point", "x y")


def circle() -> list[Any]:
    items: list[Any] = [1]
    items.append(items)
    return items


@pytest.mark.parametrize(
    ("obj", "remedy"),
    [
        (lambda x: x, "no code is ever stored"),
        (nn.Linear, "no code is ever stored"),
        (nn.Linear(1, 1), "state_dict()"),
        (mg.optim.SGD(nn.Linear(1, 1).parameters(), lr=1.0), "state_dict()"),
        (mg.Generator(), "get_state()"),
        (sys.stdout, "it is open"),
        (Path("x"), "str(...)"),
        (Point(1, 2), "_asdict()"),
        (Thing(), "save what is in it"),
        (Name("a"), "save str(...) of it"),
        (np.array(["a"]), "tolist()"),
        (np.array([None]), "tolist()"),
        (np.ma.masked_array([1.0]), "numpy.asarray(...)"),
        (np.datetime64("2026-01-01"), "str(...)"),
        (np.str_("a"), ".item()"),
        (circle(), "it contains itself"),
        (collections.defaultdict(lambda: 0), "save dict(...) of it"),
        ({Thing(): 1}, "as a key"),
        ({(1, Thing()): 1}, "as a key"),
        ({Thing()}, "as a key"),
        (mg.ones(1).as_subclass(type("Mine", (mg.Tensor,), {})), "as_subclass"),
        (..., "save what is in it"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_cannot_be_saved_is_named_with_its_place(obj: Any, remedy: str, tmp_path: Path) -> None:
    with pytest.raises(TypeError) as caught:
        mg.save({"model": [0, 1, 2, obj]}, tmp_path / "x")
    assert "checkpoint['model'][3]" in str(caught.value)
    assert remedy in str(caught.value)
    assert os.listdir(tmp_path) == []


def test_what_is_nested_too_deeply_is_refused() -> None:
    deep: Any = ()
    for i in range(99):
        deep = ({"x": deep}, [deep], (deep,))[i % 3]
    assert same(again(deep), deep)
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(TypeError, match="nested more than 100 deep"):
        saved(deep)


def test_a_description_that_could_not_be_loaded_is_not_saved(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(safetensors_format, "LARGEST_HEADER", 1000)
    with pytest.raises(ValueError, match="put what is many"):
        saved("x" * 1000)


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"pickle_module": json}, ValueError),
        ({"_use_new_zipfile_serialization": False}, ValueError),
        ({"compress": True}, TypeError),
    ],
)
def test_arguments_of_save_that_would_do_nothing_are_refused(options: Any, error: type) -> None:
    with pytest.raises(error):
        mg.save(1, io.BytesIO(), **options)


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"map_location": "cuda"}, RuntimeError),
        ({"map_location": {"cpu": "cuda:0"}}, RuntimeError),
        ({"map_location": lambda storage, location: storage.cuda()}, RuntimeError),
        ({"map_location": lambda storage, location: 3}, TypeError),
        ({"map_location": 1.5}, TypeError),
        ({"weights_only": 1}, TypeError),
        ({"mmap": True}, ValueError),
        ({"pickle_module": pickle}, ValueError),
        ({"encoding": "ascii"}, TypeError),
    ],
)
def test_arguments_of_load_that_would_do_nothing_are_refused(options: Any, error: type) -> None:
    data = saved(mg.ones(1))
    with pytest.raises(error):
        loaded(data, **options)


@pytest.mark.parametrize(
    "location",
    ["cpu", mg.device("cpu"), None, {"cuda:0": "cpu"}, lambda storage, where: storage.cpu(), lambda s, w: None],
)
def test_locations_that_mean_the_cpu(location: Any) -> None:
    assert loaded(saved(mg.ones(1)), map_location=location).device == mg.device("cpu")


# Files


def test_open_files_are_written_and_read_where_they_stand(tmp_path: Path) -> None:
    file = io.BytesIO(b"head")
    file.seek(4)
    mg.save(mg.ones(2), file)
    file.seek(4)
    assert mg.load(file).tolist() == [1, 1]
    with open(tmp_path / "x", "wb", buffering=0) as raw:
        mg.save(mg.zeros(1000), raw)
    with open(tmp_path / "x", "rb") as back:
        assert mg.load(back).shape == (1000,)
    assert mg.load(tmp_path / "x").shape == mg.load(os.fsencode(tmp_path / "x").decode()).shape


def test_a_file_that_takes_little_at_a_time_gets_all() -> None:
    class Slow(io.BytesIO):
        def write(self, data: Any) -> int:
            return super().write(bytes(data[:7]))

    file = Slow()
    mg.save([1, 2], file)
    assert loaded(file.getvalue()) == [1, 2]


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(AttributeError, match="'write'"):
        mg.save(1, 3)
    with pytest.raises(AttributeError, match="'read'"):
        mg.load(3)
    with pytest.raises(TypeError, match="mode 'rb'"):
        mg.load(io.StringIO("text"))
    with pytest.raises(FileNotFoundError):
        mg.load(tmp_path / "none")
    with pytest.raises(RuntimeError, match=r"Parent directory .* does not exist"):
        mg.save(1, tmp_path / "none" / "x")
    with pytest.raises(IsADirectoryError):
        mg.load(tmp_path)
    with pytest.raises((RuntimeError, IsADirectoryError)):
        mg.save(1, tmp_path)


def test_a_mapped_file_may_be_saved_over(tmp_path: Path) -> None:
    path = tmp_path / "x"
    mg.save({"w": mg.ones(1000), "step": 1}, path)
    back = mg.load(path, mmap=True)
    back["w"][0] = 5  # in memory, not in the file
    assert mg.load(path)["w"][0] == 1
    mg.save({"w": back["w"] * 2, "step": 2}, path)
    assert back["w"][:2].tolist() == [5, 1]
    assert mg.load(path)["w"][:2].tolist() == [10, 2]


@pytest.mark.parametrize("step", ["save_file", "fsync", "replace", "chmod"])
def test_a_failure_leaves_the_old_file_and_no_other(step: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "x"
    mg.save("old", path)

    def fail(*args: Any, **kwargs: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(safetensors_format if step == "save_file" else atomic.os, step, fail)
    with pytest.raises(KeyboardInterrupt):
        mg.save("new", path)
    monkeypatch.undo()
    assert os.listdir(tmp_path) == ["x"]
    assert mg.load(path) == "old"


def test_a_full_disk_leaves_the_old_file_and_no_other(tmp_path: Path) -> None:
    resource = pytest.importorskip("resource")
    path = tmp_path / "x"
    mg.save("old", path)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, limits[1]))
    try:
        with pytest.raises(OSError, match="could not be written"):
            mg.save(mg.ones(100_000), path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert os.listdir(tmp_path) == ["x"]
    assert mg.load(path) == "old"


@pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")
def test_permissions_and_links_stay(tmp_path: Path) -> None:
    mask = os.umask(0o027)
    try:
        mg.save(1, tmp_path / "new")
    finally:
        os.umask(mask)
    assert stat.S_IMODE(os.stat(tmp_path / "new").st_mode) == 0o640
    os.chmod(tmp_path / "new", 0o604)
    os.symlink("new", tmp_path / "link")
    mg.save(2, tmp_path / "link")
    assert os.path.islink(tmp_path / "link")
    assert mg.load(tmp_path / "new") == 2
    assert stat.S_IMODE(os.stat(tmp_path / "new").st_mode) == 0o604


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names")
def test_a_pipe_is_written_to_and_not_replaced(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    received = []
    reader = threading.Thread(target=lambda: received.append(path.read_bytes()))
    reader.start()
    mg.save([1, 2], path)
    reader.join(10)
    assert stat.S_ISFIFO(os.stat(path).st_mode)
    assert loaded(received[0]) == [1, 2]


def test_saving_within_a_compiled_function_is_refused() -> None:
    @mg.compile
    def step(x: Any) -> Any:
        y = x * 2
        mg.save({"y": y}, io.BytesIO())
        return y

    with pytest.raises(TypeError, match=r"checkpoint\['y'\].*compiled"):
        step(mg.ones(2))


# Hostile files


SMALL = {"w": mg.arange(6.0).reshape(2, 3).t(), "p": nn.Parameter(mg.ones(2)), "n": [1, 2.5, "x", (None, {3})]}


def test_every_truncation_is_noticed(tmp_path: Path) -> None:
    for data in (saved(SMALL), (DATA / "tiny.pt").read_bytes()):
        for length in range(len(data)):
            with pytest.raises(LoadError):
                loaded(data[:length])
        for length in range(0, len(data), 37):
            (tmp_path / "x").write_bytes(data[:length])
            with pytest.raises(LoadError):
                mg.load(tmp_path / "x")


@pytest.mark.parametrize("kind", ["safetensors", "pt"])
@settings(max_examples=40)
@given(flips=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), min_size=1, max_size=4))
def test_random_bytes_do_no_harm(kind: str, flips: list[tuple[float, int]]) -> None:
    data = bytearray(saved(SMALL) if kind == "safetensors" else (DATA / "tiny.pt").read_bytes())
    for place, value in flips:
        data[int(place * len(data))] = value
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with contextlib.suppress(LoadError):
            loaded(bytes(data))


def described(obj: Any, tensors: Any = None, version: Any = 1) -> bytes:
    """A file whose description says this."""
    text = obj if isinstance(obj, str) else json.dumps({"version": version, "object": obj, "tensors": tensors or {}})
    return library_bytes({"w": np.ones(4, np.float32), "i": np.ones(4, np.int32)}, {"microgradnp": text})


ONE = {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}

HEADERS = {
    "nothing": b"",
    "zeros": bytes(100),
    "a length of all bits": b"\xff" * 8 + b"{}",
    "terabytes": container({"w": {"dtype": "F32", "shape": [2**40], "data_offsets": [0, 2**42]}}),
    "overflowing": container({"w": {"dtype": "F32", "shape": [2**40, 2**40], "data_offsets": [0, 4]}}, bytes(4)),
    "negative": container({"w": {"dtype": "F32", "shape": [-1], "data_offsets": [0, 4]}}, bytes(4)),
    "too short a body": container({"w": ONE}, bytes(3)),
    "too long a body": container({"w": ONE}, bytes(5)),
    "backwards": container({"w": {**ONE, "data_offsets": [4, 0]}}, bytes(4)),
    "overlapping": container({"w": ONE, "v": ONE}, bytes(4)),
    "a hole": container({"w": {**ONE, "data_offsets": [4, 8]}}, bytes(8)),
    "an unknown type": container({"w": {**ONE, "dtype": "F31"}}, bytes(4)),
    "no offsets": container({"w": {"dtype": "F32", "shape": [1]}}, bytes(4)),
    "a list": container([1, 2]),
    "no JSON": container(b"{{{{"),
    "deep": container(b'{"w":' + b"[" * 100_000),
    "deep texts": container({"__metadata__": {"microgradnp": [[]]}}),
    "a text that is no JSON": described("{"),
    "a deep text": described("[" * 100_000),
    "a deep object": described('{"version":1,"tensors":{},"object":' + "[" * 50_000 + "]" * 50_000 + "}"),
    "another version": described(1, version=2),
    "no version": described("{}"),
    "a list for a description": described("[]"),
    "an unknown kind": described({"os.system": "true"}),
    "no kind": described({}),
    "a missing tensor": described({"tensor": "x"}),
    "an array as a name": described({"tensor": ["w"]}),
    "a list as a key": described({"dict": [[[], 1]]}),
    "a tensor as a key": described({"dict": [[{"tensor": "w"}, 1]]}),
    "a factory": described({"defaultdict": [], "factory": "exec"}),
    "an object dtype": described({"dtype": "|O"}),
    "an object number": described({"number": ["|O", 1]}),
    "an object array": described({"array": "w", "dtype": "|O"}),
    "a structured dtype": described({"dtype": [["a", "<f4"]]}),
    "a size of text": described({"Size": ["a"]}),
    "integers with gradients": described({"tensor": "i"}, {"i": {"requires_grad": True}}),
    "strides out of memory": described({"tensor": "w"}, {"w": {"strides": [8]}}),
    "strides back": described({"tensor": "w"}, {"w": {"strides": [-4]}}),
    "strides that overlap": described({"tensor": "w"}, {"w": {"strides": [0]}}),
    **{
        name: described({"tensor": "v"}, {"v": {"within": "w", "dtype": "float32", **fact}})
        for name, fact in {
            "behind the end": {"offset": 16, "shape": [1], "strides": [4]},
            "before the start": {"offset": -4, "shape": [1], "strides": [4]},
            "backwards over the start": {"offset": 4, "shape": [3], "strides": [-4]},
            "long": {"offset": 0, "shape": [5], "strides": [4]},
            "very long": {"offset": 0, "shape": [2**62], "strides": [4]},
            "many dimensions": {"offset": 0, "shape": [1] * 100, "strides": [4] * 100},
            "of objects": {"offset": 0, "shape": [1], "strides": [8], "dtype": "O"},
            "within itself": {"offset": 0, "shape": [1], "strides": [4], "within": "v"},
        }.items()
    },
}


@pytest.mark.parametrize("name", HEADERS)
def test_crafted_headers_raise_quickly_and_in_little_memory(name: str, tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(HEADERS[name])
    tracemalloc.start()
    try:
        for attempt in (lambda: loaded(HEADERS[name]), lambda: mg.load(tmp_path / "x", mmap=True)):
            with pytest.raises(LoadError) as caught:
                attempt()
            assert len(str(caught.value)) < 1000
        assert tracemalloc.get_traced_memory()[1] < 10_000_000
    finally:
        tracemalloc.stop()


def test_a_large_header_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(safetensors_format, "LARGEST_HEADER", 1000)
    with pytest.raises(LoadError, match="at most 1000"):
        loaded(container(b"{" + b" " * 2000 + b"}"))


@pytest.mark.parametrize(
    ("start", "says"),
    [
        (b"", "it is empty"),
        (b"version https://git-lfs.github.com/spec/v1\n", "git lfs pull"),
        (b"\x93NUMPY\x01", "numpy.load"),
        (b"\x89HDF\r\n", "h5py"),
        (b"\x1f\x8b\x08", "gzip"),
        (pickle.dumps([1], 2), "to load a pickle is to execute it"),
        (pickle.dumps(0x1950A86A20F9469CFC6C, 2), "PyTorch before 1.6"),
        (bytes(257) + b"ustar\x00" + bytes(300), "PyTorch before 1.6"),
        (b"<!DOCTYPE html>", "web page"),
        (b"hello", "neither"),
    ],
)
def test_foreign_files_are_told_apart(start: bytes, says: str) -> None:
    with pytest.raises(LoadError, match=says):
        loaded(start)


# PyTorch's archives


def archive(
    program: bytes, records: dict[str, bytes] | None = None, compression: int = zipfile.ZIP_STORED, folder: str = "x"
) -> bytes:
    """An archive like PyTorch's, of a pickle and the memory of tensors."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as out:
        for name, data in {"data.pkl": program, "byteorder": b"little", "version": b"3\n", **(records or {})}.items():
            out.writestr(f"{folder}/{name}", data)
    return file.getvalue()


def test_an_archive_of_pytorch_is_read() -> None:
    back = mg.load(DATA / "tiny.pt")
    model = back["model"]
    assert type(model) is collections.OrderedDict and model._metadata[""] == {"version": 1}
    assert model["weight"].tolist() == [[0, 1, 2], [3, 4, 5]] and model["bias"].tolist() == [0.5, -0.5]
    assert type(back["parameter"]) is nn.Parameter and back["parameter"].requires_grad
    assert back["turned"].stride() == (1, 3) and back["part"].tolist() == [1, 4]
    back["turned"][1, 0] = 100
    assert back["part"].tolist() == [100, 4] and model["weight"][0, 1] == 100
    assert back["half"].dtype == mg.float16 and back["flags"].dtype == mg.bool
    assert back["size"] == mg.Size([2, 3]) and back["device"] == mg.device("cpu") and back["dtype"] == mg.float32
    assert back["plain"] == [1, 2.5, None, True, "x", b"y", (1, 2), {3}, 1j, 2**70]
    assert same(mg.load(DATA / "tiny.pt", mmap=True)["model"]["bias"], model["bias"])


def test_tensors_of_an_archive_that_were_elsewhere_need_a_location() -> None:
    data = (DATA / "tiny.pt").read_bytes().replace(b"X\x03\x00\x00\x00cpu", b"X\x03\x00\x00\x00xpu")
    with pytest.raises(RuntimeError, match="map_location='cpu'"):
        loaded(data)
    with pytest.raises(RuntimeError, match="map_location='cpu'"):
        loaded(data, map_location={"cuda:0": "cpu"})
    for location in ("cpu", {"xpu": "cpu"}, lambda storage, where: storage):
        assert loaded(data, map_location=location)["model"]["bias"].tolist() == [0.5, -0.5]


class Reduced:
    """An object that a pickle makes by calling a function."""

    def __init__(self, function: Any, *args: Any) -> None:
        self.call = function, args

    def __reduce__(self) -> Any:
        return self.call


def hostile(canary: str) -> dict[str, bytes]:
    """Pickles that would make a file ``canary``, or much else, if anything in them was executed."""
    command = f"touch {canary}"
    text = b"X" + len(command).to_bytes(4, "little") + command.encode()
    call = b"(" + text + b"t"
    bomb = b"\x80\x02" + b"(K\x01K\x01tq\x00" + b"".join(b"h%ch%c\x86q%c" % (i, i, i + 1) for i in range(100))
    return {
        "REDUCE": b"\x80\x02cposix\nsystem\n" + call + b"R.",
        "STACK_GLOBAL": b"\x80\x04\x8c\x05posix\x8c\x06system\x93" + call + b"R.",
        "INST": b"(" + text + b"iposix\nsystem\n.",
        "OBJ": b"(cposix\nsystem\n" + text + b"o.",
        "NEWOBJ": b"\x80\x02cposix\nsystem\n" + call + b"\x81.",
        "NEWOBJ_EX": b"\x80\x04cposix\nsystem\n" + call + b"}\x92.",
        "EXT": b"\x80\x02\x82\x01.",
        "BUILD": b"\x80\x02ccollections\nOrderedDict\n)R}X\x08\x00\x00\x00__init__cposix\nsystem\nsb.",
        "BUILD of a list": b"\x80\x02]}X\x01\x00\x00\x00aK\x01sb.",
        "PERSID": b"Pdata\n.",
        "eval": pickle.dumps(Reduced(eval, f"open({canary!r}, 'w')"), 2),
        "getattr": pickle.dumps(Reduced(getattr, (1,), "__class__"), 4),
        "a name with dots": b"\x80\x04\x8c\x05torch\x8c\x0dSize.__class__\x93)R.",
        "a dtype called": b"\x80\x02ctorch\nfloat32\n)R.",
        "a tensor of nothing": b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\n(NNNNNNtR.",
        "memory of a number": b"\x80\x02cbuiltins\nbytearray\nJ\xff\xff\xff\x7f\x85R.",
        "a long counter": b"\x80\x02ccollections\nCounter\nJ\xff\xff\xff\x7f\x85R.",
        "a text of 4 GB": b"\x80\x02X\xff\xff\xff\xff.",
        "a number of 2 GB": b"\x80\x02\x8b\xff\xff\xff\x7f.",
        "a memo of 4 billion": b"\x80\x02K\x01r\xff\xff\xff\xff0.",
        "a key of 2**100 parts": bomb + b"}h\x64K\x01s.",
        "a set of 2**100 parts": bomb + b"\x8f(h\x64\x90.",
        "a counter of 2**100 parts": bomb + b"ccollections\nCounter\n(]h\x64atR.",
        "attributes of an OrderedDict": b"\x80\x02ccollections\nOrderedDict\n)R}X\x05\x00\x00\x00itemsK\x01sb.",
        "deep as a key": b"\x80\x02)" + b"\x85" * 5_000 + b"q\x00}h\x00K\x01s.",
        "nothing": b"",
        "no end": b"\x80\x02]",
        "nothing at the end": b"\x80\x02.",
        "a mark at the end": b"\x80\x02(.",
        "a mark in a tuple": b"\x80\x02(\x85.",
        "no mark": b"\x80\x02K\x01t.",
        "a mark remembered": b"\x80\x02(q\x00h\x000.",
        "an append to a tuple": b"\x80\x02)K\x01a.",
        "an item of a list": b"\x80\x02]K\x00K\x01s.",
        "odd items": b"\x80\x02}(K\x01u.",
        "a forgotten memo": b"\x80\x02h\x05.",
        "no storage": b"\x80\x02(X\x06\x00\x00\x00moduleNNNNtQ.",
        "protocol 200": b"\x80\xc8N.",
        "a number in text": b"I" + b"9" * 5000 + b"\n.",
    }


@pytest.mark.parametrize("name", hostile(""))
def test_crafted_pickles_execute_nothing(name: str, tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    data = archive(hostile(str(canary))[name])
    tracemalloc.start()
    try:
        with pytest.raises(LoadError):
            loaded(data)
        assert tracemalloc.get_traced_memory()[1] < 10_000_000
    finally:
        tracemalloc.stop()
    assert not canary.exists()


def test_a_module_in_an_archive_says_what_to_save() -> None:
    with pytest.raises(LoadError, match=r"'torch.nn.modules.linear.Linear'.*state_dict\(\)"):
        loaded(archive(b"\x80\x02ctorch.nn.modules.linear\nLinear\n)\x81."))


def stored(key: str = "0", count: int = 4, kind: str = "FloatStorage") -> bytes:
    """The instructions that refer to a storage."""
    return b"(X\x07\x00\x00\x00storagectorch\n%s\nX%s%sX\x03\x00\x00\x00cpuJ%stQ" % (
        kind.encode(), len(key).to_bytes(4, "little"), key.encode(), count.to_bytes(4, "little", signed=True)
    )  # fmt: skip


def numbers(values: tuple[int, ...]) -> bytes:
    return b"(" + b"".join(b"\x8a\x09" + value.to_bytes(9, "little", signed=True) for value in values) + b"t"


def rebuilt(offset: int = 0, size: tuple[int, ...] = (2, 2), stride: tuple[int, ...] = (2, 1), **storage: Any) -> bytes:
    view = b"\x8a\x09" + offset.to_bytes(9, "little", signed=True) + numbers(size) + numbers(stride)
    return b"ctorch._utils\n_rebuild_tensor_v2\n(" + stored(**storage) + view + b"\x89NtR"


MEMORY = np.arange(4, dtype=np.float32).tobytes()


def test_a_tensor_written_by_hand_is_read() -> None:
    data = archive(b"\x80\x02" + rebuilt(offset=1, size=(3,), stride=(1,)) + b".", {"data/0": MEMORY})
    assert loaded(data).tolist() == [1, 2, 3]
    swapped = archive(
        b"\x80\x02" + rebuilt() + b".", {"data/0": np.arange(4, dtype=">f4").tobytes(), "byteorder": b"big"}
    )
    assert same(loaded(swapped), mg.tensor([[0.0, 1], [2, 3]]))


@pytest.mark.parametrize(
    "tensor",
    [
        {"offset": 1}, {"offset": -1}, {"size": (2, 3)}, {"size": (-1, 2)}, {"stride": (2, -1)}, {"stride": (3, 1)},
        {"size": (2**62, 2), "stride": (0, 1)}, {"size": (2,)}, {"offset": 2**63},
        {"size": (1,) * 100, "stride": (1,) * 100},
        {"key": "1"}, {"key": "../../../etc/passwd"}, {"count": 3},
        {"count": 3, "size": (1,), "stride": (1,)}, {"count": 2**31 - 1}, {"count": -1},
        {"kind": "ComplexFloatStorage"}, {"kind": "Size"},
    ],
    ids=str,
)  # fmt: skip
def test_tensors_that_do_not_fit_their_memory_are_refused(tensor: dict[str, Any]) -> None:
    with pytest.raises(LoadError):
        loaded(archive(b"\x80\x02" + rebuilt(**tensor) + b".", {"data/0": MEMORY}))


def test_a_huge_tensor_of_one_number_is_a_view() -> None:
    data = archive(b"\x80\x02" + rebuilt(size=(2**40,), stride=(0,)) + b".", {"data/0": MEMORY})
    assert loaded(data).shape == (2**40,)


def test_zip_bombs_are_refused() -> None:
    zeros = archive(b"N.", {"data/0": bytes(10_000_000)}, zipfile.ZIP_DEFLATED)
    tracemalloc.start()
    try:
        with pytest.raises(LoadError, match="compressed"):
            loaded(zeros)
        assert tracemalloc.get_traced_memory()[1] < 5_000_000
    finally:
        tracemalloc.stop()
    # Many records that are all the same bytes of the file.
    program = (
        b"\x80\x02](" + b"".join(rebuilt(size=(1,), stride=(1,), key=str(i), count=2500) for i in range(9)) + b"e."
    )
    plain = archive(program, {f"data/{i}": b"\0" * (10_000 if i == 0 else 0) for i in range(9)})
    entry = plain.index(b"PK\x01\x02")
    first = plain.index(b"x/data/0", entry) - 46
    overlapping = bytearray(plain)
    for i in range(1, 9):
        other = plain.index(b"x/data/%d" % i, entry) - 46
        overlapping[other + 20 : other + 28] = plain[first + 20 : first + 28]  # both sizes
        overlapping[other + 42 : other + 46] = plain[first + 42 : first + 46]  # where it begins
    with pytest.raises(LoadError, match=r"overlap"):
        loaded(bytes(overlapping))


def test_long_programs_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpickling, "MOST", 1000)
    with pytest.raises(LoadError, match="more than 1000 instructions"):
        loaded(archive(b"\x80\x02" + b"N" * 2000 + b"."))


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (archive(b"N.", folder="x/y"), "no file of PyTorch's"),
        (archive(b"N.", {"constants.pkl": b""}), "TorchScript"),
        (archive(b"N.")[:-5] + b"12345", "damaged"),
    ],
)
def test_other_archives_are_told_apart(data: bytes, says: str) -> None:
    with pytest.raises(LoadError, match=says):
        loaded(data)


@example(protocol=2)
@given(st.sampled_from([2, 3, 4, 5]))
def test_pickles_of_every_protocol_are_read(protocol: int) -> None:
    obj = {
        "a": [1, -2, 2**40, 2**70, 0.5, None, True, False, "é", b"b" * 300],
        (1, 2): (1, 2, 3, 4),
        "s": {1, "2"},
        "e": (),
    }
    assert loaded(archive(pickle.dumps(obj, protocol))) == obj


def test_the_examples_in_the_page_run() -> None:
    page = Path(__file__).parents[1] / "docs" / "saving.md"
    failures, tests = doctest.testfile(str(page), module_relative=False, optionflags=doctest.ELLIPSIS)
    assert tests > 10
    assert failures == 0
