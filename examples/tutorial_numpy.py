"""Learn XOR with a 2-4-1 sigmoid network: NumPy alone, and every gradient derived by hand.

No automatic differentiation happens here.  The method `NeuralNetwork.gradients` spells out the chain rule one line at
a time, and an autograd library exists so that nobody has to write (and debug) that method again.  The gradients carry
PyTorch's parameter names and shapes, so they can be compared with what `loss.backward()` computes.

    python tutorial_numpy.py
    python tutorial_numpy.py --seed 7
    python tutorial_numpy.py --epochs 1000 --lr 0.1     # too little training: XOR is not learned

Three mistakes are easy to make in a program like this one.  Look for the comments "Fault 1" to "Fault 3":

1. calling `sigmoid(x, derivative=True)` although `sigmoid` takes no such argument;
2. subtracting targets of shape (4,) from outputs of shape (4, 1), which NumPy quietly broadcasts to (4, 4);
3. stopping long before the network has learned anything.
"""

import argparse
import sys

import numpy as np

# XOR: the answer is 1 when exactly one of the two inputs is 1.
XOR_INPUTS = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
XOR_TARGETS = np.array([0.0, 1.0, 1.0, 0.0])

# XOR counts as learned when every output is closer to its target than this.
TOLERANCE = 0.1

# Fault 3: 1000 epochs at a learning rate of 0.1 leave all the outputs near 0.5, whatever the seed.  The gradient of
# the first layer contains two slopes of a sigmoid, each at most 1/4, and an average over the samples: it is small, so
# the steps along it may be large.  The initial weights matter too.  Small ones keep every hidden unit on the steep part
# of its sigmoid, where it can still learn; from a standard deviation of 1, about 20 networks in 10,000 end up stuck.
# With the three values below, each of the seeds 0 to 9999 learns XOR.
EPOCHS = 5000
LEARNING_RATE = 5.0
STD = 0.3

# PyTorch's layout: a weight has one row per output of its layer and one column per input.
SHAPES = {"hidden.weight": (4, 2), "hidden.bias": (4,), "output.weight": (1, 4), "output.bias": (1,)}


class NeuralNetwork:
    """Two inputs, one hidden layer of four sigmoid units, one sigmoid output.

    `parameters` is a dictionary from the names in `SHAPES` to arrays, all drawn from a normal distribution with mean 0
    and standard deviation `std`.  The same seed always gives the same network.
    """

    def __init__(self, seed=0, std=STD):
        """Draw the initial parameters."""
        # The draws must differ from one another: hidden units that start out equal get equal gradients, and so would
        # remain copies of a single unit for ever.
        rng = np.random.default_rng(seed)
        self.parameters = {name: rng.normal(0.0, std, shape) for name, shape in SHAPES.items()}

    @staticmethod
    def sigmoid(x, derivative=False):
        """Return 1 / (1 + exp(-x)), or with `derivative=True` the slope of that curve at `x`.

        Fault 1: the argument `derivative` really exists, and `x` means the same thing with and without it: the number
        that goes INTO the sigmoid, never the one that came out.
        """
        # exp(-x) overflows for very negative x.  exp(-|x|) lies between 0 and 1 and cannot; for a negative x, multiply
        # the numerator and the denominator of the definition by exp(x) to get exp(x) / (1 + exp(x)).
        x = np.asarray(x, dtype=float)
        e = np.exp(-np.abs(x))
        s = np.where(x >= 0, 1.0, e) / (1.0 + e)
        return s * (1.0 - s) if derivative else s

    def forward_propagation(self, X):
        """Return the outputs, shape (n, 1), for the n inputs in the rows of `X`, shape (n, 2)."""
        return self._forward(as_inputs(X))[-1]

    def loss(self, X, y):
        """Return the mean squared error between the outputs for `X` and the targets `y`."""
        X = as_inputs(X)
        return float(np.mean((self._forward(X)[-1] - as_column(y, len(X))) ** 2))

    def gradients(self, X, y):
        """Return the gradient of the mean squared error for each parameter: same names, same shapes.

        With n samples, the forward pass computes

            z1 = X @ W1.T + b1          (n, 4)      W1 is hidden.weight (4, 2), b1 is hidden.bias (4,)
            h  = sigmoid(z1)            (n, 4)
            z2 = h @ W2.T + b2          (n, 1)      W2 is output.weight (1, 4), b2 is output.bias (1,)
            o  = sigmoid(z2)            (n, 1)
            L  = sum((o - y)**2) / n    one number

        Backpropagation walks up this list from the last line to the first.  Each step multiplies dL/d(result) by the
        derivative of that one line, and every gradient has the shape of the quantity it belongs to.
        """
        X = as_inputs(X)
        y = as_column(y, len(X))
        z1, h, z2, o = self._forward(X)
        W2 = self.parameters["output.weight"]

        # L = sum((o - y)**2) / n: each output enters through its own square, whose derivative is 2 (o - y).
        dL_do = 2.0 * (o - y) / len(X)  # (n, 1)

        # o = sigmoid(z2) acts on each element by itself, so the chain rule is an elementwise product.
        dL_dz2 = dL_do * self.sigmoid(z2, derivative=True)  # (n, 1)

        # z2[i] = sum over j of h[i, j] W2[0, j], plus b2.  So dz2[i]/dW2[0, j] = h[i, j] and dz2[i]/db2 = 1.
        # All the samples share W2 and b2, hence the sums over i; for W2, the matrix product does the summing.
        dL_dW2 = dL_dz2.T @ h  # (1, n) @ (n, 4) -> (1, 4)
        dL_db2 = dL_dz2.sum(axis=0)  # (1,)

        # The same line once more, now as a function of h: dz2[i]/dh[i, j] = W2[0, j].
        dL_dh = dL_dz2 @ W2  # (n, 1) @ (1, 4) -> (n, 4)

        # h = sigmoid(z1), again element by element.
        dL_dz1 = dL_dh * self.sigmoid(z1, derivative=True)  # (n, 4)

        # z1[i, j] = sum over k of X[i, k] W1[j, k], plus b1[j]: the same reasoning as for z2, with X in place of h.
        dL_dW1 = dL_dz1.T @ X  # (4, n) @ (n, 2) -> (4, 2)
        dL_db1 = dL_dz1.sum(axis=0)  # (4,)

        return {"hidden.weight": dL_dW1, "hidden.bias": dL_db1, "output.weight": dL_dW2, "output.bias": dL_db2}

    def train(self, X, y, epochs=EPOCHS, learning_rate=LEARNING_RATE):
        """Take `epochs` steps of gradient descent, each on all the samples, and return the final loss."""
        for _ in range(epochs):
            # Compute all the gradients first and change the parameters afterwards: the formulas above describe one
            # network, not one that is half way through its update.
            for name, gradient in self.gradients(X, y).items():
                self.parameters[name] -= learning_rate * gradient
        return self.loss(X, y)

    def _forward(self, X):
        """Return z1, h, z2 and o as named in `gradients`; the backward pass needs all four."""
        p = self.parameters
        z1 = X @ p["hidden.weight"].T + p["hidden.bias"]
        h = self.sigmoid(z1)
        z2 = h @ p["output.weight"].T + p["output.bias"]
        return z1, h, z2, self.sigmoid(z2)


