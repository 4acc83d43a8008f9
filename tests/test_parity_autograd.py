"""``grad``, ``backward`` and the autograd members of tensors are PyTorch's. Skipped where it is not installed."""

import pytest
from parity import check, programs

GRAD = programs("""
# an output that requires no gradient
r = autograd.grad(t.ones(()), L(1.0))

# an integer output
r = autograd.grad(t.tensor(1), L(1.0))

# no outputs
r = autograd.grad([], L(1.0))

# no inputs
r = autograd.grad(L(1.0).sum(), [])

# an input that is no tensor
r = autograd.grad(L(1.0).sum(), [3])

# outputs that are no tensors
r = autograd.grad(3, [L(1.0)])

# an input that requires no gradient
r = autograd.grad(L(1.0).sum(), C(1.0))

# an output of several elements
x = L(1.0, 2.0); r = autograd.grad(x * 2, x)

# an output of one element and one dimension
x = L(1.0); r = autograd.grad(x * 2, x)

# too few gradients
x = L(1.0); r = autograd.grad([x * 2, x * 3], x, grad_outputs=[None])

# one gradient for two outputs
x = L(1.0); r = autograd.grad([x * 2, x * 3], x, grad_outputs=C(1.0))

# None among the gradients
x = L(1.0); r = autograd.grad([x * 2, x * 3], x, grad_outputs=[None, C(5.0)])

# None for an output of several elements
x = L(1.0, 2.0); r = autograd.grad([x * 2, x.sum()], x, grad_outputs=[None, None])

# a gradient of another shape
x = L(1.0); r = autograd.grad(x * 2, x, grad_outputs=C(1.0, 1.0))

# a gradient that would broadcast
x = L(1.0, 2.0); r = autograd.grad(x * 2, x, grad_outputs=C(1.0))

# a gradient of another dtype
x = L(1.0); r = autograd.grad(x * 2, x, grad_outputs=t.ones(1))

# an integer gradient
x = L(1.0); r = autograd.grad(x * 2, x, grad_outputs=t.ones(1, dtype=t.int64))

# a number as gradient
x = L(1.0); r = autograd.grad(x * 2, x, grad_outputs=1.0)

# numbers as gradients
x = L(1.0); r = autograd.grad(x * 2, x, grad_outputs=[1.0])

# an unused input
x = L(1.0); r = autograd.grad(x * 2, [x, L(1.0, 2.0)])

# an unused input, allowed
x = L(1.0); r = autograd.grad(x * 2, [x, L(1.0, 2.0)], allow_unused=True)

# an unused input, materialized
x = L(1.0); r = autograd.grad(x * 2, [x, L(1.0, 2.0)], materialize_grads=True)

# materialized and recorded
x = L(1.0); r = autograd.grad(x * 2, [x, L(1.0, 2.0)], materialize_grads=True, create_graph=True)

# materialized but not allowed
x = L(1.0); r = autograd.grad(x * 2, [x, L(1.0, 2.0)], materialize_grads=True, allow_unused=False)

# an output as input
x = L(1.0); y = x * 2; r = autograd.grad(y, y)

# an output and what it comes from
x = L(3.0); y = x * x; r = autograd.grad(y, [y, x])

# a leaf as output
x = L(1.0); r = autograd.grad(x, x)

# an input twice
x = L(1.0); r = autograd.grad(x * 2, [x, x])

# an output twice
x = L(3.0); y = x * x; r = autograd.grad([y, y], x, [C(1.0), C(10.0)])

# generators
x = L(1.0); r = autograd.grad((y for y in [x * 2]), (y for y in [x]))

# a dict of inputs
x, y = L(1.0), L(2.0); r = autograd.grad(x * y, {"a": x, "b": y})

# only_inputs is deprecated
x = L(1.0); r = autograd.grad(x * 2, x, only_inputs=False)

# positional arguments
x = L(2.0); r = autograd.grad(x * x, x, None, True, True, True, True, False, False)

# an output in the middle and one after it
x = L(2.0); y = x * x; z = y * x; r = autograd.grad([z, y], [x, y], [C(1.0), C(1.0)])

# a gradient that is recorded for a linear function
x = L(1.0, 2.0); r = autograd.grad((x * 2).sum(), x, create_graph=True)

# third derivatives
x = L(2.0); y = x**4
for _ in range(3): y, = autograd.grad(y, x, create_graph=True)
r = y

# under no_grad
x = L(2.0); y = x**3
with t.no_grad(): g, = autograd.grad(y, x, create_graph=True)
r = g, autograd.grad(g, x)

# with respect to the gradient that was given
x, v = L(2.0), L(5.0); g, = autograd.grad(x * x, x, v, create_graph=True); r = autograd.grad(g, v)

# a place in the graph
x = L(2.0); y = x * x; edge = autograd.graph.get_gradient_edge
r = autograd.grad(y, edge(x), retain_graph=True), autograd.grad(y * 3, [edge(y)]), edge(y).output_nr

# a place in the graph as output
x = L(2.0); y = x * x; r = autograd.grad(autograd.graph.get_gradient_edge(y), x, grad_outputs=C(3.0))

# no place in the graph
r = autograd.graph.get_gradient_edge(C(1.0))
""")

