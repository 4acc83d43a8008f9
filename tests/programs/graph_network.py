"""Networks on graphs: convolution and attention by indices, pooling of many graphs at once, embeddings of nodes."""

import torch
import torch.nn as nn
import torch.nn.functional as F


def scatter_mean(values, index, count):
    total = torch.zeros(count, values.size(1)).index_add_(0, index, values)
    return total / torch.bincount(index, minlength=count).clamp(min=1).unsqueeze(1)


class GraphConv(nn.Module):
    """Sums over neighbours, divided by the square roots of the degrees of both ends."""

    def __init__(self, inputs, outputs):
        super().__init__()
        self.linear = nn.Linear(inputs, outputs, bias=False)
        self.bias = nn.Parameter(torch.zeros(outputs))

    def forward(self, x, edges):
        loops = torch.arange(x.size(0)).repeat(2, 1)
        source, target = torch.cat([edges, loops], dim=1)
        degree = torch.zeros(x.size(0)).scatter_add_(0, target, torch.ones(target.numel()))
        scale = degree.pow(-0.5)
        scale[torch.isinf(scale)] = 0
        messages = self.linear(x)[source] * (scale[source] * scale[target]).unsqueeze(-1)
        return torch.zeros_like(messages[: x.size(0)]).index_add_(0, target, messages) + self.bias


class GraphAttention(nn.Module):
    def __init__(self, inputs, outputs, dropout=0.2):
        super().__init__()
        self.weight = nn.Parameter(torch.empty(inputs, outputs))
        self.query = nn.Parameter(torch.empty(outputs, 1))
        self.key = nn.Parameter(torch.empty(outputs, 1))
        self.dropout = dropout
        for parameter in self.parameters():
            nn.init.xavier_uniform_(parameter.data, gain=1.4)

    def forward(self, x, adjacency):
        h = torch.mm(x, self.weight)
        scores = F.leaky_relu(h @ self.query + (h @ self.key).T, negative_slope=0.2)
        scores = torch.where(adjacency > 0, scores, torch.full_like(scores, -9e15))
        weights = F.dropout(scores.softmax(dim=1), self.dropout, self.training)
        return F.elu(weights @ h)


def nodes():
    edges = torch.tensor([[0, 1, 1, 2, 3, 4, 5, 3, 5], [1, 0, 2, 1, 4, 3, 3, 5, 4]])
    adjacency = torch.zeros(6, 6)
    adjacency[edges[0], edges[1]] = 1
    adjacency.fill_diagonal_(1)
    x, y = torch.randn(6, 3), torch.tensor([0, 0, 0, 1, 1, 1])
    known = torch.tensor([True, True, False, True, False, True])
    conv, attention, head = GraphConv(3, 8), GraphAttention(8, 8), nn.Linear(8, 2)
    parameters = [p for module in (conv, attention, head) for p in module.parameters()]
    optimizer = torch.optim.Adagrad(parameters, lr=0.1, lr_decay=0.01)
    for epoch in range(6):
        optimizer.zero_grad()
        out = head(attention(F.relu(conv(x, edges)), adjacency))
        loss = F.cross_entropy(out[known], y[known])
        loss.backward()
        optimizer.step()
        accuracy = (out[~known].argmax(dim=1) == y[~known]).float().mean()
        print(f"epoch {epoch}: loss {loss.item():.9f}, unknown {accuracy:.3f}")


def graphs():
    """Several graphs as one; which graph a node is of stands in ``batch``. The target is the mean degree."""
    sizes = torch.tensor([3, 4, 5])
    batch = torch.repeat_interleave(torch.arange(3), sizes)
    same = batch.unsqueeze(0) == batch.unsqueeze(1)
    adjacency = (torch.rand(12, 12) < 0.5).triu(diagonal=1) & same
    edges = (adjacency | adjacency.T).nonzero().t()
    degree = torch.bincount(edges[1], minlength=12).to(torch.get_default_dtype()).unsqueeze(1)
    target = scatter_mean(degree, batch, 3)
    conv, head = GraphConv(1, 6), nn.Linear(12, 1)
    optimizer = torch.optim.Adadelta([{"params": conv.parameters()}, {"params": head.parameters(), "lr": 0.5}], rho=0.8)
    for epoch in range(5):
        h = torch.tanh(conv(degree, edges))
        largest = torch.full((3, 6), -1.0).scatter_reduce(0, batch[:, None].expand(-1, 6), h, reduce="amax")
        loss = F.huber_loss(head(torch.cat((scatter_mean(h, batch, 3), largest), dim=1)), target, delta=0.5)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        print(f"graphs {epoch}: {loss.item():.9f}")
    print(edges.shape, target.flatten().tolist(), batch.unique(return_counts=True)[1].tolist())


def walks():
    """Embeddings that are alike where random walks meet, with negative samples."""
    steps = torch.eye(8).roll(1, dims=1) + torch.eye(8).roll(-1, dims=1)
    center, context = nn.Embedding(8, 4), nn.Embedding(8, 4)
    optimizer = torch.optim.ASGD([*center.parameters(), *context.parameters()], lr=0.5)
    place = torch.arange(8)
    for epoch in range(5):
        following = torch.multinomial(steps[place], 1).squeeze(1)
        negative = torch.randint(0, 8, (8, 3))
        alike = (center(place) * context(following)).sum(dim=1)
        other = torch.einsum("nd,nkd->nk", center(place), context(negative))
        loss = -(F.logsigmoid(alike).mean() + F.logsigmoid(-other).mean())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        print(f"walk {epoch}: {loss.item():.9f}")
        place = following
    near = F.cosine_similarity(center.weight[:-1], center.weight[1:], dim=1)
    print(near.topk(3).indices.tolist(), torch.cdist(center.weight, center.weight).max().item())


def main():
    torch.manual_seed(11)
    nodes()
    graphs()
    walks()


if __name__ == "__main__":
    main()
