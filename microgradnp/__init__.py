"""microgradnp: PyTorch's autograd, rebuilt on NumPy.

The names and their layout are PyTorch's: ``import microgradnp as torch`` runs a PyTorch program.
"""

import math as _math
from importlib import import_module as _import_module
from typing import TYPE_CHECKING as _TYPE_CHECKING

from . import amp, autograd, cuda, dtypes, linalg, ops, random, utils
from .allocation import keep_freed_memory as _keep_freed_memory
from .amp import GradScaler, autocast
from .autograd import enable_grad, inference_mode, is_grad_enabled, no_grad, set_grad_enabled
from .autograd.anomaly_mode import is_anomaly_check_nan_enabled, is_anomaly_enabled
from .autograd.inference import is_inference, is_inference_mode_enabled
from .devices import contiguous_format, device, layout, memory_format, preserve_format, strided
from .dtypes import (
    bool_,
    can_cast,
    dtype,
    finfo,
    float16,
    float32,
    float64,
    get_default_dtype,
    iinfo,
    int8,
    int16,
    int32,
    int64,
    promote_types,
    set_default_dtype,
    uint8,
)
from .ops.face import public_names as _public_names
from .printing import set_printoptions
from .random import Generator, default_generator, get_rng_state, initial_seed, manual_seed, seed, set_rng_state
from .settings import (
    are_deterministic_algorithms_enabled,
    get_default_device,
    get_float32_matmul_precision,
    get_num_threads,
    set_default_device,
    set_float32_matmul_precision,
    set_num_threads,
    use_deterministic_algorithms,
)
from .tensor import Size, Tensor
from .utils.einops import make_known as _make_known_to_einops

_keep_freed_memory()

half, float, double = float16, float32, float64
short, int, long = int16, int32, int64
bool = bool_
inf, nan, pi, e, newaxis = _math.inf, _math.nan, _math.pi, _math.e, None

globals().update(_public_names(""))  # every operation, composite and factory whose record says so
_make_known_to_einops()

__version__ = "0.1.0"

if _TYPE_CHECKING:
    from . import accelerator, backends, compiler, func, nn, optim, serialization, testing, version, viz
    from .compiler import compile
    from .serialization import load, save

_ON_DEMAND = (  # submodules that are imported when first used
    "accelerator", "backends", "compiler", "func", "nn", "optim", "serialization", "testing",
    "version", "viz",
)  # fmt: skip
_FUNCTIONS_ON_DEMAND = {"compile": "compiler", "load": "serialization", "save": "serialization"}

_NO_DTYPES = (
    "bfloat16", "complex32", "complex64", "complex128", "cfloat", "cdouble", "chalf", "uint16", "uint32", "uint64",
    "float8_e4m3fn", "float8_e5m2", "qint8", "quint8", "qint32",
)  # fmt: skip


def __getattr__(name: str) -> object:
    if name in _ON_DEMAND:
        return _import_module(f"{__name__}.{name}")
    if name in _FUNCTIONS_ON_DEMAND:
        return getattr(_import_module(f"{__name__}.{_FUNCTIONS_ON_DEMAND[name]}"), name)
    if name in _NO_DTYPES:
        raise AttributeError(f"microgradnp has no {name}: NumPy has no such type, or no rules are written for it")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
