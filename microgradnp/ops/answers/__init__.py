"""NumPy's functions on Tensors that mean something else than PyTorch's, or have no record: with NumPy's signatures.

They are imported when a NumPy function is first called on a Tensor.
"""

from . import arranging, functions, order, shapes, statistics
