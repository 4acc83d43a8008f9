"""What programs ask of PyTorch's libraries for devices, and the flags that they set. None of them is here.

So a flag changes nothing: it chooses how a library computes that does not take part.

Source: https://docs.pytorch.org/docs/stable/backends.html

>>> import microgradnp
>>> microgradnp.backends.cudnn.benchmark = True
>>> "mps" if microgradnp.backends.mps.is_available() else "cpu"
'cpu'
"""

from __future__ import annotations

from types import SimpleNamespace

from . import cudnn as cudnn
from .cudnn import is_available as _absent

cuda = SimpleNamespace(
    is_built=_absent,
    matmul=SimpleNamespace(
        allow_tf32=False, allow_fp16_reduced_precision_reduction=True, allow_bf16_reduced_precision_reduction=True
    ),
)
mps = SimpleNamespace(is_available=_absent, is_built=_absent)
mkl = SimpleNamespace(is_available=_absent)
mkldnn = SimpleNamespace(is_available=_absent, enabled=True)
openmp = SimpleNamespace(is_available=_absent)
