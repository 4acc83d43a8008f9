"""A Transformer with encoder and decoder learns to reverse sequences: places, masks of two kinds, greedy decoding."""

import math

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pad_sequence

PAD, START, END, LETTERS = 0, 1, 2, 10


def sinusoids(length: int, width: int) -> Tensor:
    place = torch.arange(length).unsqueeze(1)
    rate = torch.exp(torch.arange(0, width, 2) * (-math.log(10000.0) / width))
    table = torch.zeros(length, width)
    table[:, 0::2] = torch.sin(place * rate)
    table[:, 1::2] = torch.cos(place * rate)
    return table


class Reverser(nn.Module):
    def __init__(self, width=16, heads=4, layers=2, dropout=0.1, longest=50):
        super().__init__()
        self.embedding = nn.Embedding(LETTERS, width, padding_idx=PAD)
        self.register_buffer("places", sinusoids(longest, width).unsqueeze(1))
        self.dropout = nn.Dropout(dropout)
        self.transformer = nn.Transformer(width, heads, layers, layers, dim_feedforward=2 * width, dropout=dropout)
        self.head = nn.Linear(width, LETTERS)
        for parameter in self.transformer.parameters():
            if parameter.dim() > 1:
                nn.init.xavier_uniform_(parameter)

    def embed(self, words: Tensor) -> Tensor:
        x = self.embedding(words) * math.sqrt(self.embedding.embedding_dim)
        return self.dropout(x + self.places[: words.size(0)])

    def forward(self, source: Tensor, target: Tensor) -> Tensor:
        causal = torch.triu(torch.ones(len(target), len(target), dtype=torch.bool), diagonal=1)
        padding = source.eq(PAD).t()
        out = self.transformer(
            self.embed(source),
            self.embed(target),
            tgt_mask=causal,
            src_key_padding_mask=padding,
            tgt_key_padding_mask=(target == PAD).transpose(0, 1),
            memory_key_padding_mask=padding,
        )
        return self.head(out)

    def decode(self, source: Tensor, longest: int) -> Tensor:
        memory = self.transformer.encoder(self.embed(source))
        words = torch.full((1, source.size(1)), START, dtype=torch.long)
        for _ in range(longest):
            causal = nn.Transformer.generate_square_subsequent_mask(words.size(0))
            out = self.transformer.decoder(self.embed(words), memory, tgt_mask=causal)
            following = self.head(out[-1]).argmax(dim=-1, keepdim=True).t()
            words = torch.cat([words, following])
            if (following == END).all():
                break
        return words


def make_batch(size):
    sources, targets = [], []
    for length in torch.randint(2, 6, (size,)).tolist():
        letters = torch.randint(3, LETTERS, (length,))
        sources.append(letters)
        targets.append(torch.cat((torch.tensor([START]), letters.flip(0), torch.tensor([END]))))
    return pad_sequence(sources, padding_value=PAD), pad_sequence(targets, padding_value=PAD)


def main():
    torch.manual_seed(0)
    model = Reverser()
    print(model.transformer.decoder.layers[0])
    criterion = nn.CrossEntropyLoss(ignore_index=PAD, label_smoothing=0.1)
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3, betas=(0.9, 0.98), eps=1e-9)
    for step in range(10):
        model.train()
        source, target = make_batch(12)
        logits = model(source, target[:-1])
        loss = criterion(logits.reshape(-1, LETTERS), target[1:].reshape(-1))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        print(f"step {step}: {loss.item():.9f} on {tuple(source.shape)}")
    model.eval()
    with torch.inference_mode():
        words = model.decode(torch.tensor([[3, 4, 5], [6, 6, 9]]).t(), longest=7)
    print(words.t().tolist(), words.is_inference())

    attention = model.transformer.encoder.layers[0].self_attn
    x = torch.randn(3, 2, 16)
    output, weights = attention(x, x, x, average_attn_weights=False)
    print(weights.shape, weights[0, 1].tolist(), output.norm().item())
    layer = nn.TransformerEncoderLayer(8, 2, 16, dropout=0.0, activation="gelu", batch_first=True, norm_first=True)
    encoder = nn.TransformerEncoder(layer, num_layers=2, norm=nn.LayerNorm(8), enable_nested_tensor=False)
    x = torch.randn(2, 4, 8, requires_grad=True)
    encoder(x, is_causal=True, mask=nn.Transformer.generate_square_subsequent_mask(4))[:, 1, :3].sum().backward()
    print(x.grad.abs().sum(dim=(0, 2)).ne(0).tolist(), [name for name, _ in encoder.named_children()])


if __name__ == "__main__":
    main()
