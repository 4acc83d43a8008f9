"""Views of a part, and splitting."""

FUNCTIONS = """
torch.narrow(x, 0, 1, 2); x.narrow(1, -3, 2); torch.narrow(x, 0, 3, 0); torch.narrow(x, dim=-1, start=0, length=4); x.narrow(0, three - 2, 1)
torch.narrow_copy(x, 0, 1, 2); x.narrow_copy(1, 2, 1); torch.select(x, 0, 1); x.select(-1, -2); cube.select(1, three - 1); v.select(0, 2)
torch.select(input=cube, dim=2, index=0); n.select(0, 1); empty.narrow(0, 0, 0)
torch.split(x, 2); torch.split(x, [1, 2]); torch.split(empty, 0); torch.split(empty, 2); x.split(2, dim=1); x.split([1, 3], dim=-1)
torch.split(x, (1, 2)); x.split(split_size=3, dim=1); torch.split(tensor=x, split_size_or_sections=1); x.split(9)
x.split_with_sizes([1, 3], 1); torch.split_with_sizes(x, [0, 3, 1], 1); torch.chunk(x, 2); torch.chunk(x, 5); torch.chunk(empty, 3)
x.chunk(3, -1); x.chunk(chunks=2, dim=1); torch.unbind(x); x.unbind(1); cube.unbind(dim=-1); torch.unbind(v); n.unbind()
torch.tensor_split(x, 2, 1); torch.tensor_split(x, 3, 1); torch.tensor_split(x, [1, 3], 1); torch.tensor_split(x, (1, 9), 1)
x.tensor_split(torch.tensor([1, 3]), 1); torch.tensor_split(x, three - 1, 1); torch.tensor_split(x, indices=[1]); x.tensor_split(sections=2)
torch.tensor_split(x, [2, 1], 1); torch.tensor_split(x, [-1], 1); x.tensor_split((), 0); torch.tensor_split(x, 7)
torch.hsplit(x, 2); torch.hsplit(v, 2); torch.hsplit(v, [1]); x.hsplit((1, 2)); torch.vsplit(x, 3); x.vsplit([1]); torch.dsplit(cube, 2)
cube.dsplit([1, 3]); cube.hsplit(3)
"""

CREATION = """
torch.narrow_copy(torch.ones(3), 0, 0, 2, out=torch.zeros(2))
torch.arange(12).reshape(3, 4).narrow_copy(1, -1, 1); [t for t in [torch.zeros(3, 4)] for u in [t.narrow(1, 1, 2).fill_(2)]][0]; [t for t in [torch.zeros(3, 4)] for u in [t.select(0, 1).fill_(2)]][0]
[t for t in [torch.zeros(3, 4)] for u in [t.split(2)[1].fill_(2)]][0]; [t for t in [torch.zeros(3, 4)] for u in [t.unbind(1)[1].fill_(2)]][0]
[t for t in [torch.zeros(3, 4)] for u in [t.narrow_copy(1, 1, 2).fill_(2)]][0]; torch.unbind(torch.zeros(0, 3)); torch.zeros(3, 4).chunk(2, 1)[1].stride()
"""

ERRORS = """
torch.narrow(x, 0, 1, 3); torch.narrow(x, 0, 4, 0); torch.narrow(x, 0, -4, 1); torch.narrow(x, 0, 1, -1); torch.narrow(x, 2, 1, 1)
torch.narrow(x, 0, k, 2); torch.narrow(s, 0, 0, 1); x.narrow_copy(0, -1, 3); x.narrow(0, 0.5, 1)
torch.select(x, 0, -4); torch.select(x, 0, 5); torch.select(x, 3, 0); torch.select(s, 0, 0); x.select(0, 0.5)
torch.split(x, [1, 1]); torch.split(x, 0); torch.split(x, -1); torch.split(s, 1); torch.split(x, 2.0); torch.split(x, 1, 2)
x.split_with_sizes([2, 2], 0); x.split_with_sizes([-1, 4], 0); torch.chunk(x, 0); torch.chunk(s, 1); torch.unbind(s); x.unbind(2)
torch.tensor_split(x, 0); torch.tensor_split(s, 1); x.tensor_split(torch.tensor([[1]])); x.tensor_split(torch.tensor([1.0]))
torch.hsplit(x, 3); torch.hsplit(s, 1); torch.vsplit(v, 3); torch.dsplit(x, 2); torch.vsplit(x, 2)
"""
