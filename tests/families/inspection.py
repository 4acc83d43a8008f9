"""Questions about tensors: their types, their layout, what they are."""

from __future__ import annotations

CREATION = """
torch.get_device(torch.zeros(2)); torch.detach(torch.zeros(2))
torch.is_tensor(torch.zeros(2)); torch.is_tensor(3); torch.is_storage(torch.zeros(2))
torch.is_floating_point(torch.zeros(2)); torch.is_floating_point(torch.tensor(1)); torch.is_complex(torch.zeros(2))
torch.zeros(2).is_complex(); torch.zeros(2).is_signed(); torch.is_signed(torch.tensor(1))
torch.tensor(1, dtype=torch.uint8).is_signed(); torch.tensor(True).is_signed(); torch.tensor(1.5).is_floating_point()
torch.is_nonzero(torch.tensor([1])); torch.is_nonzero(torch.tensor(0.0)); torch.tensor([[2]]).is_nonzero()
torch.numel(torch.zeros(2, 3)); torch.zeros(2, 3).numel(); torch.zeros(2, 3).nelement()
torch.is_same_size(torch.zeros(2), torch.zeros(3)); torch.zeros(2).is_same_size(torch.ones(2))
torch.is_conj(torch.zeros(2)); torch.zeros(2).is_conj(); torch.is_neg(torch.zeros(2)); torch.zeros(2).is_neg()
torch.typename(torch.zeros(2)); torch.typename(3); torch.typename(torch.zeros(2).long())
torch.result_type(torch.ones(2), 1); torch.result_type(1, 2.0); torch.result_type(1, True)
torch.result_type(torch.tensor(1), 1.5); torch.result_type(torch.ones(2).int(), torch.tensor(1.5))
torch.result_type(torch.ones(2).half(), torch.ones(2))
torch.result_type(torch.ones(2, dtype=torch.uint8), torch.ones(2, dtype=torch.int8))
torch.result_type(torch.tensor(1.5).double(), torch.ones(2)); torch.zeros(2).ndimension()
torch.zeros(2).data_ptr() > 0; torch.zeros(0).data_ptr(); torch.zeros(4).storage_offset()
torch.zeros(4)[1:].storage_offset(); torch.zeros(4, 5)[1:, 2].storage_offset()
torch.zeros(4, 5).T[1:].detach().storage_offset(); torch.zeros(0).storage_offset(); torch.zeros(2).get_device()
torch.zeros(2).is_pinned(); torch.zeros(2).is_shared(); torch.zeros(2, 3).dim_order(); torch.zeros(2, 3).T.dim_order()
torch.zeros(2).conj(); torch.zeros(2).resolve_conj(); torch.zeros(2).resolve_neg(); torch.zeros(2).real
torch.zeros(2).itemsize; torch.zeros(2).nbytes; torch.zeros(2).half().nbytes; torch.zeros(2).layout
torch.zeros(2).is_cpu; torch.zeros(2).is_cuda; torch.zeros(2).is_sparse; torch.zeros(2).is_quantized
torch.zeros(2).is_meta; torch.zeros(2).is_mkldnn; torch.zeros(2).is_xpu; torch.zeros(2).is_nested
torch.zeros(2).device; str(torch.zeros(2).device); torch.zeros(2).device == torch.device("cpu")
torch.zeros(2).device == "cpu"; torch.device("cpu"); torch.device("cuda:1"); torch.device("cuda", 1)
torch.device("cpu:0") == torch.device("cpu"); torch.device(torch.device("cpu")); torch.device("cpu").index
torch.device("cpu").type; torch.device(type="cpu"); torch.device("cpu:0").index
hash(torch.device("cpu")) == hash(torch.device("cpu")); str(torch.device("cuda:3")); torch.strided
torch.contiguous_format; torch.preserve_format; torch.zeros(2).is_contiguous(memory_format=torch.contiguous_format)
torch.zeros(2, 3).T.is_contiguous(); torch.finfo(torch.float16); torch.finfo(torch.float32)
torch.finfo(torch.float64); torch.finfo(); torch.iinfo(torch.int8); torch.iinfo(torch.uint8); torch.iinfo(torch.int16)
torch.iinfo(torch.int32); torch.iinfo(torch.int64); torch.finfo(torch.float32).eps; torch.finfo(torch.float16).max
torch.finfo(torch.float64).tiny; torch.finfo(torch.float32).resolution; torch.finfo(torch.float32).bits
torch.iinfo(torch.int64).max; torch.iinfo(torch.int8).bits; torch.finfo(torch.float32).dtype
torch.iinfo(torch.int8).dtype; torch.finfo(torch.float32) == torch.finfo(torch.float32); torch.Size([1, 2]) + (3,)
(3,) + torch.Size([1]); torch.Size([1]) * 2; 2 * torch.Size([1]); torch.Size([torch.tensor(3)]); torch.Size([True])
torch.Size(); torch.Size().numel(); torch.Size((2, 3)).numel(); torch.Size([1, 2]).count(1); torch.Size([1, 2])[0]
torch.Size([1, 2])[:1]; torch.Size([1, 2]) == (1, 2); torch.zeros(2, 3).size(-1); torch.zeros(2, 3).size(dim=1)
torch.zeros(2, 3).stride(-1); torch.zeros(()).stride(); torch.zeros(2, 3).stride(0); 1 in torch.tensor([1, 2])
3 in torch.tensor([1, 2]); torch.tensor(1) in torch.tensor([1, 2]); torch.tensor([1, 2]) in torch.tensor([[1, 2]])
1.0 in torch.tensor([1]); complex(torch.tensor(1.5)); torch.tensor(True).__index__(); torch.tensor([3]).__index__()
[1, 2][torch.tensor([1])]; "{:.2f}".format(torch.tensor(1.234)); "{:5d}".format(torch.tensor(3))
"{}".format(torch.tensor(3)); "{}".format(torch.tensor(3.0, requires_grad=True)); int(torch.tensor([[3.7]]))
float(torch.tensor([2])); "{}".format(torch.tensor([3.0])); bool(torch.tensor([[0.5]])); len(torch.zeros(3, 2))
torch.cuda.is_available(); torch.cuda.device_count(); torch.get_default_dtype(); torch.half; torch.float; torch.double
torch.short; torch.int; torch.long; torch.bool; torch.uint8
"""
CREATION += "\n".join(
    f"torch.can_cast(torch.{one}, torch.{other})"
    for one in ("float16", "float64", "int8", "int64", "uint8", "bool")
    for other in ("float16", "float32", "int8", "int32", "uint8", "bool")
)
