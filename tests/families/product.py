"""Products of vectors and matrices."""

from __future__ import annotations

import numpy as np

OPERANDS = {
    "sq": ((3, 3), -3, 3), "w3": ((3,), -3, 3), "p20": ((2, 0), 0, 1), "p03": ((0, 3), 0, 1),
    "p232": ((2, 3, 2), -2, 2), "p2134": ((2, 1, 3, 4), -2, 2),
}  # fmt: skip

REFERENCES = {"linear": lambda x, weight, bias=0.0: np.tensordot(x, weight, (-1, -1)) + bias}

FUNCTIONS = """
torch.matmul(x, m); x.matmul(m); torch.linalg.matmul(x, m); x @ m; v @ v; x @ v; v @ m; cube @ m; v @ batch; batch @ w3
cube @ batch; batch @ cube; x @ batch; cube[:, None] @ batch; x.T @ x; cube @ v; empty @ x; p20 @ p03
cube.permute(1, 0, 2) @ m; cube.transpose(0, 2) @ p232[0].T; cube.permute(2, 1, 0) @ cube.permute(2, 0, 1)
p2134 @ batch; p2134.expand(2, 5, 3, 4) @ batch[:, None]; cube[:, ::2, 1:] @ cube[0, :, :2]; x[:, None].expand(3, 5, 4) @ m
n @ n.T; n.to(torch.uint8) @ n.T.to(torch.uint8); n[0] @ n[1]; n.int() @ n.T.int(); x.detach().half() @ m.detach().half()
cube.detach().half() @ v.detach().half(); p20 @ p03[:, :2]; p232 @ p20; v[:0] @ v[:0]; x[:0] @ m; x[:, :0] @ m[:0]
torch.mm(x, m); x.mm(m); x.T.mm(x); torch.mm(p20, p03); n.mm(n.T)
torch.bmm(cube, batch); cube.bmm(batch); batch.bmm(cube.transpose(0, 1).transpose(0, 1)); torch.bmm(cube[:0], batch[:0])
torch.mv(x, v); x.mv(v); x.T.mv(w3); torch.mv(n, n[0]); torch.mv(p20, v[:0])
torch.dot(v, v); v.dot(row); v.dot(v.flip(0)); n[0].dot(n[1]); torch.vdot(v, row); v.vdot(v); v[:0].dot(v[:0])
torch.outer(v, row); v.outer(w3); torch.ger(v, v); w3.ger(v); torch.outer(v, n[0]); torch.outer(mask[0], mask[1])
torch.linalg.vecdot(x, y); torch.linalg.vecdot(x, y, dim=0); torch.linalg.vecdot(x, v); torch.linalg.vecdot(cube, x)
torch.trace(sq); sq.trace(); x.trace(); n.trace(); n.int().trace(); p20.trace(); cube[0].T.trace()
torch.addmm(p232[0], x, m); torch.addmm(s, x, m); torch.addmm(v[:2], x, m, beta=2, alpha=-0.5); column.addmm(x, m)
torch.addmm(p232[0] * np.nan, x, m, beta=0); torch.addmm(p232[0], x, m, beta=0.0, alpha=3); n.addmm(n, n.T @ n)
(p232[0] * 1).addmm_(x, m); (p232[0] * 1).addmm_(x, m, beta=0.5, alpha=2); torch.addmm(s, p20, p03)
torch.addmm(p232[0], x, m, alpha=0); torch.addmm(n, n, n.T @ n, beta=2, alpha=3)
torch.addmv(w3, x, v); torch.addmv(s, x, v, beta=0.5, alpha=2); w3.addmv(x, v, beta=0); (w3 * 1).addmv_(x, v)
torch.addmv_(w3 * 1, x, v, alpha=3)
torch.addr(x, w3, v); x.addr(w3, v, beta=2, alpha=3); (x * 1).addr_(w3, v); torch.addr(v, w3, row, beta=0)
torch.addr(n, w3, v); torch.addr(x, k, n[0]); torch.addr(n, n[:, 0], n[0], beta=2, alpha=-1)
torch.addr(x * np.inf, w3, v, beta=0); torch.addr(mask, mask[:, 0], mask[0])
torch.baddbmm(s, cube, batch); torch.baddbmm(sq, cube, batch, beta=0.5, alpha=2); torch.baddbmm(w3, cube, batch)
torch.baddbmm(sq * np.nan, cube, batch, beta=0); (sq.expand(2, 3, 3) * 1).baddbmm_(cube, batch)
sq.expand(2, 3, 3).baddbmm(cube, batch, alpha=-1)
torch.addbmm(sq, cube, batch); sq.addbmm(cube, batch, beta=0.5, alpha=2); torch.addbmm(s, cube, batch)
(sq * 1).addbmm_(cube, batch); torch.addbmm(sq * np.nan, cube, batch, beta=0); torch.addbmm(sq, cube[:0], batch[:0])
F.linear(x, y); F.linear(x, y, v[:3]); F.linear(cube, y, v[:3]); F.linear(v, y); F.linear(v, y, v[1:]); F.linear(x, v)
F.linear(cube, v); F.linear(cube[:0], y); F.linear(cube.permute(1, 0, 2), y); F.linear(x, y, s); F.linear(p20, p03.T)
F.linear(x.detach().half(), y.detach().half(), v.detach()[:3].half()); F.linear(cube.detach().half(), y.detach().half()); F.linear(x.T.T, y.T.T)
"""

