"""Types, copies, and memory shared with other libraries."""

from __future__ import annotations

import numpy as np

REFERENCES = {
    "cast": lambda x, dtype: np.array(x, dtype),
    "clone": lambda x: x,
    "in_c_order": lambda x: x,
}

FUNCTIONS = """
torch.clone(x); x.clone(); n.clone(); mask.clone(); x.T.clone(); x.contiguous(); x.T.contiguous(); x.to(torch.float64)
x.to(torch.float32); x.to(torch.float16); x.to(y); n.to(x); x.to(torch.int64); x.to("cpu"); x.to("cpu", torch.float64)
x.to(dtype=torch.int32); x.float(); x.double(); x.half(); x.long(); x.int(); x.short(); x.bool(); n.float()
n.double(); mask.int(); mask.float(); n.bool(); x.to(torch.float64, copy=True); x.to(torch.float64) * y
x.float() + y.double(); x.half().float(); n.to(torch.uint8); mask.to(torch.int8); x.to(); x.to(None)
x.to(None, torch.float64); x.to(torch.float64, True); x.to(torch.float64, False, True)
x.to("cpu", torch.float64, True, True); x.to(y.double(), False, True); x.to(device="cpu", dtype=torch.float64)
x.to(torch.device("cpu")); x.to(torch.device("cpu"), torch.float16); x.to(device=torch.device("cpu:0")); x.to(float)
x.to(memory_format=torch.contiguous_format); x.T.to(torch.float64, memory_format=torch.contiguous_format); x.to(int)
x.to(torch.float64, non_blocking=True, copy=True); x.to(dtype=torch.float64, memory_format=torch.preserve_format)
x.T.to(torch.float64, memory_format=torch.contiguous_format).stride(); x.T.double().stride(); x.to(bool)
x.T.clone(memory_format=torch.contiguous_format); x.clone(memory_format=torch.preserve_format); x.T.clone().stride()
x.T.clone(memory_format=torch.contiguous_format).stride(); x.contiguous(memory_format=torch.contiguous_format)
x.contiguous(memory_format=torch.preserve_format); x.char(); x.byte(); (x * 100).byte(); (x * 100).char()
(x * 1e4).short(); n.char(); n.byte(); mask.half(); n.half(); x.float(memory_format=torch.preserve_format)
x.T.double(memory_format=torch.contiguous_format).stride(); n.bool(); x.cpu(); x.cpu() is x
x.cpu(memory_format=torch.preserve_format); x.type(); n.type(); mask.type(); x.half().type(); x.type(torch.float64)
x.type("torch.DoubleTensor"); x.type(torch.DoubleTensor); x.type(dtype=torch.int8); x.type_as(n); n.type_as(x)
x.type_as(x) is x; x.to(x) is x; x.to(x.dtype) is x; x.double().type(torch.HalfTensor); x.byte().type()
x.short().type(); x.int().type(); x.char().type(); x.double().type(); empty.to(torch.int8); s.to(torch.float64)
s.long(); tuple(x); tuple(n); tuple(v); list(reversed(range(len(x)))); x.clone().dtype; [*v][1]
tuple(x.double())[1] * y[1]
k.expand(2, 3).float().view(6); mask[0].expand(2, 4).int().view(-1); (k.expand(2, 3) + 0.5).view(-1); k.expand(2, 3).exp().view(-1)
"""

