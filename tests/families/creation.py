"""Making tensors."""

from __future__ import annotations

PLAIN = """
torch.tensor(1); torch.tensor(1.5); torch.tensor(True); torch.tensor([]); torch.tensor([[1, 2], [3, 4]])
torch.tensor([1, 2.5])
torch.tensor([True, False]); torch.tensor([1, 2], dtype=torch.float64); torch.tensor([1.7, -1.7], dtype=torch.int64)
torch.tensor([True, 2]); torch.tensor((1, 2)); torch.tensor([[]]); torch.tensor(2**40); torch.tensor(np.arange(3))
torch.tensor(np.ones(2))
torch.tensor(np.float32(1)); torch.tensor([np.float64(1)]); torch.tensor([torch.tensor(1.0), torch.tensor(2.0)])
torch.tensor([0, 2], dtype=torch.bool)
torch.zeros(3); torch.zeros(2, 3); torch.zeros((2, 3)); torch.zeros([2]); torch.zeros(())
torch.zeros(2, dtype=torch.int32); torch.zeros(0)
torch.ones(3); torch.ones(2, 3, dtype=torch.bool); torch.ones((2,)); torch.empty(2, 3).shape
torch.empty(2, dtype=torch.float64).dtype
torch.full((2, 3), 1); torch.full((2,), 1.5); torch.full((2,), True); torch.full((), 3.0, dtype=torch.float64)
torch.full([2], 7, dtype=torch.int8)
torch.eye(3); torch.eye(2, 3); torch.eye(2, dtype=torch.int64); torch.arange(5); torch.arange(2, 5)
torch.arange(5, 2, -1); torch.arange(0, 1, 0.25)
torch.arange(3.0); torch.arange(0, 1, 0.1); torch.arange(1, 2, 0.3, dtype=torch.float64)
torch.arange(3, dtype=torch.float32); torch.arange(0)
torch.arange(1.5, 4); torch.linspace(0, 1, 5); torch.linspace(-3, 7, 4, dtype=torch.float64); torch.linspace(0, 1, 1)
torch.linspace(1, 2, 0)
torch.linspace(0, 1, 11); torch.linspace(3, -3, 100); torch.as_tensor([1.0]); torch.as_tensor(np.ones(2))
torch.as_tensor(np.ones(2), dtype=torch.float32)
torch.from_numpy(np.arange(3, dtype=np.int16)); torch.Tensor([1, 2]); torch.tensor([[1.0, 2.0]]).shape
torch.zeros(2, requires_grad=True).requires_grad
torch.zeros(size=(2, )); torch.zeros(np.int64(2)); torch.zeros(torch.tensor(2)); torch.zeros(torch.Size([2]))
torch.zeros(2, dtype=None); torch.zeros(2, device=None, layout=torch.strided, pin_memory=False, requires_grad=False)
torch.zeros(3, out=torch.ones(2)); torch.zeros(3, out=torch.ones(2).long()).dtype
torch.zeros(3, out=torch.empty(0), requires_grad=True).requires_grad; torch.arange(3, out=torch.ones(0)).dtype
torch.eye(3, out=torch.ones(2, 2)).dtype; torch.full((2, ), 1, out=torch.empty(0))
torch.full((2, ), 1.5, out=torch.empty(0).long()); torch.full((2, ), torch.tensor(3))
torch.full((2, ), True, dtype=torch.float32); torch.full(size=(2, ), fill_value=3)
torch.empty(2, memory_format=torch.contiguous_format).shape; torch.empty_strided((2, 3), (1, 2)).stride()
torch.empty_strided((2, 3), (0, 1)).stride(); torch.eye(3, 2); torch.eye(2, dtype=torch.bool)
torch.arange(0, 1, 0.1); torch.arange(0, 5, 2.5); torch.arange(0.5, 3, dtype=torch.int64); torch.arange(end=4)
torch.arange(start=1, end=4); torch.arange(1, 4, step=2); torch.arange(torch.tensor(3))
torch.arange(torch.tensor(3.0)); torch.arange(True); torch.arange(2**60, 2**60+3)
torch.arange(0, 0.3, 0.1, dtype=torch.float64); torch.arange(1, 2, 0.1, dtype=torch.float32)
torch.arange(1, 2, 0.1, dtype=torch.float16); torch.arange(5, dtype=torch.uint8)
torch.arange(300, dtype=torch.uint8)[-1]; torch.linspace(0, 1, 5, dtype=torch.int64)
torch.linspace(0, 10, 5, dtype=torch.int64); torch.linspace(-5, 10, 4, dtype=torch.int32)
torch.linspace(0, 10, 1, dtype=torch.int64); torch.linspace(torch.tensor(0.), torch.tensor(1.), 3)
torch.linspace(0, 1, steps=torch.tensor(3)); torch.linspace(start=0, end=1, steps=3); torch.linspace(0, 1, 0)
torch.linspace(float('inf'), 1, 3); torch.linspace(0, 1, 3, dtype=torch.float16); torch.logspace(0, 2, 3)
torch.logspace(0, 2, 3, base=2); torch.logspace(0, 2, 3, 2.5, dtype=torch.float64)
torch.logspace(0, 2, 3, dtype=torch.int64); torch.logspace(0, 2, 1); torch.logspace(0, 2, 0); torch.scalar_tensor(3)
torch.scalar_tensor(3, dtype=torch.int64); torch.scalar_tensor(True); torch.tensor(3, device='cpu', pin_memory=False)
torch.tensor(data=[1]); torch.asarray([1, 2]); torch.asarray(np.ones(2))
torch.asarray(np.ones(2), dtype=torch.float32); torch.asarray([1.], requires_grad=True); torch.asarray(3)
torch.asarray(np.float64(3)); torch.hann_window(5); torch.hann_window(5, False); torch.hann_window(1)
torch.hann_window(0); torch.hamming_window(5); torch.hamming_window(5, True, 0.5, 0.5)
torch.hamming_window(5, periodic=False, alpha=0.6, beta=0.4); torch.bartlett_window(5)
torch.bartlett_window(4, False); torch.blackman_window(5); torch.zeros(2, dtype=float); torch.zeros(2, dtype=int)
torch.zeros(2, dtype=bool); torch.empty(2, out=torch.empty(3)).shape
torch.as_tensor([1], dtype=torch.float32, device='cpu'); torch.as_tensor(3.5); torch.from_numpy(np.array(1.0))
torch.arange(-3.7, 40.1, 0.37, dtype=torch.float32); torch.arange(0.3, 97, 0.1)
torch.arange(0.3, 97, 0.1, dtype=torch.float64); torch.arange(5, -20, -0.3); torch.linspace(0.3, 7.7, 50)
torch.linspace(-0.3, 7.7, 51, dtype=torch.float64); torch.linspace(5, -3, 7)
torch.linspace(-1, 1, 9, dtype=torch.float16); torch.logspace(-1.5, 2, 30)
torch.logspace(0.1, 2, 31, base=3, dtype=torch.float64); torch.hann_window(9, dtype=torch.float64)
torch.kaiser_window(9, dtype=torch.float64); torch.kaiser_window(6, False, beta=3.0, dtype=torch.float64)
torch.kaiser_window(1); torch.hamming_window(8, dtype=torch.float64); torch.bartlett_window(9)
torch.blackman_window(9, False, dtype=torch.float64); torch.arange(10**6+0.5)[-3:]; torch.arange(0, -5, -2)
torch.arange(7, 0, -3); torch.ones(2, 3, out=torch.empty(0)); torch.linspace(0, 1, 3, out=torch.empty(0))
torch.logspace(0, 1, 3, out=torch.empty(0)); torch.asarray([1, 2], dtype=torch.float64)
torch.as_tensor(np.ones(2), dtype=torch.float32); torch.scalar_tensor(2.5, dtype=torch.int64)
"""
OF_A_TENSOR = """
torch.ones_like(x, memory_format=torch.preserve_format).shape; torch.zeros_like(x.T).stride()
torch.zeros_like(x.T, memory_format=torch.contiguous_format).stride(); torch.zeros_like(x[:, ::2]).stride()
torch.zeros_like(x.expand(2, 3, 4)).stride(); torch.zeros_like(x.expand(2, 3, 4).transpose(0, 2)).stride()
torch.full_like(x, 2).dtype; torch.full_like(n, 2.5); torch.full_like(n, 2.5, dtype=torch.float32).dtype
torch.full_like(b, 2); torch.empty_like(x, dtype=torch.int8).dtype; x.new_zeros(2, 3).dtype; n.new_zeros((2, )).dtype
n.new_ones(2, dtype=torch.float32).dtype; n.new_full((2, ), 2.5); x.new_full((2, ), 2)
n.new_full((2, ), 2.5, dtype=torch.float32); n.new_tensor([1.5, 2]); x.new_tensor([1, 2])
x.new_tensor([1, 2], dtype=torch.int8); x.new_empty(2).shape; x.new_empty((2, 3)).shape
x.new_empty_strided((2, 3), (1, 2)).stride(); torch.asarray(x) is x; torch.asarray(x, copy=True) is x
torch.as_tensor(x) is x; torch.zeros_like(input=x).shape; torch.empty_like(x, requires_grad=True).requires_grad
torch.empty_like(x.T).stride(); torch.full_like(x.T, 3).stride(); torch.ones_like(n.T, dtype=torch.float64)
n.new_full((2, ), 7, dtype=torch.float64, requires_grad=True).requires_grad
x.new_tensor([[1, 2], [3, 4]], dtype=torch.int64)
"""
NAMED = "x, n, b in [(torch.linspace(0, 1, 12).reshape(3, 4), torch.arange(12).reshape(3, 4), torch.ones(3) > 0)]"
EACH = [e.strip() for e in OF_A_TENSOR.replace("\n", ";").split(";") if e.strip()]

