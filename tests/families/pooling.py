"""Pooling."""

import microgradnp as mg

F = mg.nn.functional

OPERANDS = {"series": ((2, 3, 7), -3, 3), "plane": ((2, 2, 5, 6), -3, 3), "above": ((1, 2, 4, 5), 0.2, 3)}

FUNCTIONS = """
F.max_pool1d(series, 2); F.max_pool1d(series, 3, 2, 1); F.max_pool1d(series, 3, 1, 1, 2); F.max_pool1d(series[0], (2,), (3,), ceil_mode=True); F.max_pool1d(series, 1); F.max_pool1d(series[:0], 2)
F.max_pool1d(series, 3, 2, 1, 2, True); F.max_pool1d(series, kernel_size=2, return_indices=True); F.max_pool1d(series.transpose(1, 2), 2, 1); F.max_pool1d(series, 2, 5); F.max_pool1d(series.round(), 3, 2, 1, return_indices=True)
F.max_pool2d(plane, 2); F.max_pool2d(plane, 3, 2, 1); F.max_pool2d(plane, (2, 3), (1, 2), (1, 0), (2, 1)); F.max_pool2d(plane[0], 2, ceil_mode=True); F.max_pool2d(plane, 2, (), 0, 1, True, True); F.max_pool2d(plane, 5)
F.max_pool2d(plane, (3, 2), 1, (1, 1), 1, False, True); F.max_pool2d(plane.transpose(2, 3), 2); F.max_pool2d(plane.round(), 2, return_indices=True); F.max_pool2d(plane.round(), 3, 1, 1); F.max_pool2d(plane[..., ::2], (2,), [1]); F.max_pool2d(plane[:0], 2)
F.max_pool2d(plane.round().relu(), 2); F.max_pool2d(plane, 2, None, 1, return_indices=True); F.max_pool2d(plane * 0 - float("inf"), 2, 1, 1, return_indices=True)
F.avg_pool1d(series, 2); F.avg_pool1d(series, 3, 2, 1); F.avg_pool1d(series, 3, 2, 1, True, False); F.avg_pool1d(series[0], (2,), ceil_mode=True); F.avg_pool1d(series, 1); torch.avg_pool1d(series, 7); F.avg_pool1d(series[:0], 2)
F.avg_pool2d(plane, 2); F.avg_pool2d(plane, 3, 2, 1); F.avg_pool2d(plane, (2, 3), (1, 2), (1, 0), count_include_pad=False); F.avg_pool2d(plane[0], 2, ceil_mode=True); F.avg_pool2d(plane, 4, 3, 2, True, True); F.avg_pool2d(plane, 4, 3, 2, True, False)
F.avg_pool2d(plane, 2, divisor_override=3); F.avg_pool2d(plane, 3, 1, 1, False, True, -2); F.avg_pool2d(plane.transpose(2, 3), (3, 2), ()); F.avg_pool2d(plane[:0], 2); F.avg_pool2d(plane, 3, 2, 1, True, False, 5)
F.adaptive_max_pool1d(series, 3); F.adaptive_max_pool1d(series, 7); F.adaptive_max_pool1d(series[0], (2,), True); F.adaptive_max_pool1d(series, 9, return_indices=True); F.adaptive_max_pool1d(series, 1)
F.adaptive_max_pool2d(plane, 2); F.adaptive_max_pool2d(plane, (5, 3)); F.adaptive_max_pool2d(plane, (None, 4), True); F.adaptive_max_pool2d(plane[0], (7, 1), return_indices=True); F.adaptive_max_pool2d(plane.round(), 3, True)
F.adaptive_avg_pool1d(series, 3); F.adaptive_avg_pool1d(series, 7); F.adaptive_avg_pool1d(series[0], (2,)); torch.adaptive_avg_pool1d(series, 9); F.adaptive_avg_pool1d(series, 1)
F.adaptive_avg_pool2d(plane, 2); F.adaptive_avg_pool2d(plane, (5, 3)); F.adaptive_avg_pool2d(plane, (None, 4)); F.adaptive_avg_pool2d(plane[0], (7, 1)); F.adaptive_avg_pool2d(plane, 1); F.adaptive_avg_pool2d(plane.transpose(2, 3), (4, 2))
F.lp_pool1d(series * series + 0.1, 2, 3); F.lp_pool1d(series.abs() + 0.1, 3.0, 2, 1, True); F.lp_pool2d(above, 2, 2); F.lp_pool2d(above, 1.5, (2, 3), 1, True); F.lp_pool2d(above[0], norm_type=3, kernel_size=2, stride=(1, 2)); F.lp_pool1d(series, 1, 2)
"""

