"""Joining, grids, and tensors put into parts of others."""

FUNCTIONS = """
torch.cat([x, y]); torch.cat((x, column), 1); torch.cat([x, y], dim=-1); torch.concat([x, x]); torch.concatenate([x, x]); torch.cat([n, x])
torch.cat([v]); torch.cat([torch.zeros(0), x]); torch.cat([x, torch.zeros(0)], 1); torch.cat([v, torch.zeros(0), v]); torch.cat([torch.zeros(0), torch.zeros(0)])
torch.cat([empty, x[:, :3]]); torch.cat(tensors=[x, x], dim=1); torch.cat([x.T, m.expand(4, 2)], 1); torch.cat([mask, n]); torch.cat([x, x[1:1]])
torch.stack([x, y]); torch.stack((x, y), 1); torch.stack([s, s], dim=-1); torch.stack([row, row, v], -1); torch.stack([n, n], 2); torch.stack([n, x])
torch.stack(tensors=[x], dim=-3); torch.stack([empty, empty])
torch.hstack([v, v]); torch.hstack([x, y]); torch.hstack([s, v]); torch.hstack((column, x)); torch.hstack([n, x]); torch.hstack([cube, cube])
torch.vstack([v, x]); torch.row_stack([v, x]); torch.vstack((s, s)); torch.vstack([x, y]); torch.dstack([v, v]); torch.dstack([x, y]); torch.dstack([s, s])
torch.column_stack([v, x.T]); torch.column_stack([v, v]); torch.column_stack([s, s]); torch.column_stack((x, column)); torch.dstack([cube, cube[..., :1]])
torch.block_diag(x, v, s); torch.block_diag(x); torch.block_diag(x, n); torch.block_diag(empty, x); torch.block_diag(n, n)
torch.cartesian_prod(v); torch.cartesian_prod(k, k, k); torch.cartesian_prod(v, row, v[:2]); torch.cartesian_prod(v[:0], v)
torch.combinations(v); torch.combinations(v, 3); torch.combinations(v, 2, True); torch.combinations(v, r=0); torch.combinations(v, 5)
torch.combinations(v, r=2, with_replacement=True) * 2; torch.combinations(k)
torch.meshgrid(v, row, indexing="ij"); torch.meshgrid([k, k], indexing="xy"); torch.meshgrid(v, indexing="xy")
torch.meshgrid(v, row[:2], s, indexing="xy"); torch.meshgrid((v, v), indexing="ij"); torch.meshgrid(s, indexing="ij"); torch.meshgrid(v[:0], v, indexing="xy")
torch.select_scatter(x, v, 0, 1); x.select_scatter(column[:, 0], -1, -1); torch.select_scatter(x, n[0], 0, 1); x.select_scatter(src=v, dim=0, index=0)
torch.slice_scatter(x, y[:2], 0, 1); torch.slice_scatter(x, y[:1], 0, 1, 2); x.slice_scatter(y[:, :2], 1, 0, 4, 2); torch.slice_scatter(x, y[:2], 0, -2, None)
torch.slice_scatter(x, y); x.slice_scatter(y[:2], dim=0, start=0, end=-1); x.slice_scatter(n, 0); torch.slice_scatter(x, y[:0], 0, 5)
torch.diagonal_scatter(x, v[:3]); x.diagonal_scatter(v[:3], 1); torch.diagonal_scatter(cube, m[:, :2], 0, 0, 1); x.diagonal_scatter(v[:1], offset=-2)
torch.diagonal_scatter(cube, x[:2, :3], 1, dim1=-1, dim2=0) if False else cube.diagonal_scatter(x[:, :2], 0, 2, 0); x.diagonal_scatter(k, 0)
"""

CREATION = """
torch.block_diag(); torch.meshgrid(torch.arange(2), torch.arange(3), indexing="xy")[0].stride(); torch.cat([torch.zeros(2, 3).T, torch.zeros(3, 1)], 1).stride()
"""

WARNS = """
torch.meshgrid(v, row[:2]); torch.meshgrid([v, v])
"""

ERRORS = """
torch.cat([]); torch.cat([x, v]); torch.cat([x, m]); torch.cat([x, x], 2); torch.cat([x, 1]); torch.cat([s, s]); torch.cat(3); torch.cat([x, x], -3)
torch.cat([empty, x]); torch.cat([x, cube]); torch.stack([]); torch.stack([x, v]); torch.stack([x, x], 4); torch.stack([x, None])
torch.hstack([]); torch.vstack([]); torch.dstack([]); torch.column_stack([]); torch.hstack(x); torch.vstack(3); torch.hstack([x, v]); torch.vstack([x, v[:2]])
torch.block_diag(cube); torch.block_diag([x, x]); torch.cartesian_prod(v, k); torch.cartesian_prod(x); torch.cartesian_prod()
torch.combinations(v, -1); torch.combinations(x); torch.meshgrid(v, k, indexing="ij"); torch.meshgrid(x, indexing="ij"); torch.meshgrid(v, v, indexing="zz")
torch.meshgrid(indexing="ij"); torch.select_scatter(x, v, 0, 7); torch.select_scatter(x, x, 0, 1); torch.select_scatter(x, v[:1], 0, 1); torch.select_scatter(x, v, 3, 1)
torch.slice_scatter(x, x, 0, 1); torch.slice_scatter(x, x[:1], 0, 1); torch.slice_scatter(x, x, 0, 0, 3, 0); torch.diagonal_scatter(x, k[:1].float()); x.diagonal_scatter(v, 0, 1, 1)
"""

MEETINGS = """
torch.cat([a, b]); torch.stack([a, b])
torch.hstack([a, b]); torch.vstack([a, b]); torch.dstack([a, b]); torch.column_stack([a, b]); torch.block_diag(a, b)
"""

UNARY = """
torch.combinations(a); torch.cartesian_prod(a, a); a.reshape(1, 2).select_scatter(a, 0, 0); a.slice_scatter(a, 0); a.reshape(1, 2).diagonal_scatter(a[:1]); a.slice_scatter(torch.tensor([1.5]), 0, 1)
"""