SPECIAL = """
a @ b; torch.outer(z, z); z.dot(z); torch.addmm(a, b, b, beta=0); torch.trace(a)
torch.linalg.vecdot(a, b)
"""

MEETINGS = """
a @ b; torch.outer(a, b); torch.kron(a, b); torch.inner(a, b)
torch.addr(a, a, b); torch.dot(a, b)
torch.linalg.vecdot(a, b)
"""

UNARY = """
a @ a; a.dot(a); a.outer(a); torch.einsum("i,i", a, a); torch.einsum("i->", a); torch.einsum("i,i->i", a, a)
torch.einsum("i,j", a, a); torch.trace(a[None]); a.inner(a); torch.tensordot(a, a, 1)
torch.kron(a, a); torch.linalg.vecdot(a, a); torch.mv(a[None], a); torch.bmm(a[None, None], a[None, :, None])
torch.addmm(a, a[:, None], a[None]); torch.addr(a, a, a); torch.linalg.cross(a[:1].repeat(3), a[1:].repeat(3))
torch.linalg.det(torch.diag_embed(a)); torch.linalg.matrix_power(torch.diag_embed(a), 3); F.cosine_similarity(a, a, 0)
torch.linalg.cholesky(a[:1, None]); torch.linalg.inv(a[:1, None]); torch.linalg.solve(a[:1, None], a[:1])
torch.linalg.multi_dot([a, a]); F.pairwise_distance(a, a * 0); torch.linalg.slogdet(a[:1, None]).logabsdet
"""

ERRORS = """
x @ x; x @ s; v @ x; cube @ x; x @ 2; 2 @ x; torch.matmul(x, "a"); cube @ cube; x.double() @ x.float(); x @ n
mask @ mask.T; s @ s; cube @ batch[:1].expand(3, 4, 3); torch.matmul(x); torch.matmul(x, m, m)
x.mm(v); x.mm(cube); x.mm(x); x.mm(n.T); x.mm(2); torch.bmm(x, m); torch.bmm(cube, batch[:1]); torch.bmm(cube, cube)
torch.mv(x, v[:3]); torch.mv(v, x); torch.mv(x, x); torch.dot(v, v[:3]); torch.dot(x, v); torch.dot(v, n[0]); v.dot(2)
torch.vdot(x, x); torch.outer(x, v); torch.outer(v, s); torch.linalg.vecdot(n, n); torch.linalg.vecdot(x, n)
torch.linalg.vecdot(x, y[:, :3]); torch.linalg.vecdot(x, y, dim=2); torch.trace(v); torch.trace(cube); torch.trace(mask)
torch.addmm(cube, x, m); torch.addmm(y, x, m); torch.addmm(n, x, m); torch.addmm(x, x, x); torch.addmm(2, x, m)
torch.addmv(x, x, v); torch.addmv(v, x, v); torch.addr(n, n[:, 0], n[0], beta=2.5); torch.addr(cube, v, v)
torch.addr(n, n[:, 0], n[0], alpha=0.5); torch.baddbmm(v, cube, batch); torch.addbmm(cube, cube, batch)
torch.addbmm(s, cube, cube); v.addmm_(x, m); torch.addmm(p232[0], x, m, 2, 3, 4)
F.linear(x, m); F.linear(x, y, row); F.linear(s, y); F.linear(x, n); F.linear(mask, mask)
"""