BACKWARD = programs("""
# nothing
r = autograd.backward([])

# empty inputs
r = autograd.backward(L(1.0).sum(), inputs=[])

# inputs that require no gradient
r = autograd.backward(L(1.0).sum(), inputs=[C(1.0)])

# inputs that are no tensors
r = autograd.backward(L(1.0).sum(), inputs=[3])

# no tensor
r = autograd.backward(3)

# a list of numbers as gradient
(L(1.0, 2.0) * 2).backward([1.0, 1.0])

# a number as gradient
(L(1.0) * 2).backward(1.0)

# a list of one gradient
x = L(1.0, 2.0); (x * 2).backward([C(1.0, 3.0)]); r = x.grad

# inputs may be one tensor
x = L(1.0); (x * 2).backward(C(1.0), inputs=x); r = x.grad

# an input that is not reached
x, z = L(1.0), L(2.0); (x * 2).backward(inputs=(z,)); r = x.grad, z.grad

# an input in the middle keeps its gradient from now on
x = L(1.0); m = x * 2; (m * 3).backward(inputs=[m], retain_graph=True); first = m.grad.clone()
(m * 3).backward(); r = first, m.retains_grad, m.grad, x.grad

# grad_variables is deprecated
x = L(1.0); autograd.backward(x * 2, grad_variables=[None]); r = x.grad

# grad_variables beside grad_tensors
x = L(1.0); autograd.backward(x * 2, grad_tensors=[None], grad_variables=[None])

# the seed is not shared
x = L(1.0, 2.0); s = C(1.0, 1.0); x.backward(s); s.zero_(); r = x.grad

# a seed that requires gradients
x = L(1.0, 2.0); (x * 1).backward(L(1.0, 1.0)); r = x.grad

# a gradient that requires gradients gathers more
x = L(1.0); x.grad = L(1.0) * 2; (x * 2).sum().backward(); r = x.grad

# a frozen leaf
x = L(1.0); y = (x * 2).sum(); x.requires_grad_(False); y.backward(); r = x.grad

# a frozen leaf as input
x = L(1.0); y = (x * 2).sum(); x.requires_grad_(False); autograd.grad(y, x)

# a second time
x = L(2.0); y = x.exp().sum(); y.backward(); y.backward()

# grad mode in hooks
x = L(1.0); r = []; x.register_hook(lambda g: r.append(t.is_grad_enabled())); (x * 2).backward()

# a sweep inside a hook
x, z = L(1.0), L(2.0)
def hook(g):
    with t.enable_grad(): (z * 3).sum().backward()
x.register_hook(hook); (x * 2).sum().backward(); r = x.grad, z.grad

# a sweep over the same leaf inside a hook
x, z = L(1.0), L(2.0); y = x * z
def hook(g):
    with t.enable_grad(): (x * 5).sum().backward()
y.register_hook(hook); y.sum().backward(); r = x.grad, z.grad
""")

