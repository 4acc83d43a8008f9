"""An operation of one's own, with its derivative written by hand, and its test: three lines.

    python examples/custom_op.py

Prints what ``check_op`` says of a right ``backward``, and of one with a mistake that is easily made. The exit status is
1 when the right one does not pass, or the wrong one does.
"""

from __future__ import annotations

import sys

import microgradnp as mg
from microgradnp.testing import check_op


class Swish(mg.autograd.Function):
    """x * sigmoid(beta * x), with a beta for each column that can be learned: x is (n, k), beta (k,).

    Source: P. Ramachandran, B. Zoph, Q. V. Le, "Searching for Activation Functions", https://arxiv.org/abs/1710.05941
    """

    @staticmethod
    def forward(ctx, x, beta):
        ctx.save_for_backward(x, beta)
        return x * mg.sigmoid(beta * x)

    @staticmethod
    def backward(ctx, grad_output):
        x, beta = ctx.saved_tensors
        gate = mg.sigmoid(beta * x)
        slope = gate * (1 - gate)
        by_x = gate + x * beta * slope  # the product rule; beta comes from inside the sigmoid
        by_beta = x * x * slope
        return grad_output * by_x, (grad_output * by_beta).sum(0)  # beta was broadcast to all rows: so sum over them


class WrongSwish(Swish):
    """The same without the inner derivative: beta is missing. Where beta is 1, as it is at first, nothing is wrong."""

    @staticmethod
    def backward(ctx, grad_output):
        x, beta = ctx.saved_tensors
        gate = mg.sigmoid(beta * x)
        slope = gate * (1 - gate)
        return grad_output * (gate + x * slope), (grad_output * x * x * slope).sum(0)


def main() -> int:
    mg.manual_seed(0)
    x = mg.randn(4, 3, requires_grad=True)
    beta = mg.tensor([0.5, 1.0, 2.0], requires_grad=True)

    right = check_op(Swish, x, beta)  # raises GradcheckError, an AssertionError, if anything is wrong: so it is a test
    wrong = check_op(WrongSwish, x, beta, raise_exception=False)
    print(right, wrong, sep="\n\n")
    return 0 if right.ok and not wrong.ok else 1


if __name__ == "__main__":
    sys.exit(main())