CREATION = """
torch.zeros(2).dtype; torch.tensor(3).ndim; torch.zeros(2, 3).size(); torch.zeros(2, 3).size(1)
torch.zeros(2, 3).numel(); torch.zeros(2, 3).stride(); torch.promote_types(torch.int64, torch.float16)
torch.zeros(2, 3).shape.numel(); torch.zeros(2, 3, 4).mT.shape[1:]; len(torch.zeros(4, 2))
torch.tensor([1, 2]).tolist(); torch.tensor(2.5).item(); float(torch.tensor(2)); bool(torch.tensor([0.0]))
int(torch.tensor(2.7)); [0, 1, 2][torch.tensor(1)]; torch.zeros(2).element_size(); torch.zeros(2).is_floating_point()
torch.zeros(2).dim(); torch.zeros(2, 0).fill_(1); torch.zeros(0, 3).mul_(2); torch.zeros(2, 3).T.is_contiguous()
f"{torch.tensor(1.23456):.2f}"
[t for t in [torch.zeros(2, 0, 3).stride(), torch.zeros(0, 3).stride(), torch.zeros(2, 1, 3).transpose(0, 1).stride()]]
torch.FloatTensor([1, 2]); torch.LongTensor([1, 2]); torch.LongTensor([1.5, 2]); torch.DoubleTensor(2, 3).shape
torch.IntTensor([[1], [2]]); torch.ShortTensor([1]); torch.CharTensor([-1]); torch.ByteTensor([255])
torch.HalfTensor([1.5]); torch.BoolTensor([1, 0]); torch.LongTensor(np.array([1, 2]))
torch.FloatTensor(torch.Size([2])).shape; torch.LongTensor(3).shape; torch.Tensor().shape; torch.Tensor(2, 3).shape
torch.Tensor((2, 3)); torch.Tensor(torch.Size([2])).shape; torch.Tensor(3).shape; torch.Tensor([[1, 2], [3, 4]])
torch.Tensor(np.array([1, 2])); torch.Tensor(torch.tensor([1.0, 2.0])); torch.Tensor(2, device="cpu").shape
isinstance(torch.zeros(2), torch.FloatTensor); isinstance(torch.zeros(2), torch.LongTensor)
isinstance(torch.zeros(2).long(), torch.LongTensor); isinstance(3, torch.LongTensor)
torch.frombuffer(bytearray(b"abcdefgh"), dtype=torch.int16)
torch.frombuffer(bytearray(b"abcdefgh"), dtype=torch.uint8, count=3, offset=2)
torch.frombuffer(bytearray(b"abcdefgh"), dtype=torch.float32, requires_grad=True).requires_grad
torch.frombuffer(np.arange(3.0), dtype=torch.float64)
torch.frombuffer(bytearray(b"abcdefgh"), dtype=torch.int16, count=2, offset=1); torch.from_dlpack(np.arange(3))
torch.from_dlpack(torch.arange(3)); torch.from_dlpack(np.arange(3.0), copy=True, device="cpu")
torch.from_dlpack(np.arange(12.0).reshape(3, 4).T); torch.from_dlpack(np.arange(12.0).reshape(3, 4).T).stride()
torch.utils.dlpack.from_dlpack(torch.utils.dlpack.to_dlpack(torch.arange(3)))
tuple(torch.zeros(1).__dlpack_device__()); torch.tensor(-1, dtype=torch.uint8)
torch.tensor([-255], dtype=torch.uint8); torch.tensor([1.5], dtype=torch.uint8); torch.tensor(1e400)
torch.tensor(70000.0, dtype=torch.float16); torch.tensor(2**70, dtype=torch.float32)
torch.tensor([300], dtype=torch.bool); torch.tensor(np.array([300, -1]), dtype=torch.uint8)
torch.tensor([[], []]).shape; torch.tensor([2**63 - 1]); torch.tensor([-(2**63)])
torch.tensor([1, 2**70], dtype=torch.float64)
"""

_NUMBERS = (
    "1.7, -1.7, 300.5, -300.5, 3e9, -3e9, 65536.0, 1e20, float('nan'), float('inf'), -float('inf'), -0.0, 0.1, -255.0"
)
CREATION += "\n".join(
    f"torch.tensor([{_NUMBERS}], dtype=torch.{source}).to(torch.{target})"
    for source in ("float16", "float32", "float64")
    for target in ("int8", "int16", "int32", "int64", "uint8", "bool", "float16", "float32", "float64")
)

