"""Einstein sums, and the products that are one of them."""

from __future__ import annotations

import numpy as np

OPERANDS = {"p2323": ((2, 3, 2, 3), -2, 2), "p543": ((5, 4, 3), -2, 2), "p14": ((1, 4), -2, 2)}

REFERENCES = {"contract": lambda a, b, equation: np.einsum(equation, a, b)}

FUNCTIONS = """
torch.einsum("ij,jk->ik", x, m); torch.einsum("ij,jk", x, m); torch.einsum("ij,kj->ik", x, y); torch.einsum("ij,ij->", x, y)
torch.einsum("ij,ij->i", x, y); torch.einsum("ij,ij->j", x, y); torch.einsum("ij,ij->ji", x, y); torch.einsum("ij,kl", x, m)
torch.einsum("i,j->ij", v, row); torch.einsum("i,j->ji", v, w3); torch.einsum("bij,bjk->bik", cube, batch)
torch.einsum("bij,bjk->kib", cube, batch); torch.einsum("bij,cjk->ikbc", cube, batch); torch.einsum("bij,bjk->ik", cube, batch)
torch.einsum("ij->ji", x); torch.einsum("ij->i", x); torch.einsum("ij->j", x); torch.einsum("ij->", x); torch.einsum("ij", x)
torch.einsum("ji", x); torch.einsum("bA", x); torch.einsum("ii->i", sq); torch.einsum("ii", sq); torch.einsum("ii->", sq)
torch.einsum("ijij->ij", p2323); torch.einsum("ijij", p2323); torch.einsum("ijkj->ki", p2323); torch.einsum("iji j->j", p2323)
torch.einsum("ii,ij->j", sq, x); torch.einsum("iij,j->i", sq[:, :, None] * row, v); torch.einsum("ij,jj->i", sq, sq)
torch.einsum("...ij,...jk->...ik", cube, batch); torch.einsum("...j,j", x, v); torch.einsum("...ij->...ji", cube)
torch.einsum("...,...->...", x, row); torch.einsum("i...,i...->...", x, y); torch.einsum("...i->...", cube); torch.einsum("i...", cube)
torch.einsum("...ii->...i", sq); torch.einsum("b...,b->...", cube, v[:2])
torch.einsum("...a,...->a...", cube, x[:, 0]); torch.einsum("...ij,jk", cube, m); torch.einsum("i...->", x); torch.einsum("...->", x)
torch.einsum("...", x); torch.einsum("i...j", x); torch.einsum("", s); torch.einsum(",", s, s); torch.einsum(",ij->ij", s, x)
torch.einsum("ij,ij->ij", x, x[:1]); torch.einsum("ij,jk->ik", x[:, :1], m); torch.einsum("ij,ij->", x, column)
torch.einsum("ij,j->i", column, v); torch.einsum("ij,ik->jk", x, column); torch.einsum("...i,...i", x, p14)
torch.einsum("ij,jk,kl->il", x, m, m.T); torch.einsum("ij,jk,k", x, m, v[:2]); torch.einsum("i,ij,j", w3, x, v)
torch.einsum("i,i,i->i", v, v, row); torch.einsum("i,i,i", v, v, row); torch.einsum("a,b,c->cab", w3, v, w3)
torch.einsum("bi,kij,bj->bk", x, p543, sq)
torch.einsum("ij,jk,kl,lm->im", x, m, m.T, m); torch.einsum("bij,bjk,bki->b", cube, batch, sq.expand(2, 3, 3))
torch.einsum("ij,jk,kl,lm,mn,n", x, m, m.T, m, m.T, v); torch.einsum("ab,bc,ca", sq, sq, sq)
torch.einsum("ij,jk->ik", [x, m]); torch.einsum(x, [0, 1], m, [1, 2]); torch.einsum(x, [0, 1], m, [1, 2], [2, 0])
torch.einsum(x, [..., 1], v, [1]); torch.einsum(cube, [..., 0, 1], [..., 1, 0]); torch.einsum(sq, [3, 3]); torch.einsum(x, [0, 1], [1])
torch.einsum(x, [51, 0]); torch.einsum(" i j , j k -> i k ", x, m); torch.einsum("ij,jk->ik", n, n.T); torch.einsum("ij->i", n)
torch.einsum("ij,ij->ij", mask, mask); torch.einsum("ij->i", mask); torch.einsum("ij,jk", x.detach().half(), m.detach().half()); torch.einsum("ij,ij->i", x.detach().half(), x.detach().half())
torch.einsum("ij,j", x.T.T, v[::1]); torch.einsum("ij,jk", x[:, ::2], m[::2]); torch.einsum("ij,jk->ik", x[:0], m); torch.einsum("ij,jk->ik", x[:, :0], m[:0])
torch.einsum("ij->j", x[:0]); torch.einsum("i,i->", v[:0], v[:0]); torch.einsum("bij,bjk,bkl->bil", cube[:0], batch[:0], cube[:0])
torch.tensordot(x, m, 1); torch.tensordot(x, m, ([1], [0])); torch.tensordot(x, m, dims=([-1], [-2])); torch.tensordot(x, y)
torch.tensordot(x, y, 0); torch.tensordot(x, y, [[0, 1], [0, 1]]); torch.tensordot(cube, batch, ([1, 2], [2, 1])); torch.tensordot(cube, x)
torch.tensordot(x, x[:1], ([0, 1], [0, 1])); torch.tensordot(cube, x, ([2], [1])); torch.tensordot(n, n.T, 1); torch.tensordot(s, x, 0)
torch.tensordot(p2323, sq, ([3, 1], [0, 1])); torch.tensordot(cube, v, 1); torch.tensordot(x, x, ([1, 0], [1, 0]))
torch.inner(x, y); x.inner(v); torch.inner(v, v); torch.inner(s, x); x.inner(s); torch.inner(cube, x); torch.inner(cube, cube); n.inner(n)
torch.inner(s, n); torch.inner(x[:, :0], x[:, :0])
torch.kron(x, m); x.kron(v); torch.kron(v, x); torch.kron(v, w3); torch.kron(s, x); torch.kron(cube, m); torch.kron(x, n); torch.kron(mask, n)
torch.kron(mask, mask); torch.kron(sq, sq); torch.kron(x[:0], m)
F.bilinear(x, x[:, :3], p543); F.bilinear(x, x[:, :3], p543, p543[:, 0, 0]); F.bilinear(v, w3, p543); F.bilinear(cube, cube[..., 1:], p543)
F.bilinear(x[:0], x[:0, :3], p543)
"""

