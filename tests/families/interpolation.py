"""Other sizes."""

from __future__ import annotations

OPERANDS = {"line": ((2, 3, 5), -3, 3), "photo": ((1, 2, 4, 5), -3, 3), "scan": ((1, 1, 2, 3, 4), -3, 3)}

FUNCTIONS = """
F.interpolate(line, 8); F.interpolate(line, 10); F.interpolate(line, 3); F.interpolate(line, 5); F.interpolate(line, scale_factor=2); F.interpolate(line, scale_factor=1.7); F.interpolate(line, scale_factor=(0.5,)); F.interpolate(line[:0], 3); F.interpolate(line, 1)
F.interpolate(line, 8, mode="nearest-exact"); F.interpolate(line, 3, None, "nearest-exact"); F.interpolate(line, scale_factor=1.3, mode="nearest-exact"); F.interpolate(line.transpose(1, 2), scale_factor=3)
F.interpolate(line, 8, mode="linear"); F.interpolate(line, 3, mode="linear"); F.interpolate(line, 1, mode="linear"); F.interpolate(line, 5, mode="linear"); F.interpolate(line, 8, mode="linear", align_corners=True); F.interpolate(line, 1, mode="linear", align_corners=True)
F.interpolate(line, scale_factor=2.3, mode="linear"); F.interpolate(line, scale_factor=2.3, mode="linear", recompute_scale_factor=True); F.interpolate(line, scale_factor=2.3, mode="linear", align_corners=True); F.interpolate(line[:, :, :1], 4, mode="linear")
F.interpolate(photo, 8); F.interpolate(photo, (8, 10)); F.interpolate(photo, scale_factor=3); F.interpolate(photo, (3, 11)); F.interpolate(photo, scale_factor=(2, 0.5)); F.interpolate(photo, (7, 3), mode="nearest-exact"); F.interpolate(photo, scale_factor=1.7, recompute_scale_factor=True)
F.interpolate(photo, (7, 3), mode="bilinear"); F.interpolate(photo, [2, 9], mode="bilinear", align_corners=True); F.interpolate(photo, scale_factor=2, mode="bilinear", align_corners=False); F.interpolate(photo.transpose(2, 3), 3, mode="bilinear"); F.interpolate(photo[:0], 3, mode="bilinear")
F.interpolate(line, 3, mode="area"); F.interpolate(photo, (3, 7), mode="area"); F.interpolate(photo, scale_factor=0.5, mode="area"); F.interpolate(scan, (3, 2, 6)); F.interpolate(scan, scale_factor=2); F.interpolate(scan, (3, 5, 2), mode="trilinear"); F.interpolate(scan, scale_factor=1.5, mode="trilinear", align_corners=True)
"""

WARNS = """
F.upsample(line, 8); F.upsample(photo, scale_factor=2, mode="bilinear"); F.upsample_nearest(photo, 3); F.upsample_bilinear(photo, scale_factor=2)
"""

CREATION = """
F.interpolate(torch.arange(5, dtype=torch.uint8).reshape(1, 1, 5), 8); F.interpolate(torch.arange(5.0).half().reshape(1, 1, 5) / 3, 8, mode="linear"); F.interpolate(torch.arange(5.0).half().reshape(1, 1, 5), 7)
[[F.interpolate(torch.arange(float(n)).reshape(1, 1, n), m, mode=mode).tolist() for n in range(1, 40, 5) for m in range(1, 120, 3)] for mode in ("nearest", "nearest-exact")]
[[F.interpolate(torch.arange(n, dtype=torch.float64).reshape(1, 1, n), m, mode=mode).tolist() for n in range(2, 40, 5) for m in range(1, 120, 3)] for mode in ("nearest", "nearest-exact")]
[[F.interpolate(torch.arange(float(n)).reshape(1, 1, n), scale_factor=s, mode=mode).tolist() for n in range(7, 40, 5) for s in (0.3, 0.37, 0.7, 1.3, 2.1, 3.3, 1 / 3, 7)] for mode in ("nearest", "nearest-exact")]
"""

ERRORS = """
F.interpolate(line.long(), 4); F.interpolate(line > 0, 4); F.interpolate(line.long(), 4, mode="linear"); F.interpolate(line, 0); F.interpolate(line, -1); F.interpolate(line, 2.5); F.interpolate(photo, (2.0, 3)); F.interpolate(line, scale_factor=0.1)
F.interpolate(line, scale_factor=-1); F.interpolate(line, scale_factor=0); F.interpolate(line, scale_factor=(2, 2)); F.interpolate(photo, (2,)); F.interpolate(photo, (2, 2, 2)); F.interpolate(photo, 3, mode="linear"); F.interpolate(line, 3, mode="bilinear")
F.interpolate(line, 3, mode="cubic"); F.interpolate(line[0], 3); F.interpolate(line[:, :0], 3); F.interpolate(line[:, :, :0], 3); F.interpolate(line, 3, 2); F.interpolate(line); F.interpolate(line, 3, align_corners=True); F.interpolate(line, 3, align_corners=False)
F.interpolate(line, 3, mode="linear", recompute_scale_factor=True); F.interpolate(line, 3, antialias=True); F.interpolate(line, size="2"); F.interpolate(line, scale_factor="2"); F.interpolate(photo, scale_factor=torch.tensor(2.0)); F.interpolate(line, 3, mode="bicubic")
"""