SPECIAL = """
z.bool(); z.half(); z.clone(); z.float(); z.long(); z.int(); z.short(); z.char(); z.byte()
"""

UNARY = """
a.clone(); a.to(torch.int8); a.float(); a.bool(); a.byte(); a.half(); a.double(); a.char(); a.type_as(torch.ones(1))
a.contiguous()
"""

DEFAULT_DTYPE = """
torch.Tensor([1, 2]); torch.tensor([1]).to(float); torch.FloatTensor([1]); torch.tensor(1.5).to(torch.float32)
torch.finfo().bits
"""

ERRORS = """
x.item(); mask.item(); float(x); int(empty); bool(x); bool(empty); len(s); list(s); x.tolist(1); x.to("mps")
x.to("nowhere"); x.to(dtype=3.5); [0, 1][x]; [0, 1][s]; [0, 1][n]; x.numpy(); n.requires_grad_()
(x * 2).requires_grad_(False); iter(s); x.to("float32"); x.to(torch.int8, dtype=torch.int8); x.to(foo=1); x.to("cuda")
x.to(device="cuda"); x.cuda(); x.to(torch.float64, 1, 2, 3); x.to(other=y); x.to(1); x.to("cpu:x")
torch.device("foo"); torch.device(3.5); torch.device("cpu:-1"); torch.device(0); torch.device("cpu:0", 1)
x.type("foo"); x.type("torch.float64"); x.type(3); torch.Tensor(3.0); torch.Tensor("a"); torch.Tensor([[1, 2], [3]])
torch.Tensor(-1); torch.Tensor(2, device="cuda"); torch.LongTensor(1.5); torch.ByteTensor([300])
torch.tensor(300, dtype=torch.uint8); torch.tensor([300], dtype=torch.int8); torch.tensor([-1.5], dtype=torch.uint8)
torch.tensor([300.0], dtype=torch.uint8); torch.tensor([float("nan")], dtype=torch.int32)
torch.tensor([1e20], dtype=torch.int64); torch.tensor(2**70); torch.tensor([2**63])
torch.tensor([-256], dtype=torch.uint8); torch.finfo(torch.int8); torch.iinfo(torch.float32); torch.iinfo(torch.bool)
torch.iinfo(); torch.set_default_dtype(torch.int32); torch.frombuffer(bytearray(b""), dtype=torch.int32)
torch.frombuffer(3, dtype=torch.int16); torch.frombuffer(bytearray(b"abcdefgh"), dtype=torch.int32, offset=5)
torch.frombuffer(bytearray(b"abcd"), dtype=torch.int16, count=20)
torch.frombuffer(bytearray(b"abcd"), dtype=torch.int16, count=0)
torch.frombuffer(bytearray(b"abcd"), dtype=torch.int16, offset=9)
torch.frombuffer(bytearray(b"abcde"), dtype=torch.int16); torch.frombuffer(bytearray(b"abcd"))
torch.frombuffer(bytearray(b"ab"), dtype=torch.int16, offset=-1); torch.from_dlpack(3); x.__dlpack__()
torch.from_dlpack(x); np.from_dlpack(x); x.detach().__dlpack__(stream=3); x.imag; n.imag; torch.Size((1.5,))
torch.Size(3); x.size(5); x.stride(5); s.size(0); x.size(-3); "a" in x; None in x; [1] in x; "{:.2f}".format(x)
"{:>40}".format(x); x.__index__(); complex(x); torch.is_nonzero(x); torch.is_nonzero(empty); torch.result_type("a", x)
torch.is_floating_point(3); torch.numel(3); np.asarray(x); np.array([x, x]); next(iter(s)); x.device.foo
torch.can_cast(1, 2)
"""

REFUSED = """
x.bfloat16(); x.cfloat(); x.cdouble(); x.chalf(); x.cuda()
"""
