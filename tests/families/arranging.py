"""The same elements in another arrangement."""

import numpy as np

REFERENCES = {"rolled": lambda x, shifts, dims: np.roll(x, shifts, dims), "flip": np.flip}

CONSTANTS = {"times": np.array([0, 2, 1]), "times32": np.array([1, 0, 3], np.int32)}
OPERANDS = {"image": ((1, 4, 4, 4), -3, 3), "channels": ((1, 4, 1, 2), -3, 3)}

FUNCTIONS = """
torch.flip(x, [0]); torch.flip(x, (0, 1)); x.flip(0, 1); x.flip(-1); torch.flip(x, []); torch.flip(s, []); torch.flip(s, [0]); x.flip((1,)); x.flip(dims=[0]); x.repeat(repeats=(1, 2)); x.tile(dims=(2, 1)); mask.flip(0)
torch.flip(cube, dims=(0, -1)); empty.flip(1); x.T.flip(0); torch.fliplr(x); x.fliplr(); torch.flipud(v); x.flipud(); n.flip(0); cube.fliplr()
torch.roll(x, 1); torch.roll(x, (1, 2), (0, 1)); torch.roll(x, 1, 0); torch.roll(x, -1, -1); torch.roll(x, (1, 1), (0, 0)); x.roll(1, 0); x.roll((1,), (0,))
torch.roll(s, 1); torch.roll(empty, 1, 0); x.roll(shifts=7, dims=1); n.roll(2); x.T.roll(1); x.roll(0, 0); mask.roll(1, 1)
torch.rot90(x); torch.rot90(x, 2); torch.rot90(x, -1, [0, 1]); torch.rot90(cube, 1, [1, 2]); x.rot90(4); cube.rot90(k=3, dims=(2, 0)); torch.rot90(x, -3, (1, 0))
x.repeat(2, 1); x.repeat(2, 1, 1); x.repeat((2, 1)); x.repeat(0, 1); s.repeat(2); x.repeat(1, 1); v.repeat(2, 2); x.T.repeat(1, 2); empty.repeat(2, 2); n.repeat(1, 2)
torch.tile(x, (2,)); torch.tile(x, (2, 2, 2)); torch.tile(x, ()); x.tile(2); x.tile((1, 2)); s.tile(3); x.tile(1, 1); v.tile(0)
torch.repeat_interleave(x, 2); torch.repeat_interleave(x, 2, 0); torch.repeat_interleave(x, times, 0); torch.repeat_interleave(k)
torch.repeat_interleave(x, 2, 0, output_size=6); x.repeat_interleave(torch.tensor(2), 1); x.repeat_interleave(torch.tensor([2]), 1); x.repeat_interleave(0, 0)
x.repeat_interleave(times32, dim=0); s.repeat_interleave(3); x.repeat_interleave(1, 1); torch.repeat_interleave(x, repeats=times, dim=0, output_size=3)
n.repeat_interleave(2, -1); torch.repeat_interleave(times32); x.repeat_interleave(3, -2)
torch.tril(x); torch.triu(x, 1); torch.tril(cube, -1); torch.tril(mask); x.tril(1); cube.triu(); x.triu(-1); x.tril(9); x.triu(9); n.tril(); empty.triu(); torch.tril(n, diagonal=-1)
(x * 1).tril_(1); (x * 1).triu_(); (n * 1).tril_(); (cube * 1).triu_(diagonal=1); torch.triu(mask, 1)
[(t, F.pixel_shuffle(t, 1).mul_(2))[0] for t in [image * 1]][0]; [(t, F.pixel_unshuffle(t, 1).mul_(2))[0] for t in [image * 1]][0]
[(t, F.pixel_unshuffle(t, 4).mul_(2))[0] for t in [image * 1]][0]; F.pixel_shuffle(image, 2); torch.pixel_shuffle(image, 2); F.pixel_unshuffle(image, 2); torch.pixel_unshuffle(image[0], 4); F.pixel_shuffle(image[0], 1)
F.channel_shuffle(channels, 2); torch.channel_shuffle(image, 4); F.channel_shuffle(cube.transpose(1, 2), 2); F.channel_shuffle(image, 1)
torch.vander(v.detach()); torch.vander(v.detach(), 3); torch.vander(k, N=3, increasing=True); torch.vander(v.detach(), increasing=True); torch.vander(v.detach(), 0); torch.linalg.vander(v); torch.linalg.vander(x, N=2); torch.linalg.vander(k, N=5); torch.linalg.vander(s, N=3)
(x * 1).fill_diagonal_(7); (x.T * 1).fill_diagonal_(7); (x * 1).fill_diagonal_(0.5) * y; (x.repeat(3, 1)[:, :2] * 1).fill_diagonal_(7, wrap=True)
x[:, :3].repeat(1, 1).fill_diagonal_(2)[None].repeat(3, 1, 1).fill_diagonal_(9)
"""

