"""Linear algebra: inverses and solutions, decompositions, powers and chains of matrices, cross products."""

from __future__ import annotations

import numpy as np

OPERANDS = {
    "a33": ((3, 3), -0.25, 0.25), "a233": ((2, 3, 3), -0.25, 0.25), "a32": ((3, 2), -2, 2), "a232": ((2, 3, 2), -2, 2),
    "u3": ((3,), -2, 2), "a23": ((2, 3), -2, 2),
}  # fmt: skip
CONSTANTS = {"sing3": np.array([[1, 2, 3], [4, 5, 6], [5, 7, 9]]), "int22": np.array([[2, 1], [1, 3]])}

REFERENCES = {
    "solve_matrices": np.linalg.solve,
    "lower_half": lambda a: np.tril(a) - np.tril(np.triu(a)) / 2,
}

FUNCTIONS = """
torch.inverse(a33 + torch.eye(3)); (a33 + torch.eye(3)).inverse(); torch.linalg.inv(a233 + torch.eye(3)); torch.linalg.inv(a33.T + 2 * torch.eye(3))
torch.linalg.inv(x[:0, :0]); torch.linalg.inv(a233[:0] * 1); torch.linalg.inv(a233[:, :1, :1]); torch.linalg.inv(a233[None] + torch.eye(3))
torch.linalg.solve(a33 + torch.eye(3), a32); torch.linalg.solve(a33 + torch.eye(3), u3); torch.linalg.solve(a233 + torch.eye(3), a232)
torch.linalg.solve(a33 + torch.eye(3), a232); torch.linalg.solve(a233 + torch.eye(3), a32); torch.linalg.solve(a233 + torch.eye(3), u3)
torch.linalg.solve(a233 + torch.eye(3), a23); torch.linalg.solve(a33 + torch.eye(3), a23, left=False); torch.linalg.solve(a233[0:1] + torch.eye(3), a232)
torch.linalg.solve(a233 + torch.eye(3), a232.mT, left=False); torch.linalg.solve(x[:0, :0], x[:0]); torch.linalg.solve(a33.T + torch.eye(3), a32)
torch.linalg.solve(a233[:, None] + torch.eye(3), a232); torch.linalg.solve(a33 + torch.eye(3), a32[:, :0])
(__import__("warnings").simplefilter("ignore"), torch.cholesky(a33 @ a33.T + torch.eye(3)))[1]; (a33 @ a33.T + torch.eye(3)).cholesky(); torch.linalg.cholesky(a233 @ a233.mT + torch.eye(3))
torch.linalg.cholesky(a33 @ a33.T + torch.eye(3), upper=True); torch.cholesky(a33 @ a33.T + torch.eye(3), True); torch.linalg.cholesky(x[:0, :0])
torch.linalg.cholesky(a33 + 2 * torch.eye(3)); torch.linalg.cholesky(a33 + 2 * torch.eye(3), upper=True); torch.linalg.cholesky(a233[:0] * 1)
torch.linalg.matrix_power(a33, 3); torch.matrix_power(a33, 2); a33.matrix_power(1); a33.matrix_power(0); torch.linalg.matrix_power(a233, 5)
(a33 + torch.eye(3)).matrix_power(-1); torch.linalg.matrix_power(a233 + torch.eye(3), -3); a233.matrix_power(0); torch.linalg.matrix_power(int22, 3)
torch.linalg.matrix_power(int22, 0); torch.linalg.matrix_power(a33.detach().half(), 2); torch.linalg.matrix_power(x[:0, :0], 2); a33.matrix_power(4)
torch.linalg.multi_dot([x, m]); torch.linalg.multi_dot([x, m, v[:2]]); torch.linalg.multi_dot([v, m]); torch.linalg.multi_dot([v, v])
torch.linalg.multi_dot([w3, x, m, m.T, x.T]); torch.linalg.multi_dot((sq, x, m)); torch.linalg.multi_dot([u3, a33, u3]); torch.linalg.multi_dot([p20, p03])
torch.cross(a33, sq, dim=1); a33.cross(sq, dim=0); torch.cross(a33, sq, -1); torch.linalg.cross(a33, sq); torch.linalg.cross(a33, sq, dim=0)
torch.linalg.cross(a23, a32.T); torch.linalg.cross(a33[:1], sq); torch.linalg.cross(u3, w3); torch.linalg.cross(a233, sq[None]); a23.cross(a33[:2], dim=1)
torch.linalg.cross(n[:, :3], n[:, 1:]); torch.cross(cube, cube.flip(0), dim=1); torch.linalg.cross(a233, a233.flip(0), dim=-2)
"""

WARNS = """
torch.chain_matmul(x, m); torch.chain_matmul(x); torch.chain_matmul(x, m, m.T); torch.cross(x, y); torch.cross(cube, cube * cube)
"""

ERRORS = """
torch.linalg.inv(x); torch.linalg.inv(v); torch.linalg.inv(int22); torch.linalg.inv(sing3 * 0); torch.linalg.inv(a33 * 0); torch.inverse(2); torch.linalg.inv(s)
torch.linalg.inv(a33.half()); torch.linalg.solve(x, x); torch.linalg.solve(a33, s); torch.linalg.solve(a33, a23); torch.linalg.solve(a33, w3, left=False)
torch.linalg.solve(a33 * 0, w3); torch.linalg.solve(int22, int22); torch.linalg.solve(a33, a33.double()); torch.linalg.solve(a33, 2); torch.linalg.solve(a233[:, :2, :2], x)
torch.linalg.solve(a233, a233[:1].expand(3, 3, 3)); torch.linalg.cholesky(x); torch.linalg.cholesky(-a33 @ a33.T); torch.linalg.cholesky(int22); torch.linalg.cholesky(a33 * np.nan)
torch.linalg.cholesky(v); torch.linalg.cholesky(a33.half()); torch.linalg.matrix_power(a33, 1.5); torch.linalg.matrix_power(x, 2); torch.linalg.matrix_power(v, 2); torch.linalg.matrix_power(a33 * 0, -1)
torch.linalg.matrix_power(int22, -1); torch.linalg.multi_dot([x]); torch.linalg.multi_dot([]); torch.linalg.multi_dot([cube, m]); torch.linalg.multi_dot([x, x]); torch.linalg.multi_dot([x, v, v])
torch.linalg.multi_dot([x, n.T]); torch.linalg.multi_dot(3); torch.cross(v, v); (__import__("warnings").simplefilter("ignore"), torch.cross(x[:, :3], w3))[1]; torch.linalg.cross(x, x); torch.linalg.cross(a33, sq, dim=2)
torch.linalg.cross(n[:, :3], a33); torch.linalg.cross(mask[:, :3], mask[:, :3]); torch.cross(a33, 3, dim=0); torch.linalg.cross(a33, sq[:2]); (__import__("warnings").simplefilter("ignore"), torch.chain_matmul())[1]
"""
