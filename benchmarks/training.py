"""Training steps, of a loss that a workload has written, as each framework's documentation has them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .contestants import TORCH_COMPILE, compiled, framework
from .workload import Step

Arrays = Sequence[np.ndarray]


def torch_step(name: str, forward: Callable[..., Any], optimizer: Any, *batch: Any) -> Step:
    """PyTorch's step, which is microgradnp's too. ``forward(*batch)`` gives the loss."""
    update = optimizer.step
    if name == TORCH_COMPILE:  # its documentation compiles these two parts; a backward pass follows from its forward
        torch = framework("torch")
        forward, update = torch.compile(forward), torch.compile(update)

    def step(*batch: Any) -> Any:
        loss = forward(*batch)
        optimizer.zero_grad()
        loss.backward()
        update()
        return loss

    step = compiled(step, name)
    return (lambda: step(*batch)) if batch else step


def jax_step(loss: Callable[..., Any], start: Arrays, rate: float, momentum: float, *batch: np.ndarray) -> Step:
    """One jitted function from the state to the next state and the loss; the memory of the old state is donated."""
    jax = framework("jax")

    def train(state: Any, *batch: Any) -> Any:
        parameters, velocities = state
        value, grads = jax.value_and_grad(loss)(parameters, *batch)
        if momentum:
            grads = velocities = [momentum * v + g for v, g in zip(velocities, grads, strict=True)]
        return ([p - rate * g for p, g in zip(parameters, grads, strict=True)], velocities), value

    jitted = jax.jit(train, donate_argnums=0)
    parameters = [jax.numpy.array(p) for p in start]
    state = parameters, [jax.numpy.zeros_like(p) for p in parameters] if momentum else []
    on_device = [jax.numpy.array(part) for part in batch]

    def step() -> Any:
        nonlocal state
        state, value = jitted(state, *on_device)
        return value.block_until_ready()  # with it all of the step is ready: it is one program

    return step


def descend(parameters: Arrays, grads: Arrays, velocities: Arrays, rate: float, momentum: float) -> None:
    """Stochastic gradient descent in place, for those who have no optimizers."""
    for p, g, v in zip(parameters, grads, velocities, strict=True):
        if momentum:
            v *= momentum
            v += g
            g = v
        p -= rate * g


def adam(
    parameters: Arrays, rate: float, beta1: float, beta2: float, eps: float, decay: float = 0.0
) -> Callable[[Arrays], None]:
    """Adam's update in place, and with ``decay`` AdamW's, for those who have no optimizers."""
    means, squares = ([np.zeros_like(p) for p in parameters] for _ in range(2))
    t = 0

    def update(grads: Arrays) -> None:
        nonlocal t
        t += 1
        corrected, root = rate / (1 - beta1**t), (1 - beta2**t) ** 0.5
        for p, g, m, v in zip(parameters, grads, means, squares, strict=True):
            if decay:
                p *= 1 - rate * decay
            m *= beta1
            m += (1 - beta1) * g
            v *= beta2
            v += (1 - beta2) * (g * g)
            p -= corrected * m / (np.sqrt(v) / root + eps)

    return update


def autograd_step(loss: Callable[..., Any], start: Arrays, rate: float, momentum: float, *batch: np.ndarray) -> Step:
    """HIPS autograd: the gradient of a function of a list of arrays."""
    value_and_grad = framework("autograd").value_and_grad(loss)
    parameters, velocities = [p.copy() for p in start], [np.zeros_like(p) for p in start]

    def step() -> Any:
        value, grads = value_and_grad(parameters, *batch)
        descend(parameters, grads, velocities, rate, momentum)
        return value

    return step


def mygrad_step(loss: Callable[..., Any], start: Arrays, rate: float, momentum: float, *batch: np.ndarray) -> Step:
    """MyGrad: tensors, whose arrays are updated by hand."""
    mg = framework("mygrad")
    parameters, velocities = [mg.tensor(p) for p in start], [np.zeros_like(p) for p in start]

    def step() -> Any:
        value = loss(parameters, *batch)
        value.backward()
        descend([p.data for p in parameters], [p.grad for p in parameters], velocities, rate, momentum)
        return value.data

    return step


def tinygrad_step(loss: Callable[..., Any], start: Arrays, rate: float, momentum: float, *batch: np.ndarray) -> Step:
    """tinygrad: a jitted function that realizes the loss together with what the optimizer has scheduled."""
    tinygrad = framework("tinygrad")
    parameters = [tinygrad.Tensor(p) for p in start]
    on_device = [tinygrad.Tensor(part).realize() for part in batch]
    optimizer = tinygrad.nn.optim.SGD(parameters, lr=rate, momentum=momentum)
    device = tinygrad.Device[tinygrad.Device.DEFAULT]

    @tinygrad.TinyJit
    @tinygrad.Context(TRAINING=1)
    def train(*batch: Any) -> Any:
        optimizer.zero_grad()
        value = loss(parameters, *batch).backward()
        return value.realize(*optimizer.schedule_step())

    def step() -> Any:
        value = train(*on_device)
        device.synchronize()
        return value

    return step