CREATION = """
torch.tril_indices(3, 4); torch.triu_indices(3, 4, 1); torch.tril_indices(3, 4, -1, dtype=torch.int32); torch.tril_indices(0, 4); torch.triu_indices(3, 2, -5)
torch.triu_indices(row=3, col=3, offset=1); torch.tril_indices(3, 4, 9); torch.triu_indices(3, 0); torch.zeros(7, 3).fill_diagonal_(7, wrap=True)
torch.zeros(7, 3).fill_diagonal_(7); torch.zeros(3, 3, 3).fill_diagonal_(7); torch.zeros(3, 7, dtype=torch.int64).fill_diagonal_(1.5); torch.zeros(3, 7).fill_diagonal_(1, wrap=True)
torch.zeros(2, 3).flip(0).stride()
"""

ERRORS = """
torch.flip(x, [0, 0]); torch.flip(x, [2]); torch.flip(x, 0); torch.fliplr(v); torch.flipud(s)
torch.roll(x, (1, 2), (0,)); torch.roll(x, (1, 2)); torch.roll(x, 1, 5); torch.roll(s, 1, 0)
torch.rot90(x, 1, [1, 1]); torch.rot90(v); torch.rot90(x, 1, [0, 1, 0]); torch.rot90(x, 1, [0, 5])
x.repeat(2); x.repeat(-1, 1); s.repeat(); x.tile(-1)
torch.repeat_interleave(x, 2, 0, output_size=5); x.repeat_interleave(k, 1); x.repeat_interleave(-k, 0); x.repeat_interleave(-1, 0); x.repeat_interleave(k.float(), 0)
s.repeat_interleave(3, 0); x.repeat_interleave(2, 5); torch.repeat_interleave(x, k, 0, output_size=5)
torch.tril(v); torch.triu(s); torch.tril_indices(-1, 4); torch.tril_indices(3, 4, dtype=torch.float32); torch.vander(x); torch.linalg.vander(s); torch.linalg.vander(v, N=1); torch.linalg.vander(mask)
F.pixel_shuffle(image, 3); F.pixel_shuffle(x, 2); F.pixel_unshuffle(image, 3); F.channel_shuffle(image, 3); F.channel_shuffle(x, 2)
(cube * 1).fill_diagonal_(1); (v * 1).fill_diagonal_(1)
"""

UNARY = """
a.flip(0); a.roll(1); torch.tril(a.reshape(1, 2)); torch.triu(a.reshape(2, 1), 1); a.repeat(2); a.tile(2, 1); a.repeat_interleave(2); a.repeat_interleave(torch.tensor([1, 2])); torch.vander(a)
torch.repeat_interleave(a); a.reshape(1, 2).rot90(); (a.reshape(1, 2) * 1).fill_diagonal_(1); (a.reshape(2, 1) * 1).tril_(); F.pixel_shuffle(a.repeat(2).reshape(1, 4, 1, 1), 2)
"""