def as_inputs(X):
    """Return `X` as an array of floats, or refuse it unless its shape is (n, 2) with n at least 1."""
    X = np.asarray(X, dtype=float)
    if X.ndim != 2 or X.shape[1] != 2 or len(X) == 0:
        raise ValueError(f"X must have shape (n, 2), one sample in each of n >= 1 rows, but its shape is {X.shape}")
    return X


def as_column(y, n):
    """Return the targets `y` for `n` samples as a column of shape (n, 1), the shape of the network's outputs.

    Fault 2: outputs of shape (4, 1) minus targets of shape (4,) are no error for NumPy, which broadcasts them to shape
    (4, 4): every output minus every target.  With luck, a later line then fails with a puzzling message about shapes.
    Without luck nothing fails, and training pulls every output towards the average of all the targets.  So a list of n
    targets is turned into a column on purpose, and every other shape is refused.
    """
    y = np.asarray(y, dtype=float)
    if y.shape not in {(n,), (n, 1)}:
        raise ValueError(f"y must have shape ({n},) or ({n}, 1), one target per row of X, but its shape is {y.shape}")
    return y.reshape(n, 1)


def parse_arguments(argv=None):
    """Read the options, refusing the values that make no sense."""
    parser = argparse.ArgumentParser(description="Learn XOR with NumPy and gradients derived by hand.")
    parser.add_argument("--seed", type=int, default=0, help="seed of the initial parameters (default: %(default)s)")
    parser.add_argument("--epochs", type=int, default=EPOCHS, help="number of training steps (default: %(default)s)")
    parser.add_argument("--lr", type=float, default=LEARNING_RATE, help="learning rate (default: %(default)s)")
    arguments = parser.parse_args(argv)
    if arguments.seed < 0 or arguments.epochs < 0:
        parser.error("--seed and --epochs must not be negative")
    return arguments


def main(argv=None):
    """Train on XOR and print what the network answers; return 0 if it learned XOR and 1 if it did not."""
    arguments = parse_arguments(argv)
    network = NeuralNetwork(seed=arguments.seed)
    loss = network.train(XOR_INPUTS, XOR_TARGETS, epochs=arguments.epochs, learning_rate=arguments.lr)
    outputs = network.forward_propagation(XOR_INPUTS)[:, 0]

    print(f"mean squared error after {arguments.epochs} epochs: {loss:.6f}")
    print("inputs   target   output")
    for (a, b), target, output in zip(XOR_INPUTS, XOR_TARGETS, outputs, strict=True):
        print(f" {a:.0f}  {b:.0f}      {target:.0f}      {output:.4f}")

    # "not (... < ...)" rather than ">=", so that an output which is not a number counts as a failure as well.
    worst = np.abs(outputs - XOR_TARGETS).max()
    if not worst < TOLERANCE:
        message = f"XOR was not learned: an output is off by {worst:.2f}, and {TOLERANCE} is the limit."
        print(f"{message}  Try more epochs, or another learning rate or seed.", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
