"""Dropout: the random numbers are PyTorch's for the same seed."""

from __future__ import annotations

OPERANDS = {"voxels": ((2, 3, 2, 1, 2), -3, 3), "wide": ((5, 40), -3, 3)}

FUNCTIONS = """
[torch.manual_seed(1), F.dropout(x)][1]; [torch.manual_seed(1), F.dropout(x, 0.3)][1]; [torch.manual_seed(1), F.dropout(wide, p=0.8)][1]
[torch.manual_seed(1), F.dropout(x), torch.rand(2)][2]; [torch.manual_seed(1), F.dropout(x.T)][1]; [torch.manual_seed(1), F.dropout(cube.permute(1, 2, 0))][1]; [torch.manual_seed(1), F.alpha_dropout(cube.permute(2, 0, 1)[:, ::2], training=True)][1];
[torch.manual_seed(1), F.dropout(row.expand(3, 4))][1]; [torch.manual_seed(1), F.dropout(column.expand(3, 4))][1]; [torch.manual_seed(1), F.dropout1d(cube.mT)][1]
[torch.manual_seed(1), F.dropout(one.expand(2, 3, 4))][1]; [torch.manual_seed(1), F.dropout(row.expand(2, 3, 4).mT)][1]; [torch.manual_seed(1), F.dropout(s)][1]
[torch.manual_seed(1), F.dropout(x * 1, 0.5, True, True)][1]; [torch.manual_seed(1), F.dropout(x * 1, inplace=True)][1]
[torch.manual_seed(1), F.dropout(x, training=False), torch.rand(2)][2]; [torch.manual_seed(1), F.dropout(x, 0.0), torch.rand(2)][2]
[torch.manual_seed(1), F.dropout(x, 1.0), torch.rand(2)][2]; F.dropout(x, 1.0); F.dropout(x, 0.0); F.dropout(x, training=False); F.dropout(empty)
F.dropout(x * 1, 1.0, inplace=True); F.dropout(n, 0.0); F.dropout(n, 1.0); F.dropout(n, 0.5, False); [torch.manual_seed(1), F.dropout(x.half())][1].detach()
[torch.manual_seed(1), torch.dropout(x, 0.4, True)][1]; torch.dropout(x, 0.4, False); torch.dropout(x, p=1.0, train=True)
[torch.manual_seed(1), torch.dropout_(x * 1, 0.4, True)][1]; [torch.manual_seed(1), torch.alpha_dropout_(x * 1, 0.4, True)][1]
[torch.manual_seed(1), F.alpha_dropout(x, training=True)][1]; [torch.manual_seed(1), F.alpha_dropout(wide, 0.2, True)][1]; F.alpha_dropout(x)
[torch.manual_seed(1), F.alpha_dropout(x * 1, 0.3, True, True)][1]; F.alpha_dropout(x, 1.0, True); [torch.manual_seed(1), torch.alpha_dropout(x, 0.3, True)][1]
[torch.manual_seed(1), F.feature_alpha_dropout(cube, 0.4, True)][1]; [torch.manual_seed(1), F.feature_alpha_dropout(x, training=True)][1]
[torch.manual_seed(1), torch.feature_alpha_dropout(cube, 0.4, True)][1]; [torch.manual_seed(1), torch.feature_dropout(cube, 0.4, True)][1]
[torch.manual_seed(1), torch.feature_alpha_dropout_(cube * 1, 0.4, True)][1]; [torch.manual_seed(1), torch.feature_dropout_(cube * 1, 0.4, True)][1]
[torch.manual_seed(1), F.dropout1d(x)][1]; [torch.manual_seed(1), F.dropout1d(cube, 0.3)][1]; [torch.manual_seed(1), F.dropout1d(cube * 1, 0.3, True, True)][1]
F.dropout1d(x, training=False); [torch.manual_seed(1), F.dropout1d(x * 1, inplace=True)][1]; F.dropout1d(x, 1.0)
[torch.manual_seed(1), F.dropout2d(scenes)][1]
[torch.manual_seed(1), F.dropout2d(scenes * 1, 0.3, True, True)][1]; F.dropout2d(scenes, training=False)
[torch.manual_seed(1), F.dropout3d(voxels)][1]; [torch.manual_seed(1), F.dropout3d(scenes, 0.3)][1]
[torch.manual_seed(1), F.dropout3d(voxels * 1, 0.3, True, True)][1]; F.dropout3d(voxels, 0.0)
[torch.manual_seed(1), F.dropout2d(scenes, 0.3), torch.rand(2)][2]; [torch.manual_seed(1), F.dropout(F.dropout(x))][1]
"""

SPECIAL = """
F.dropout(z, 1.0); F.dropout(z, 0.0); [torch.manual_seed(1), F.dropout(z)][1]; [torch.manual_seed(1), F.alpha_dropout(z, training=True)][1]
"""

WARNS = """
[torch.manual_seed(1), F.dropout2d(cube, 0.3)][1]; [torch.manual_seed(1), F.dropout2d(x)][1]
[torch.manual_seed(1), F.dropout2d(voxels)][1]; [torch.manual_seed(1), F.dropout3d(v)][1]; [torch.manual_seed(1), F.dropout3d(x)][1]
"""

ERRORS = """
F.dropout(x, 1.5); F.dropout(x, -0.1); F.dropout(x, 1.5, False); F.dropout(x, "a"); F.dropout(n); F.dropout("a"); F.dropout(x, inplace=True)
torch.dropout(x, 1.5, True); torch.dropout(x, 0.5); F.alpha_dropout(x, 2); torch.alpha_dropout(x, -1, True); F.alpha_dropout(n, 0.5, True)
F.feature_alpha_dropout(x, 2.0); F.feature_alpha_dropout(v, 0.5, True); torch.feature_dropout(v, 0.5, True); torch.feature_dropout(x, 2.0, True)
torch.feature_alpha_dropout(x, 2.0, True); F.dropout1d(v); F.dropout1d(scenes); F.dropout1d(x, 1.5); F.dropout2d(v); F.dropout2d(scenes, -1)
F.dropout3d(voxels, 3); F.dropout(x, p=None)
"""
