"""A small GPT: tied weights, a warm-up, groups of parameters with and without decay, and generate()."""

import math
from dataclasses import dataclass

import torch
import torch.nn as nn
from torch.nn import functional as F

TEXT = "she sells sea shells by the sea shore, and the shells she sells are sea shore shells for sure. " * 8


@dataclass
class Config:
    vocabulary: int
    context: int = 16
    width: int = 32
    heads: int = 4
    layers: int = 2
    dropout: float = 0.1


class Attention(nn.Module):
    def __init__(self, cfg):
        super().__init__()
        assert cfg.width % cfg.heads == 0, "the width must be divisible by the number of heads"
        self.heads, self.p = cfg.heads, cfg.dropout
        self.qkv = nn.Linear(cfg.width, 3 * cfg.width, bias=False)
        self.out = nn.Linear(cfg.width, cfg.width, bias=False)
        self.register_buffer("mask", torch.ones(cfg.context, cfg.context).tril().bool(), persistent=False)

    def forward(self, x):
        batch, time, width = x.shape
        q, k, v = (part.view(batch, time, self.heads, -1).transpose(1, 2) for part in self.qkv(x).chunk(3, dim=-1))
        scores = q @ k.transpose(-2, -1) / math.sqrt(width // self.heads)
        scores = scores.masked_fill(~self.mask[:time, :time], float("-inf"))
        weights = F.dropout(scores.softmax(dim=-1), self.p, training=self.training)
        return self.out((weights @ v).transpose(1, 2).contiguous().view(batch, time, width))


class Block(nn.Module):
    def __init__(self, cfg):
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(cfg.width), nn.LayerNorm(cfg.width)
        self.attention = Attention(cfg)
        self.mlp = nn.Sequential(
            nn.Linear(cfg.width, 4 * cfg.width), nn.GELU(), nn.Linear(4 * cfg.width, cfg.width), nn.Dropout(cfg.dropout)
        )

    def forward(self, x):
        x = x + self.attention(self.norm1(x))
        return x + self.mlp(self.norm2(x))


class GPT(nn.Module):
    def __init__(self, cfg):
        super().__init__()
        self.cfg = cfg
        self.embed = nn.ModuleDict(
            {"token": nn.Embedding(cfg.vocabulary, cfg.width), "place": nn.Embedding(cfg.context, cfg.width)}
        )
        self.blocks = nn.ModuleList([Block(cfg) for _ in range(cfg.layers)])
        self.norm = nn.LayerNorm(cfg.width)
        self.head = nn.Linear(cfg.width, cfg.vocabulary, bias=False)
        self.head.weight = self.embed["token"].weight
        self.apply(self.initialize)

    @staticmethod
    def initialize(module):
        if isinstance(module, (nn.Linear, nn.Embedding)):
            nn.init.trunc_normal_(module.weight, std=0.02)
        if isinstance(module, nn.Linear) and module.bias is not None:
            module.bias.data.zero_()

    def forward(self, tokens, targets=None):
        places = torch.arange(tokens.size(1), device=tokens.device)
        x = self.embed.token(tokens) + self.embed.place(places)
        for block in self.blocks:
            x = block(x)
        logits = self.head(self.norm(x))
        loss = None if targets is None else F.cross_entropy(logits.flatten(0, 1), targets.flatten())
        return logits, loss

    @torch.no_grad()
    def generate(self, tokens, count, temperature=1.0, top_k=None):
        self.eval()
        for _ in range(count):
            logits, _ = self(tokens[:, -self.cfg.context :])
            logits = logits[:, -1] / temperature
            if top_k is not None:
                least = torch.topk(logits, top_k).values[:, [-1]]
                logits[logits < least] = -float("inf")
            following = torch.multinomial(F.softmax(logits, dim=-1), num_samples=1)
            tokens = torch.cat((tokens, following), dim=1)
        return tokens


def batch(data, size, context):
    starts = torch.randint(len(data) - context, (size,))
    x = torch.stack([data[i : i + context] for i in starts])
    y = torch.stack([data[i + 1 : i + 1 + context] for i in starts])
    return x, y


def main():
    torch.manual_seed(1337)
    letters = sorted(set(TEXT))
    number = {letter: i for i, letter in enumerate(letters)}
    data = torch.tensor([number[letter] for letter in TEXT], dtype=torch.long)
    model = GPT(Config(vocabulary=len(letters)))
    print(sum(p.numel() for p in model.parameters()), "parameters,", len(model.state_dict()), "entries in the state")
    matrices = [p for p in model.parameters() if p.dim() >= 2]
    vectors = [p for p in model.parameters() if p.dim() < 2]
    optimizer = torch.optim.AdamW(
        [{"params": matrices, "weight_decay": 0.1}, {"params": vectors, "weight_decay": 0.0}],
        lr=1e-2,
        betas=(0.9, 0.95),
    )
    scheduler = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: min((step + 1) / 5, 0.5 + 0.5 * math.cos(math.pi * step / 20))
    )
    for step in range(15):
        _, loss = model(*batch(data, 8, model.cfg.context))
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        scheduler.step()
        print(f"step {step}: loss {loss.item():.9f}, norm {norm:.7f}, lr {scheduler.get_last_lr()[0]:.7f}")
    written = model.generate(torch.zeros((1, 1), dtype=torch.long), 30, temperature=0.8, top_k=5)
    print(repr("".join(letters[i] for i in written[0].tolist())))


if __name__ == "__main__":
    main()
