"""Shapes and the order of dimensions."""

FUNCTIONS = """
torch.reshape(x, (2, 6)); torch.reshape(x, (-1,)); x.reshape(4, 3); x.reshape((2, -1)); x.reshape(-1, 2); x.view(12)
x.view(2, 6); x.view(-1, 3); x.view((6, 2)); x.view_as(cube[0]); x.T.reshape(12); x.reshape_as(cube[1]); s.reshape(1, 1)
empty.reshape(3, 0); empty.reshape(-1, 3); empty.view(-1); s.view(1); s.reshape(()); v[:1].view(()); v[:1].reshape([])
x.T.view(2, 2, 3); cube.transpose(0, 1).reshape(-1); x.T.view(4, 3, 1); x.view([3, 4]); x[:, 1:3].reshape(3, 2)
torch.reshape(x, shape=(12,)); x.view(torch.int64 if x.dtype == torch.float64 else torch.int32)
x.view(torch.float32).shape; n.view(torch.int32); n.view(torch.uint8).shape
torch.permute(cube, (2, 0, 1)); cube.permute(1, -1, 0); cube.permute((0, 2, 1)); torch.transpose(x, 0, 1)
torch.permute(s, ()); torch.permute(cube, dims=(2, 0, 1)); torch.transpose(s, 0, -1); torch.transpose(cube, dim0=0, dim1=2)
cube.transpose(-1, 0); cube.transpose(1, 1)
cube.swapaxes(0, 1); torch.swapaxes(cube, 0, 1); torch.swapdims(cube, 0, 1); x.subtract(y); cube.swapdims(1, 2)
torch.t(x); x.t(); v.t(); x.T; cube.mT; s.t(); x.H; x.mH; cube.mH; torch.adjoint(x); cube.adjoint()
torch.movedim(cube, 0, 2); torch.movedim(cube, (0, 1), (1, 2)); torch.moveaxis(cube, 0, -1); cube.movedim(-1, 0)
cube.moveaxis((2, 0), (0, 1)); torch.movedim(s, 0, 0); torch.movedim(x, (), ()); torch.movedim(cube, [0, -1], [-1, 0])
torch.broadcast_to(row, (3, 4)); torch.broadcast_to(column, (2, 3, 4)); row.expand(3, 4); column.expand(-1, 4)
one.expand(2, -1, 5); s.expand(2); row.expand_as(x); column.expand((3, 4)); row.expand(2, 3, -1); row.broadcast_to(3, 4)
column.broadcast_to((3, 2)); x.expand(3, 4); v[:1].expand(0); x.expand(0, 3, 4); x.expand(1, -1, -1); s.expand(())
torch.unsqueeze(x, 0); x.unsqueeze(-1); x.unsqueeze(1); x.unsqueeze(-2); s.unsqueeze(0); s.unsqueeze(-1)
torch.squeeze(one); one.squeeze(0); one.squeeze((0, 2)); x.squeeze(0); one.squeeze(-1); s.squeeze(); one.squeeze(dim=2)
torch.squeeze(one, (0, -1)); one.squeeze(()); s.squeeze(0); torch.squeeze(x, (0, 1)); x.T.unsqueeze(1).squeeze(1)
torch.flatten(cube); torch.flatten(cube, 1); cube.flatten(0, 1); cube.flatten(start_dim=-2); s.flatten(); v.flatten() * 1
torch.ravel(cube); [(t, t[:, ::2].ravel().mul_(2))[0] for t in [x * 1]][0]; [(t, t.ravel().mul_(2))[0] for t in [x * 1]][0]; x.ravel(); x.T.flatten(); x.T.ravel(); cube.flatten(1, 1) * 1; empty.flatten(); s.ravel()
torch.unflatten(x, 1, (2, 2)); x.unflatten(-1, [2, -1]); torch.unflatten(x, 0, (3,)); cube.unflatten(2, (2, 1, -1))
empty.unflatten(0, (0, 2)); empty.unflatten(1, (-1, 1)); torch.unflatten(x, dim=0, sizes=(1, 3))
torch.atleast_1d(s); torch.atleast_1d(s, v); torch.atleast_1d([s, v]); torch.atleast_2d(v); torch.atleast_2d(s, x)
torch.atleast_3d(v); torch.atleast_3d(x); torch.atleast_3d(s); torch.atleast_3d(cube); torch.atleast_2d((v, s))
torch.broadcast_tensors(v, x); torch.broadcast_tensors(s); torch.broadcast_tensors(column, row, s)
x.sum_to_size(1, 4); x.sum_to_size((4,)); x.sum_to_size(3, 4) * 1; x.sum_to_size(3, 1); cube.sum_to_size(1, 1); n.sum_to_size(4)
x.sum_to_size(()); x.view(size=(12,)); x.reshape(shape=(2, 6)); cube.permute(dims=(2, 0, 1)); row.expand(size=(3, 4)); row.broadcast_to(size=(3, 4)); x.sum_to_size(size=(1, 4)); row.expand(3, 4).view(3, 4); row.expand(3, 4).reshape(12); x.T.reshape(4, 3) * 1
"""

