"""Random numbers: PyTorch's own for the same seed."""

from __future__ import annotations

DRAWS = """
torch.rand(3); torch.rand(2, 3); torch.rand((5,), dtype=torch.float64); torch.rand(40, dtype=torch.float16); torch.rand(()); torch.rand(0, 3); torch.rand(size=(2,))
torch.rand(2, generator=torch.Generator().manual_seed(3)); torch.rand(2, 3, out=torch.empty(0)); torch.rand(2, device="cpu", layout=torch.strided, requires_grad=True).detach()
torch.randn(3); torch.randn(2, 20); torch.randn(17, dtype=torch.float64); torch.randn(5, 3, generator=torch.Generator().manual_seed(3)); torch.randn(2, out=torch.empty(2, dtype=torch.float64))
torch.randint(6, (4,)); torch.randint(-3, 7, (2, 3)); torch.randint(10, (3,), dtype=torch.float32); torch.randint(2**40, (3,)); torch.randint(low=1, high=3, size=(4,)); torch.randint(high=5, size=[4])
torch.randint(5, (3,), dtype=torch.uint8); torch.randint(3, (), generator=torch.Generator().manual_seed(1)); torch.randint(9, (2,), out=torch.empty(0)); torch.randint(5, ())
torch.randperm(10); torch.randperm(1); torch.randperm(0); torch.randperm(5, dtype=torch.float32); torch.randperm(7, generator=torch.Generator().manual_seed(1))
torch.rand_like(torch.ones(2, 3)); torch.rand_like(torch.ones(2, 3).T); torch.rand_like(torch.ones(2, dtype=torch.int64), dtype=torch.float64); torch.rand_like(torch.ones(2, 3, 4).permute(2, 0, 1))
torch.rand_like(torch.ones(2, 3, 4).permute(2, 0, 1)).stride(); torch.rand_like(torch.ones(3, 1).expand(3, 4)); torch.rand_like(torch.ones(2, 3).T, memory_format=torch.contiguous_format)
torch.randn_like(torch.ones(2, 3)); torch.randn_like(torch.ones(5, 8)); torch.randn_like(torch.ones(5, 8).T); torch.randn_like(torch.ones(2, 3), dtype=torch.float64)
torch.randint_like(torch.ones(2, 3), 5); torch.randint_like(torch.ones(2, 3).T, 2, 5); torch.randint_like(torch.ones(3, dtype=torch.int64), 2, 5, dtype=torch.float64)
torch.normal(1.5, 2.0, (3,)); torch.normal(0, 1, (2, 9)); torch.normal(mean=0.5, std=2.0, size=(2,), dtype=torch.float64); torch.normal(torch.arange(20.0), 2.0); torch.normal(torch.arange(3.0))
torch.normal(torch.arange(20.0), torch.linspace(0, 2, 20)); torch.normal(1.5, torch.linspace(0, 2, 5)); torch.normal(torch.zeros(4, 1), torch.ones(5)); torch.normal(torch.zeros(3), torch.ones(3).double())
torch.normal(torch.zeros(3, dtype=torch.float64), torch.ones(3)); torch.normal(torch.zeros(3), 1, out=torch.empty(3)); torch.normal(0.0, 1.0, (3,), generator=torch.Generator().manual_seed(1))
torch.bernoulli(torch.linspace(0, 1, 30)); torch.bernoulli(torch.linspace(0, 1, 30).double()); torch.bernoulli(torch.ones(9) * 3, 0.4); torch.linspace(0, 1, 9).bernoulli(); torch.zeros(9).bernoulli(0.3)
torch.bernoulli(torch.linspace(0, 1, 12).reshape(3, 4).T); torch.bernoulli(torch.linspace(0, 1, 9).half()); torch.bernoulli(torch.ones(9, requires_grad=True) / 2).requires_grad
torch.multinomial(torch.tensor([0.1, 0.5, 0.4]), 2); torch.multinomial(torch.tensor([[1.0, 2, 3], [0, 1, 0]]), 4, True); torch.tensor([1.0, 2, 3]).multinomial(1); torch.tensor([1.0, 2, 3]).double().multinomial(5, replacement=True)
torch.multinomial(torch.ones(3, 4).T, 2); torch.multinomial(torch.ones(3, requires_grad=True), 2).requires_grad
torch.poisson(torch.linspace(0, 9, 40)); torch.poisson(torch.linspace(8, 300, 60).double()); torch.poisson(torch.full((3, 4), 12.5)); torch.poisson(torch.ones(5).half()); torch.poisson(torch.ones(2, requires_grad=True)).requires_grad
torch.poisson(torch.full((300,), 1.0), torch.Generator().manual_seed(3)); torch.poisson(torch.zeros(3, 0))
torch.zeros(5).uniform_(); torch.zeros(5).uniform_(-2, 3); torch.zeros(4, 5).T.uniform_(); torch.zeros(4, 6)[:, ::2].uniform_(1, 2); torch.zeros(5).uniform_(to=3); torch.zeros(3).uniform_(**{"from": 1, "to": 2})
torch.zeros(5).normal_(); torch.zeros(40).normal_(1, 2); torch.zeros(8, 5).T.normal_(0.5, 0.7); torch.zeros(8, 10)[:, ::2].normal_(); torch.zeros(20, dtype=torch.float64).normal_(std=3)
torch.zeros(9).bernoulli_(); torch.zeros(9).bernoulli_(0.3); torch.zeros(9, dtype=torch.int64).bernoulli_(0.6); torch.zeros(4, 3).bernoulli_(torch.linspace(0, 1, 3)); torch.zeros(3, 4).T.bernoulli_(torch.linspace(0, 1, 12).reshape(3, 4).T)
torch.zeros(3, 4).T.bernoulli_(torch.linspace(0, 1, 12).reshape(4, 3)); torch.zeros(9, dtype=torch.bool).bernoulli_(0.5); torch.zeros(6).bernoulli_(torch.linspace(0, 1, 6).double())
torch.zeros(5).exponential_(); torch.zeros(5, 3).T.exponential_(2.5); torch.zeros(5).double().exponential_(lambd=0.5); torch.zeros(30).geometric_(0.3); torch.zeros(30, dtype=torch.int64).geometric_(0.1)
torch.zeros(5, 3).T.geometric_(p=0.5); torch.zeros(5).log_normal_(); torch.zeros(40).log_normal_(0.5, 0.7); torch.zeros(40, dtype=torch.float64).log_normal_(0.5, 0.7); torch.zeros(5).cauchy_(); torch.zeros(5, 4).T.cauchy_(1.5, 2.0)
torch.zeros(5).double().cauchy_(median=3); torch.zeros(5).random_(); torch.zeros(5, dtype=torch.int64).random_(); torch.zeros(5, dtype=torch.uint8).random_(); torch.zeros(5).double().random_(); torch.zeros(5).random_(7)
torch.zeros(5, dtype=torch.int64).random_(-5, 7); torch.zeros(5, dtype=torch.int64).random_(5, None); torch.zeros(5, dtype=torch.int64).random_(to=7); torch.zeros(5).random_(**{"from": 2, "to": 5}); torch.zeros(9, dtype=torch.bool).random_()
torch.zeros(5, 4).T.random_(9); torch.zeros(5, dtype=torch.int32).random_(3, None); torch.zeros(5, dtype=torch.int8).random_(-100, None); torch.zeros(5).half().random_(3, None); torch.zeros(5, dtype=torch.int64).random_(-(2**63), None)
"""
EACH = [draw.strip() for draw in DRAWS.replace("\n", ";").split(";") if draw.strip()]

