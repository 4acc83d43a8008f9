"""How tensors print. See ``tests/test_printing.py`` for the options, and random tensors."""

from __future__ import annotations

PRINTED = """
torch.tensor(1); torch.tensor(1.0); torch.tensor(True); torch.tensor(1.23456789); torch.tensor([])
torch.tensor([1.0, 2.0]); torch.tensor([1, -20])
torch.tensor([True, False]); torch.tensor([[1.5, -2.25], [0.0, 100.0]]); torch.tensor([1.0], dtype=torch.float64)
torch.zeros(2, 0)
torch.zeros(0, dtype=torch.int64); torch.zeros(2, 0, dtype=torch.float64); torch.tensor([1], dtype=torch.int32)
torch.zeros(3, dtype=torch.uint8)
torch.tensor([float("nan"), -float("inf")]); torch.tensor([float("nan"), 1.0, -float("inf")])
torch.tensor([float("inf"), 1.5, -0.0])
torch.tensor([1e-5, 1.0]); torch.tensor([1e9, 1.5]); torch.tensor([1e9, 1.0]); torch.tensor([1e5, 1.0])
torch.tensor([999.0, 1.0]); torch.tensor(1e10)
torch.tensor([1e-5, float("nan")]); torch.tensor([0.00009]); torch.tensor([0.0001, 0.09]); torch.tensor(-0.0)
torch.tensor([0.0, 0.0]); torch.tensor(1e-8)
torch.arange(30); torch.arange(30.0); torch.arange(30.0) / 7; torch.arange(1001); torch.arange(1001.0) / 3
torch.arange(1000)
torch.arange(24).reshape(2, 3, 4); torch.arange(24.0).reshape(2, 3, 4) / 7; torch.zeros(40, 40)
torch.arange(2000).reshape(2, 1000)
torch.arange(4096.0).reshape(8, 8, 8, 8); torch.zeros(2, 2, 2, 2); torch.arange(2000).reshape(1000, 2) > 5
torch.arange(60).reshape(2, 30) / 7
torch.tensor([1.0], requires_grad=True); torch.tensor([1.0], requires_grad=True) * 2
torch.ones(2, 3, requires_grad=True).sum()
torch.ones(2, 3, dtype=torch.float64, requires_grad=True)
torch.ones(2, 3, dtype=torch.float64, requires_grad=True).relu()
torch.arange(12.0, dtype=torch.float64).requires_grad_() / 7
torch.arange(10.0, dtype=torch.float64).requires_grad_() * 1.5
torch.arange(10.0).requires_grad_().exp(); torch.arange(9.0).requires_grad_().reshape(3, 3).exp()
torch.tensor([[-1e-7, 0.5]])
torch.tensor([0.1, 0.2], dtype=torch.float16); torch.tensor([100000, -7]); torch.tensor([[True], [False]])
torch.ones(3).bool().sum()
torch.ones(1, 1); torch.ones(3, 1); torch.full((2, 2), 7.25); torch.tensor(3, dtype=torch.int8)
torch.nn.Parameter(torch.ones(2))
[torch.arange(float(n)).requires_grad_() * 1.5 for n in range(1, 40)]
[torch.arange(float(n), requires_grad=True) for n in range(1, 40)]
[torch.arange(n * n).reshape(n, n) * 10**n for n in range(1, 12)]
[torch.arange(float(n)) / 10**n for n in range(1, 12)]
torch.zeros(1001, 0); torch.zeros(3, 0, 2); torch.linspace(-1, 1, 9); torch.tensor([123456.0, 1.5])
torch.tensor([12345678.0, 0.1])
torch.zeros(2, 3).shape; torch.zeros(0, 7).shape; torch.zeros(()).shape; torch.zeros(2, 3).size()
torch.zeros(2, 3).shape[:1]
"""