CREATION = PLAIN + "\n".join(f"[{e} for {NAMED}][0]" for e in EACH)

ERRORS = """
torch.full((2,), 1e39); torch.full_like(x, 1e39); torch.full((2,), 1e39, dtype=torch.float16)
torch.tensor("a"); torch.tensor([[1], [1, 2]]); torch.tensor([None]); torch.tensor({}); torch.tensor(object())
torch.tensor([1], requires_grad=True)
torch.tensor([1], dtype="nope"); torch.zeros(-1); torch.zeros("a"); torch.zeros(1.5); torch.ones(2, "a")
torch.full((2,), "a"); torch.full(2, 1)
torch.arange(5, 2); torch.arange(0, 5, 0); torch.arange(0, 5, -1); torch.arange("a"); torch.linspace(0, 1, -1)
torch.linspace(0, 1); torch.eye(-1)
torch.from_numpy([1]); torch.from_numpy(3.0); torch.from_numpy(np.array(["a"]))
torch.from_numpy(np.array([1j]).astype("O")); torch.as_tensor("a")
torch.zeros_like(3); torch.promote_types(1, 2); torch.randint(5, 2, (3,)); torch.randint(0, (3,)); torch.randperm(-1)
torch.rand(-1)
torch.zeros(); torch.zeros(2, size=(2, )); torch.zeros(True); torch.zeros((2, ), 3); torch.zeros(2.0)
torch.zeros(3, out=torch.ones(2), dtype=torch.int64); torch.zeros(3, out=torch.ones(2, requires_grad=True))
torch.full((2, ), torch.tensor([3])); torch.full((2, ), 300, dtype=torch.uint8); torch.full(2, 3)
torch.full((2, ), None); torch.zeros(2, memory_format=torch.contiguous_format).shape
torch.empty_strided((2, 3), (1, )); torch.empty_strided((2, 3), (-1, 2)); torch.eye(2, -1); torch.eye(2.0)
torch.arange(5, dtype=torch.bool); torch.arange(2, dtype=torch.bool); torch.arange(0, 1, 0.3, dtype=torch.int64)
torch.arange(0, float('inf')); torch.arange(-3); torch.arange(3, requires_grad=True); torch.linspace(0, 1, 3.0)
torch.linspace(0, 1, 3, dtype=torch.bool); torch.logspace(0, 2, -1); torch.scalar_tensor([1])
torch.asarray(np.ones(2), copy=False, dtype=torch.float32); torch.asarray([1.], copy=False); torch.hann_window(-1)
torch.hann_window(4, dtype=torch.int64); torch.zeros(2, foo=1); torch.zeros(2, layout=3); torch.zeros(2, device=3)
torch.zeros(2, pin_memory=True); torch.zeros(2, requires_grad=1); torch.zeros(2, dtype=3)
torch.ones(2, out=np.zeros(2)); torch.tensor(3, out=torch.empty(0)); torch.zeros_like([1])
torch.zeros_like(x, out=torch.empty(0)); x.new_zeros(-1); x.new_full(2, 3); x.new_tensor('a')
n.new_full((2, ), float('nan')); torch.empty_like(3); torch.full_like(x, 'a'); n.new_ones('a')
torch.arange(); torch.linspace(0, 1); torch.logspace(0, 1); torch.scalar_tensor('a'); torch.as_tensor(object())
torch.bartlett_window(-2); torch.kaiser_window(3, dtype=torch.int32)
torch.ones(2, dtype=torch.int64, requires_grad=True); torch.zeros(2, out=3); torch.empty(2, memory_format=3)
torch.zeros_like(x, device='cuda'); torch.zeros(2, device='nowhere'); torch.zeros(2, device='mps')
"""

FUNCTIONS = """
torch.zeros_like(x); torch.ones_like(x); torch.zeros_like(n); torch.ones_like(mask)
torch.zeros_like(x, dtype=torch.float64)
"""
