"""Padding."""

OPERANDS = {
    "im": ((2, 2, 3, 4), -3, 3), "volume": ((1, 2, 2, 3, 3), -3, 3), "none3": ((0, 3, 4), -3, 3),
}  # fmt: skip

FUNCTIONS = """
F.pad(x, (1, 1)); F.pad(x, (1, 1, 2, 0)); F.pad(x, ()); F.pad(x, (-1, 1)); F.pad(x, (-3, 1, 0, 0), value=9); F.pad(n, (1, 1), value=1.5); F.pad(n, (1, 1), value=2)
F.pad(mask, (1, 1), value=1); F.pad(mask, (1, 1)); F.pad(x, (1, 1), "constant", value=float("inf")); F.pad(x, [1, 1]); F.pad(x, (0, 0)); F.pad(s, ())
F.pad(x, (1, 1), mode="constant", value=None); F.pad(x, pad=(1, 1), value=0); F.pad(cube, (1, 0, 0, 2, 1, 1), value=-1.5); F.pad(v, (2, 3)); F.pad(empty, (1, 1, 1, 1))
F.pad(x, (-2, -2)); F.pad(x, (-1, -1, -1, 0)); F.pad(x.T, (1, 2)); torch.constant_pad_nd(x, (1, 1), 2); torch.constant_pad_nd(x, (1, -1)); F.pad(cube, (0, 0, 0, 0, 1, 0))
F.pad(x, (1, 1), "reflect"); F.pad(x, (3, 3), "reflect"); F.pad(cube, (1, 2), "reflect"); F.pad(cube, (1, 1, 1, 1), "reflect"); F.pad(im, (1, 2, 2, 0), "reflect")
F.pad(im, (1, 1, 1, 1, 1, 1), "reflect"); F.pad(volume, (1, 1, 2, 1, 1, 0), "reflect"); F.pad(im, (-1, 1, 0, 0), "reflect"); F.pad(n, (1, 1), "reflect"); F.pad(none3, (1, 1), "reflect")
F.pad(x, (5, 1), "replicate"); F.pad(cube, (1, 2), "replicate"); F.pad(cube, (1, 1, 3, 1), "replicate"); F.pad(im, (1, 2, 2, 0), "replicate"); F.pad(volume, (1, 1, 2, 1, 1, 0), "replicate")
F.pad(im, (-1, 1, 0, 0), "replicate"); F.pad(n, (1, 1), "replicate"); F.pad(im, (0, -2, 1, -1), "replicate"); F.pad(none3, (1, 1), "replicate")
F.pad(x, (4, 4), "circular"); F.pad(x, (1, 0), mode="circular"); F.pad(cube, (1, 2), "circular"); F.pad(im, (1, 2, 2, 0), "circular"); F.pad(volume, (1, 1, 2, 1, 1, 0), "circular")
F.pad(im, (-1, 1, 0, 0), "circular"); F.pad(im, (-2, 2, 0, 1), "circular"); F.pad(im, (-1, -1, 0, 0), "circular"); F.pad(n, (1, 1), "circular"); F.pad(none3, (1, 1), "circular"); F.pad(x, (0, 0), "reflect"); F.pad(x, (1, 1), "reflect", 0)
"""

ERRORS = """
F.pad(mask, (1, 1), 'reflect')
F.pad(x, (1,)); F.pad(x, (1, 1, 1, 1, 1, 1)); F.pad(x, (-3, -3)); F.pad(x, (1, 1), "reflect", value=3); F.pad(x, (4, 1), "reflect"); F.pad(v, (1, 1), "reflect")
F.pad(x, (1, 1, 1, 1), "reflect"); F.pad(im, (1, 1), "reflect"); F.pad(volume, (1, 1, 1, 1), "reflect"); F.pad(im, (-3, -3, 0, 0), "replicate"); F.pad(x, (5, 1), "circular")
F.pad(x, (1, 1), "edge"); F.pad(empty, (1, 1), "reflect"); F.pad(empty.T, (1, 1), "replicate"); F.pad(s, (1, 1)); F.pad(v, (1, 1), "circular"); F.pad(x, (1.0, 1)); F.pad(x, 1)
F.pad(torch.zeros(2, 3, 0), (1, 1), "circular")
"""

UNARY = """
F.pad(a, (1, 1)); F.pad(a, (1, 0), value=2); F.pad(a, (1, 0), value=1.5); F.pad(a.reshape(1, 2), (1, 1), "reflect"); F.pad(a.reshape(1, 2), (1, 1), "replicate"); F.pad(a.reshape(1, 2), (1, 1), "circular")
"""
