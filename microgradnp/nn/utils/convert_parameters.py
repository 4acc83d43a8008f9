"""The parameters of a model as one vector."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ...ops.joining import cat
from ...tensor import Tensor


def parameters_to_vector(parameters: Iterable[Tensor]) -> Tensor:
    """All elements of all parameters in one vector, which is in the graph.

    Raises RuntimeError for a parameter that is not contiguous, and for none at all.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.parameters_to_vector.html
    """
    flat: Any = [parameter.view(-1) for parameter in parameters]  # type: ignore[attr-defined]
    return cat(flat)


def vector_to_parameters(vec: Tensor, parameters: Iterable[Tensor]) -> None:
    """Lay the parameters, one after the other, into the memory of a vector: they then hold its values.

    Raises TypeError unless ``vec`` is a Tensor, and RuntimeError when it is too short; nothing has
    changed then.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.vector_to_parameters.html

    >>> import microgradnp
    >>> from microgradnp import nn
    >>> layer = nn.Linear(2, 1)
    >>> nn.utils.vector_to_parameters(microgradnp.tensor([1.0, 2.0, 3.0]), layer.parameters())
    >>> layer.weight.tolist(), layer.bias.tolist()
    ([[1.0, 2.0]], [3.0])
    """
    if not isinstance(vec, Tensor):
        raise TypeError(f"vector_to_parameters: vec must be a Tensor, got {type(vec).__name__}")
    parameters = list(parameters)
    wanted = sum(parameter.numel() for parameter in parameters)
    if vec.numel() < wanted:
        raise RuntimeError(f"vector_to_parameters: vec has {vec.numel()} elements, the parameters have {wanted}")
    start = 0
    for parameter in parameters:
        end = start + parameter.numel()
        parameter.data = vec[start:end].view_as(parameter).data  # type: ignore[attr-defined]
        start = end