MEMBERS = programs("""
# a gradient of another shape
x = L(1.0); x.grad = C(1.0, 2.0)

# a gradient of another dtype
x = L(1.0); x.grad = t.ones(1)

# a gradient that is no tensor
x = L(1.0); x.grad = 3

# its own gradient
x = L(1.0); x.grad = x

# a gradient of a constant
x = C(1.0); x.grad = C(2.0); r = x.grad

# a float gradient of an integer
x = t.ones(1, dtype=t.int64); x.grad = t.ones(1)

# the gradient of a result is not kept
r = (L(1.0) * 2).grad

# a result may be given a gradient
x = L(1.0) * 2; x.grad = C(3.0); r = x.grad

# a gradient may be deleted
x = L(1.0); (x * 2).backward(); del x.grad; r = x.grad

# an integer cannot require gradients
t.ones(1, dtype=t.int64).requires_grad_()

# nor be set to
x = t.ones(1, dtype=t.int64); x.requires_grad = True

# requires_grad must be a bool
x = C(1.0); x.requires_grad = 3

# requires_grad_ must be given a bool
C(1.0).requires_grad_(1)

# nor None
C(1.0).requires_grad_(None)

# a result cannot be frozen
(L(1.0) * 2).requires_grad_(False)

# a result requires gradients already
x = (L(1.0) * 2).requires_grad_(True); r = x.is_leaf, x

# requires_grad cannot be deleted
x = L(1.0); del x.requires_grad

# grad_fn cannot be set
x = L(1.0); x.grad_fn = None

# is_leaf cannot be set
x = L(1.0); x.is_leaf = True

# data of another shape
x = L(1.0); x.data = C(1.0, 1.0, 1.0); (x * 2).sum().backward(); r = x.grad

# data of another dtype
x = L(1.0); x.data = t.ones(3); r = x

# integer data
x = L(1.0); x.data = t.ones(3, dtype=t.int64)

# data that is no tensor
x = L(1.0); x.data = 3

# data cannot be deleted
x = L(1.0); del x.data

# a view cannot be detached in place
(L(1.0, 2.0) * 1)[0].detach_()

# detach_ of a leaf
x = L(1.0); x.detach_(); r = x, x.is_leaf

# detach_ of a result
x = L(1.0) * 2; x.detach_(); r = x, x.is_leaf

# retain_grad of a constant
C(1.0).retain_grad()

# retain_grad of a leaf
x = L(1.0); x.retain_grad(); (x * 2).backward(); r = x.retains_grad, x.grad

# retain_grad of a result
x = L(1.0); y = x * 2; y.retain_grad(); r = y.retains_grad; y.backward(); r = r, y.grad

# names
y = L(1.0) * 2; r = y.grad_fn.name(), type(y.grad_fn).__name__, y.output_nr, L(1.0).output_nr

# the node of a leaf
x = L(1.0); node, nr = (x * 2).grad_fn.next_functions[0]
r = node.variable is x, type(node).__name__, nr, node.next_functions, node.metadata

# operands without gradient
r = [f for f, _ in (L(1.0) * C(2.0)).grad_fn.next_functions][1], len((L(1.0) + L(1.0)).grad_fn.next_functions)

# a view that was made a leaf
x = t.ones(3); y = x[:2].requires_grad_(); x.mul_(2); (y * y).sum().backward(); r = y.grad, y.is_leaf, x.requires_grad

# a view that was made a leaf, written through its base
x = t.ones(3); y = x[:2].requires_grad_(); w = t.tensor(2.0, requires_grad=True); x.mul_(w)
y.sum().backward(); r = y.is_leaf, y.requires_grad, w.grad, x

# a view that was made a leaf, stale
x = t.ones(3); y = x[:2].requires_grad_(); z = (y * y).sum(); x.mul_(2); z.backward()

# a view that was made a leaf, written to
x = t.ones(3); y = x[:2].requires_grad_(); y.mul_(2)

# attributes
x = L(1.0); x.name_of_mine = [1]; r = x.name_of_mine, hasattr(x * 2, "name_of_mine")
""")


@pytest.mark.parametrize("program", GRAD)
def test_grad(program):
    check(program)


@pytest.mark.parametrize("program", BACKWARD)
def test_backward(program):
    check(program)


@pytest.mark.parametrize("program", MEMBERS)
def test_members(program):
    check(program)
