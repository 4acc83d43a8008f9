"""Mistakes that a type checker must find: one on each line that is marked, and no others. Nothing here is called."""

import numpy as np

import microgradnp as torch
import microgradnp.nn.functional as F
from microgradnp import Tensor, nn


def unknown_names(x: Tensor) -> None:
    x.relux()  # error: unknown method
    x.shape.numels()  # error: unknown method
    torch.expp(x)  # error: unknown function
    torch.viz.graph(x).show_all()  # error: unknown method
    print(nn.Linear(2, 4).weights)  # error: unknown attribute


def wrong_arguments(x: Tensor, array: np.ndarray) -> None:
    x.add("1")  # error: a string is no operand
    x.sum(dim="rows")  # error: dimensions are numbers
    x.sum(axes=0)  # error: unknown parameter
    x.reshape("2", 3)  # error: sizes are numbers
    x.backward(1.0)  # error: the gradient is a Tensor
    x @ 2  # error: a matrix product with a number
    x["first"]  # error: a string is no index
    x.grad = 0.0  # error: a gradient is a Tensor or None
    x.is_leaf = True  # error: no setter
    torch.exp(1.0)  # error: a number is no Tensor
    torch.matmul(array, array)  # error: one of the two must be a Tensor
    torch.cat(x)  # error: a list of Tensors
    torch.zeros("2")  # error: sizes are numbers
    F.mse_loss(x)  # error: no target
    F.mse_loss(x, 1.0)  # error: a number is no target
    torch.cumsum(x)  # error: along which dimension?
    torch.zeros(2, dtypes=torch.int32)  # error: unknown option
    torch.randint(3, size=2)  # error: a size is a sequence
    torch.rand(2, device=0.5)  # error: a device has a name
    torch.topk(x, 1, out=x)  # error: two results need two tensors
    torch.exp_(x, out=x)  # error: it writes into its operand
    torch.linalg.inv(2.0)  # error: a number is no Tensor
    torch.stack([1.0, 2.0])  # error: a list of numbers is none of Tensors


def wrong_results(x: Tensor) -> None:
    x.grad.sum()  # error: it may be None
    size: int = x.shape  # error: a Size is no number
    flag: bool = x == 0  # error: a comparison gives a Tensor
    total: list[float] = x.max(dim=0)  # error: a pair of Tensors
    torch.sort(x).sum()  # error: a pair of Tensors
    torch.frexp(x).values.sum()  # error: its parts have other names
    x.nonzero(as_tuple=True).sum()  # error: a tuple
    x.split(1).clone()  # error: a tuple
    print(size, flag, total)
