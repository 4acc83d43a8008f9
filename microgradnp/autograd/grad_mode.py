"""The switches under PyTorch's module path: ``autograd.grad_mode.no_grad``."""

from .inference import inference_mode
from .modes import enable_grad, no_grad, set_grad_enabled

__all__ = ["enable_grad", "inference_mode", "no_grad", "set_grad_enabled"]
