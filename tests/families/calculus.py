"""Derivatives of functions that are known at points only."""

from __future__ import annotations

OPERANDS = {"surface": ((3, 4), -3, 3)}

FUNCTIONS = """
torch.gradient(surface); torch.gradient(surface, dim=0); torch.gradient(surface, dim=(1, 0), spacing=2.0); torch.gradient(surface, spacing=(2.0, 3))
torch.gradient(surface, dim=-1, edge_order=2); torch.gradient(surface, edge_order=2, spacing=0.5); torch.gradient(surface[:2], dim=0)
torch.gradient(surface, spacing=[torch.tensor([0.0, 1.0, 3.0]).to(surface), torch.tensor([0.0, 1.0, 3.0, 7.0]).to(surface)])
torch.gradient(surface, spacing=(torch.tensor([0.0, 1.0, 3.0, 7.0]).to(surface),), dim=1, edge_order=2); torch.gradient(torch.tensor([1, 4, 9]))
torch.gradient(surface + torch.tensor([0, 0, 1e20, 0]).to(surface), dim=1)[0][:, 2]; torch.gradient(surface[0], spacing=0.5); torch.gradient(torch.tensor(1.0)); torch.gradient(surface, dim=())
"""

SPECIAL = """
torch.gradient(z); torch.gradient(a, spacing=0.5, dim=0)
"""

ERRORS = """
torch.gradient(surface, edge_order=3); torch.gradient(surface[:1], dim=0); torch.gradient(surface[:2], dim=0, edge_order=2); torch.gradient(surface, dim=2)
torch.gradient(surface, spacing=(2.0,)); torch.gradient(surface, dim=(0, 0))
torch.gradient(surface, spacing=torch.ones(3), dim=0); torch.gradient("a")
"""
