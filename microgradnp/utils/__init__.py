"""Tools around tensors, under PyTorch's names."""

from . import dlpack as dlpack