# What is drawn after a seed; and what comes next: as much of the stream must have been used up.
CREATION = "\n".join(
    [f"(torch.manual_seed(7), {draw})[1]" for draw in EACH]
    + [f"(torch.manual_seed(7), {draw}, torch.randint(0, 10**6, (2,)))[2]" for draw in EACH]
)

# The derivative of what was drawn is 0.
FUNCTIONS = """
(torch.manual_seed(7), torch.bernoulli(q))[1] * x; (torch.manual_seed(7), torch.poisson(p))[1] * x; (torch.manual_seed(7), torch.poisson(p))[1]
(torch.manual_seed(7), (x * 1).uniform_())[1] * x; (torch.manual_seed(7), (x * 1)[:, 1:3].bernoulli_(0.5))[1] * column; (torch.manual_seed(7), q.bernoulli())[1]
"""

# In float32 the last digits of a normal number are the C library's.
FIRST_ORDER = """
(torch.manual_seed(7), torch.normal(x.double(), p.double()))[1]; (torch.manual_seed(7), torch.normal(x.double(), 1.0))[1]; (torch.manual_seed(7), torch.normal(0.5, p.double()))[1]
"""

ERRORS = """
torch.rand(-1); torch.rand("a"); torch.rand(2, generator=3); torch.rand(2, dtype=torch.int64); torch.rand(); torch.rand(2, foo=3); torch.randn(2, dtype=torch.int64); torch.randn(2.5); torch.rand(2, requires_grad=1)
torch.randint(5, 2, (3,)); torch.randint(0, (3,)); torch.randint(3); torch.randint(3, 2); torch.randint(0, 3, (2,), requires_grad=True); torch.randint(1.5, (2,)); torch.randint(300, (2,), dtype=torch.uint8); torch.randperm(-1)
torch.randperm(2.5); torch.rand_like(n); torch.rand_like([1]); torch.randint_like(x, 5, 2); torch.randn_like(3); torch.normal(0, 1); torch.normal(0.0, -1.0, (2,)); torch.normal(x, -p); torch.normal(n, 1.0); torch.normal(x, -1.0)
torch.bernoulli(n); torch.bernoulli(p + 1); torch.bernoulli(2.0); torch.multinomial(x.detach(), 2); torch.multinomial(n, 2); torch.multinomial(p, 9); torch.multinomial(cube, 1)
torch.multinomial(p, 0); torch.poisson(n); torch.poisson(-p); torch.poisson(2.0); x.uniform_(); (x * 1).uniform_(2, 1); (n * 1).uniform_(); (x * 1).normal_(0, -1); (n * 1).normal_(); x.normal_(); (x * 1).bernoulli_(2)
(x * 1).bernoulli_(n); (x * 1).exponential_(0); (n * 1).exponential_(); (x * 1).geometric_(0.0); (x * 1).geometric_(1.5); (x * 1).log_normal_(0, 0); (x * 1).cauchy_(0, -1); (x * 1).random_(3, 2); (n * 1).to(torch.uint8).random_(300)
(n * 1).to(torch.uint8).random_(-1, 2); x.random_(); (x * 1).bernoulli_(p + 2); (x * 1).bernoulli_(torch.ones(7)); column.expand(3, 4).detach().uniform_()
"""
