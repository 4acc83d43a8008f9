"""Random numbers: PyTorch's CPU generator on NumPy arrays, number for number.

After ``manual_seed(s)`` every draw here returns what torch 2.13 returns on a CPU after ``torch.manual_seed(s)``, and
uses up the same amount of the stream, so that the two stay in step over any sequence of calls.

The stream is the 32-bit Mersenne Twister MT19937 (Matsumoto & Nishimura 1998). A *word* below is one of its outputs; a
*double word* is two in a row, the first one on top. Everything else is arithmetic on words:

===============  =======================================  ======================================================
draw             words used                               agreement with torch
===============  =======================================  ======================================================
``uniform``      1 per number, 2 in float64               bit for bit
``normal``       n < 16: 4 per pair of numbers, half a    bit for bit, given the same C library
                 pair being kept for the next time
``normal``       n >= 16: 1 per number, 2 in float64,     float32 within a few ulp (torch has logarithm, sine
                 for n numbers and 16 more if n % 16 > 0  and cosine of its own); float64 within 1e-15
                 (in float16 for n - n % 16 and these)
``integers``     1 per number, 2 if high - low >= 2**28   bit for bit
``permutation``  n - 1                                    bit for bit
``bernoulli``    2 per number, or 1 if *p* is an array    bit for bit
                 of float16 or float32
``exponential``  2 per number                             within 1 ulp; in float32 nearly always bit for bit
``multinomial``  2 per probability, or with replacement   the same indices, except among equal scores
                 2 per sample
``log_normal``   as ``normal`` with n < 16                bit for bit, given the same C library
``cauchy``       2 per number                             within 1 ulp
``geometric``    2 per number                             bit for bit
``poisson``      2 per uniform that it takes              bit for bit, given the same C library
``bits``         1 per number, 2 if the range is wide     bit for bit
===============  =======================================  ======================================================

"Bit for bit" means torch on x86-64 with AVX2, whose kernels fuse multiplication and addition. Where torch runs without
a fused multiply-add it differs from itself, and so from us, in last bits of ``uniform(low, high)``.

The files, each on top of the one below:

* ``__init__.py``: the default generator and ``torch.random``'s functions, which speak to it
* ``generator.py``: the draws, each deciding what it accepts and which words it uses
* ``box_muller.py``, ``shuffle.py``, ``choice.py``: what normal, permutation and multinomial compute from them
* ``variates.py``: what the rarer distributions compute from them
* ``borrowed.py``: the same draws from the words of a NumPy generator
* ``rounding.py``: the fused multiply-add, exactly
* ``stream.py``: the words; seeds, states and copies
* ``checks.py``: the arguments of the draws

References:
    M. Matsumoto and T. Nishimura, "Mersenne Twister: a 623-dimensionally equidistributed uniform pseudo-random number
    generator", ACM Transactions on Modeling and Computer Simulation 8(1), 1998.
    G. E. P. Box and M. E. Muller, "A note on the generation of random normal deviates", Annals of Mathematical
    Statistics 29(2), 1958.
    https://docs.pytorch.org/docs/stable/random.html
    https://docs.pytorch.org/docs/stable/generated/torch.Generator.html
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from .generator import Generator

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = [
    "Generator",
    "default_generator",
    "fork_rng",
    "get_rng_state",
    "initial_seed",
    "manual_seed",
    "seed",
    "set_rng_state",
]

default_generator = Generator()
"""The generator used where none is given. As in torch it starts from a random seed; see :func:`manual_seed`."""

default_generator.seed()

if hasattr(os, "register_at_fork"):  # else a process forked in the middle of another thread's draw finds it locked
    _lock = default_generator._lock
    os.register_at_fork(before=_lock.acquire, after_in_parent=_lock.release, after_in_child=_lock.release)


def manual_seed(seed: int) -> Generator:
    """Seed the default generator and return it: ``torch.manual_seed``.

    Args:
        seed: a number in ``[-2**63, 2**64 - 1]``, converted by ``int()``; see :meth:`Generator.manual_seed`.

    Raises:
        ValueError: *seed* is out of range.

    See https://docs.pytorch.org/docs/stable/generated/torch.manual_seed.html

    >>> manual_seed(0).uniform(2)
    array([0.4962566, 0.7682218], dtype=float32)
    """
    return default_generator.manual_seed(int(seed))


def seed() -> int:
    """Seed the default generator with the operating system's randomness and return the seed: ``torch.seed``."""
    return default_generator.seed()


def initial_seed() -> int:
    """The seed of the default generator: ``torch.initial_seed``."""
    return default_generator.initial_seed()


def source(generator: Any, rng: Any, caller: str) -> Generator:
    """What an operation draws from: its ``generator=``, the NumPy one given as ``rng=``, or the default generator."""
    if rng is not None:
        if generator is not None:
            raise TypeError(f"{caller}: give generator= or rng=, not both")
        from .borrowed import borrowed

        return borrowed(rng, caller)
    if generator is None:
        return default_generator
    if not isinstance(generator, Generator):
        raise TypeError(
            f"{caller}: argument 'generator' must be a microgradnp.Generator, not {type(generator).__name__}; a NumPy "
            "generator goes to rng="
        )
    return generator


def get_rng_state() -> Tensor:
    """The state of the default generator, see :meth:`Generator.get_state`: ``torch.get_rng_state``."""
    return default_generator.get_state()


def set_rng_state(new_state: Tensor) -> None:
    """Set the state of the default generator, see :meth:`Generator.set_state`: ``torch.set_rng_state``."""
    default_generator.set_state(new_state)


@contextlib.contextmanager
def fork_rng(
    devices: Iterable[Any] | None = None, enabled: bool = True, *, device_type: str = "cpu"
) -> Iterator[None]:  # fmt: skip
    """Draw inside the ``with`` block, and leave the default generator as it was before: ``torch.random.fork_rng``.

    Args:
        devices: accelerators whose generators to fork as well; there are none, so None or empty.
        enabled: False makes the block an ordinary one.

    Raises:
        RuntimeError: *devices* names any.

    See https://docs.pytorch.org/docs/stable/random.html

    >>> _ = manual_seed(0)
    >>> with fork_rng():
    ...     a = default_generator.uniform(2)
    >>> bool((default_generator.uniform(2) == a).all())
    True
    """
    named = list(devices or ())
    if enabled and named:
        raise RuntimeError(f"fork_rng: devices must be empty, for there is only the CPU, got {named}; leave it out")
    state = get_rng_state()
    try:
        yield
    finally:
        if enabled:
            set_rng_state(state)