SPECIAL = """
torch.einsum("ij,ij->ij", a, b); torch.einsum("ij,jk", a, b); torch.einsum("ii->i", a); torch.tensordot(a, b); torch.kron(z, z)
torch.inner(a, b)
"""

ERRORS = """
torch.einsum("i->ii", v); torch.einsum("ij", x, m); torch.einsum("ij,jk", x); torch.einsum("ij,jk", x, x); torch.einsum("ij->k", x)
torch.einsum("i1", x); torch.einsum("ijk", x); torch.einsum("i..", x); torch.einsum("i->i->", v); torch.einsum("ij->ij", 3)
torch.einsum("ii", x); torch.einsum("ii->i", x[:1]); torch.einsum("ij,jk", x, n.T); torch.einsum("ij,jk", mask, mask.T)
torch.einsum(x, [0, 60]); torch.einsum(x, [0]); torch.einsum("i......", x); torch.einsum("...ij", v); torch.einsum("i", x); torch.einsum("...,...", x, w3)
torch.tensordot(x, m); torch.tensordot(x, x, 3); torch.tensordot(x, x, -1); torch.tensordot(x, m, ([1], [1])); torch.tensordot(x, n, 2)
torch.tensordot(x, x, ([0, 0], [0, 1])); torch.tensordot(x, m, ([2], [0])); torch.tensordot(x, m, ([0, 1], [0]))
torch.inner(x, sq); torch.inner(x, n); torch.inner(x, "a"); torch.kron(x, 2); torch.kron(x, None)
F.bilinear(x, v, p543); F.bilinear(x, x, p543); F.bilinear(x, x[:, :3], n); F.bilinear(x.double(), x[:, :3].float(), p543)
"""
