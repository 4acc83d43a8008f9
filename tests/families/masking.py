"""Masks."""

FUNCTIONS = """
torch.masked_select(x, mask); x.masked_select(mask[0]); torch.masked_select(v, mask); torch.masked_select(n, mask); x.T.masked_select(mask.T); torch.masked_select(s, mask[0]); torch.masked_select(x, mask & False)
torch.masked_select(x, torch.tensor(True)); torch.masked_select(input=x, mask=x > 0); torch.masked_select(s, torch.tensor(True)); torch.masked_select(empty, empty > 0)
torch.masked_fill(x, mask, s); x.masked_fill(mask, 1); torch.masked_fill(x, mask[0], 1); torch.masked_fill(v, mask, 1); torch.masked_fill(n, mask, 1.5); torch.masked_fill(n, mask, s.detach()); x.masked_fill(mask, float("inf"))
torch.masked_fill(mask, mask, 2); x.masked_fill(mask=mask, value=0.5); x.masked_fill(mask, torch.tensor(2)); s.masked_fill(torch.tensor(True), 3.0); torch.masked_fill(x, mask, -float("inf")).softmax(1); x.masked_fill(mask, True)
torch.masked_scatter(x, mask, y); x.masked_scatter(mask[0], cube); torch.masked_scatter(v, mask, x); n.masked_scatter(mask, n); x.masked_scatter(mask, eight); x.masked_scatter(mask=mask & False, source=y); x.T.masked_scatter(mask.T, y.T)
(x * 1).masked_fill_(mask, 2.5); (x * 1).masked_fill_(mask, s); (x * 1).masked_scatter_(mask, y); (n * 1).masked_fill_(mask, 3); (x * 1).masked_fill_(mask[0], 0); (x * 1).T.masked_fill_(mask.T, 1) * y.T
"""

ERRORS = """
torch.masked_select(x, n); torch.masked_select(x, mask.to(torch.uint8)); torch.masked_select(x, True); torch.masked_select(x, mask[:, :3])
torch.masked_fill(x, n, 1); torch.masked_fill(x, mask, v); torch.masked_fill(n, mask, float("inf")); torch.masked_fill(x.half(), mask, 1e9); torch.masked_fill(n.int(), mask, 2**40); torch.masked_fill(x, mask.to(torch.uint8), 1)
(v * 1).masked_fill_(mask, 1); torch.masked_fill(x, mask[:, :3], 1); torch.masked_fill(x, mask, "a"); torch.masked_scatter(x, mask, v); torch.masked_scatter(x, mask, n); (v * 1).masked_scatter_(mask, x); x.masked_fill_(mask, 1)
"""

UNARY = """
a.masked_fill(torch.tensor([True, False]), 1); a.masked_fill(torch.tensor([True, False]), 1.5); a.masked_fill(torch.tensor([True, False]), True); a.masked_select(torch.tensor([True, False])); a.masked_scatter(torch.tensor([True, True]), a)
torch.tensor([1.0, 2.0]).masked_fill(a, 3.0); torch.tensor([1.0, 2.0]).masked_select(a); a.masked_fill(torch.tensor([True, False]), torch.tensor(2.5)); a.masked_fill(torch.tensor([True, False]), torch.tensor(True)); a.masked_fill(torch.tensor([True, False]), 70000)
"""