# Strides and whether memory is shared, which programs see.
CREATION = """
torch.broadcast_shapes((2, 1), (3,)); torch.broadcast_shapes(); torch.broadcast_shapes(2, (3, 2)); torch.broadcast_shapes((0,), 1)
torch.zeros(3, 4).T.stride(); torch.zeros(2, 3, 4).permute(2, 0, 1).stride(); torch.zeros(4).expand(3, 4).stride()
torch.zeros(3, 4).unsqueeze(1).stride()[:1]; torch.zeros(3, 4).view(3, 2, 2).stride(); torch.zeros(3, 4).T.view(2, 2, 3).stride()
torch.zeros(2, 3, 4).movedim(0, 2).stride(); torch.zeros(2, 3, 4)[:, ::2, 1:].stride(); torch.zeros(3, 4).T.reshape(12).stride()
torch.zeros(2, 3, 4).flatten(1).stride(); torch.zeros(2, 3, 4).transpose(0, 2).squeeze().stride(); torch.zeros(4).expand(3, 4)[0].stride()
[t[0].fill_(1) is t or t for t in [torch.zeros(3, 4)] for u in [t.view(12).fill_(3)]][0]
[t for t in [torch.zeros(3, 4)] for u in [t.T.fill_(2)]][0]; [t for t in [torch.zeros(3, 4)] for u in [t.T.reshape(12).fill_(2)]][0]
[t for t in [torch.zeros(3, 4)] for u in [t.expand(1, 3, 4)[0].fill_(2)]][0]; [t for t in [torch.zeros(3, 4)] for u in [t.movedim(0, 1).fill_(2)]][0]
[t for t in [torch.zeros(4)] for u in [t.expand(3, 4)[1].fill_(2)]][0]; [t for t in [torch.zeros(4)] for u in [t.unflatten(0, (2, 2))[1].fill_(2)]][0]
"""

ERRORS = """
x.permute(0, dims=(1, 0)); x.permute(sizes=(1, 0)); x.reshape(5); x.reshape(-1, 5); x.reshape(-1, -1); x.view(5); x.T.view(12); x.reshape(-2, 6); x.view("a"); x.reshape(())
x.reshape(1.5); empty.reshape(-1, 0); x.view(); x.reshape(); x.permute(); x.T.view(2, 6); x.view(2.0)
x.view(torch.float16).view(7); s.view(torch.float16)
cube.permute(0, 1); cube.permute(0, 0, 1); cube.permute(0, 1, 3); torch.permute(x, (0,)); x.transpose(0, 2); cube.t()
s.transpose(0, 2); s.transpose(1, 0); cube.H; v.H; v.mT; v.mH; v.adjoint()
torch.movedim(cube, (0, 0), (1, 2)); torch.movedim(cube, (0, 1), (1, 1)); torch.movedim(cube, (0, 1), (1,)); torch.movedim(cube, 0, 5)
torch.movedim(cube, -4, 0)
x.expand(2, 2); x.expand(4); x.expand(3, -1, 4, 4); row.expand(-1, 4); torch.broadcast_to(x, (4,)); x.expand(3, -2); v.expand(0)
torch.broadcast_to(x, (2, 4)); s.expand(-1)
x.unsqueeze(3); x.unsqueeze(-4); x.squeeze(2); x.squeeze((0, 0)); x.flatten(2); x.flatten(1, 0); x.flatten(0, 5); s.unsqueeze(1)
torch.unflatten(x, 1, (3, 2)); torch.unflatten(x, 1, ()); torch.unflatten(x, 1, (-1, -1)); torch.unflatten(x, 5, (2, 2))
torch.atleast_1d(3); torch.atleast_2d([1, 2]); torch.broadcast_tensors(v, k); torch.broadcast_tensors([v, x])
torch.broadcast_shapes((2,), (3,)); torch.broadcast_shapes((-1,), (3,))
x.sum_to_size(2, 4); x.sum_to_size(1, 3, 4); x.sum_to_size()
"""