CREATION = """
F.max_pool2d(torch.arange(16).reshape(1, 4, 4), 3, 2, 1); F.max_pool2d(torch.arange(16).reshape(1, 4, 4), 2, return_indices=True); F.avg_pool2d(torch.arange(16).reshape(1, 4, 4) - 9, 2, 1, 1); F.avg_pool1d(torch.arange(6).reshape(1, 6) - 4, 2)
F.max_pool2d(torch.arange(16).reshape(1, 4, 4).to(torch.uint8), 3, 2, 1); F.max_pool2d(torch.arange(400).reshape(1, 20, 20) % 37, 17, 3, return_indices=True); F.max_pool2d(torch.arange(16.0).reshape(1, 4, 4).half(), 2)
F.avg_pool2d(torch.full((1, 4, 4), 60000.0).half(), 2); F.avg_pool2d(torch.arange(16.0).reshape(1, 4, 4).half() / 7, 3, 1, 1); F.adaptive_avg_pool2d(torch.arange(16.0).reshape(1, 4, 4).half() / 7, 3)
F.adaptive_max_pool2d(torch.arange(16.0).reshape(1, 4, 4).half() / 7, 3); F.adaptive_max_pool1d(torch.ones(2, 3), 0); F.adaptive_max_pool2d(torch.ones(2, 3, 4), (2, 0), True)[0]; F.adaptive_avg_pool1d(torch.ones(2, 3), 0)
F.adaptive_avg_pool1d(torch.ones(0, 3), 2); F.adaptive_avg_pool2d(torch.ones(2, 3, 4), (0, 2))
"""

ERRORS = """
F.max_pool1d(series, 0); F.max_pool1d(series, 2, 0); F.max_pool1d(series, 2, -1); F.max_pool1d(series, 2, 2, 2); F.max_pool1d(series, 2, 2, -1); F.max_pool1d(series, 2, 2, 0, 0); F.max_pool1d(series, 9); F.max_pool1d(series, (2, 2)); F.max_pool1d(series, 2.0)
F.max_pool1d(series, None); F.max_pool1d(series[0, 0], 2); F.max_pool1d(plane, 2); F.max_pool1d(series[:, :0], 2); F.max_pool1d(series[:, :, :0], 2); F.max_pool1d(mask, 1)
F.max_pool2d(plane, 0); F.max_pool2d(plane, 2, 0); F.max_pool2d(plane, (2, 2, 2)); F.max_pool2d(plane, 2, 1, 2); F.max_pool2d(plane, 2, 1, -1); F.max_pool2d(plane, 2, 1, 0, 0); F.max_pool2d(plane, 9); F.max_pool2d(series[0], 2); F.max_pool2d(plane[:, :0], 2)
F.max_pool2d(plane[:, :, :0], 2); F.max_pool2d(plane, None); F.max_pool2d(plane, "2"); F.max_pool2d(plane > 0, 2); F.max_pool2d(plane, 2, "same")
F.avg_pool1d(series, 0); F.avg_pool1d(series, 2, 0); F.avg_pool1d(series, 2, 1, 2); F.avg_pool1d(series, 2, 1, -1); F.avg_pool1d(series, 9); F.avg_pool1d(series, (2, 2)); F.avg_pool1d(series[0, 0], 2); F.avg_pool1d(series[:, :0], 2); F.avg_pool1d(series > 0, 2)
F.avg_pool2d(plane, 0); F.avg_pool2d(plane, 2, 1, 2); F.avg_pool2d(plane, 9); F.avg_pool2d(plane, 2, divisor_override=0); F.avg_pool2d(plane, 2, divisor_override=1.5); F.avg_pool2d(plane[:, :0], 2); F.avg_pool2d(plane, 2.5); F.avg_pool2d(torch.ones(1, 4, 4, dtype=torch.int32), 2)
F.adaptive_avg_pool1d(series, -1); F.adaptive_avg_pool1d(series, None); F.adaptive_avg_pool1d(series, (2, 2)); F.adaptive_avg_pool1d(series[0, 0], 2); F.adaptive_avg_pool1d(series[:, :, :0], 3); F.adaptive_avg_pool1d(torch.ones(1, 3, dtype=torch.int64), 2)
F.adaptive_avg_pool2d(plane, (3,)); F.adaptive_avg_pool2d(plane, -1); F.adaptive_avg_pool2d(series[0], 2); F.adaptive_avg_pool2d(plane, None); F.adaptive_avg_pool2d(plane, 2.0)
F.adaptive_max_pool1d(series, None); F.adaptive_max_pool1d(series, -1); F.adaptive_max_pool1d(series[0, 0], 2); F.adaptive_max_pool2d(plane, -2); F.adaptive_max_pool2d(torch.ones(1, 3, 3, dtype=torch.int64), 2)
F.lp_pool1d(series, 0, 3); F.lp_pool1d(series, 2, 3, 0); F.lp_pool2d(plane, 2, 9)
"""

SPECIAL = """
F.max_pool1d(z.reshape(1, -1), 3, 2, 1, return_indices=True); F.max_pool1d(z.reshape(1, -1), 2); F.avg_pool1d(z.reshape(1, -1), 2, 1); F.adaptive_avg_pool1d(z.reshape(1, -1), 3); F.adaptive_max_pool1d(z.reshape(1, -1), 4, True)
"""

UNARY = """
F.max_pool2d(a.reshape(1, 1, 2), (1, 2)); F.avg_pool2d(a.reshape(1, 1, 2), (1, 2))
"""

nan = float("nan")
KINKS = [  # the first of equal elements, the last nan
    (lambda x: F.max_pool1d(x, 3), [[[1.0, 3.0, 3.0]]], [[[0.0, 1.0, 0.0]]]),
    (lambda x: F.max_pool1d(x, 3, 2, 1), [[[2.0, 2.0, 2.0]]], [[[1.0, 1.0, 0.0]]]),
    (lambda x: F.max_pool1d(x, 3), [[[nan, nan, 3.0]]], [[[0.0, 1.0, 0.0]]]),
]
