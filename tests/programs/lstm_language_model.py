"""A language model of words with an LSTM or a GRU: backpropagation through pieces of time, and sampling."""

import math
from collections import Counter

import torch
import torch.nn as nn
from torch.nn.utils import clip_grad_norm_

TEXT = """the cat sat on the mat and the dog sat on the log
the cat saw the dog and the dog saw the cat and both ran to the mat
"""


class Vocabulary:
    def __init__(self, words):
        self.words = [word for word, _ in Counter(words).most_common()]
        self.index = {word: i for i, word in enumerate(self.words)}

    def encode(self, words):
        return torch.LongTensor([self.index[word] for word in words])

    def __len__(self):
        return len(self.words)


class LanguageModel(nn.Module):
    def __init__(self, cell, vocabulary, width, layers, dropout=0.2, tied=False):
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, width)
        self.dropout = nn.Dropout(dropout)
        self.rnn = cell(width, width, num_layers=layers, dropout=dropout)
        self.decoder = nn.Linear(width, vocabulary)
        if tied:
            self.decoder.weight = self.embedding.weight
        for name, parameter in self.named_parameters():
            if "rnn" not in name and parameter.dim() > 1:
                nn.init.uniform_(parameter, -0.1, 0.1)
        for name, parameter in self.rnn.named_parameters():
            if name.startswith("weight_hh"):
                for gate in parameter.data.chunk(parameter.size(0) // width):
                    nn.init.orthogonal_(gate)

    def forward(self, words, state=None):
        hidden, state = self.rnn(self.dropout(self.embedding(words)), state)
        return self.decoder(self.dropout(hidden)), state


def detach(state):
    return state.detach() if torch.is_tensor(state) else tuple(part.detach() for part in state)


def train(model, columns, length, lr):
    model.train()
    criterion = nn.CrossEntropyLoss()
    state, total, pieces = None, 0.0, 0
    for start in range(0, columns.size(0) - 1, length):
        x = columns[start : start + length]
        y = columns[start + 1 : start + 1 + length]
        x = x[: y.size(0)]
        if state is not None:
            state = detach(state)
        model.zero_grad()
        scores, state = model(x, state)
        loss = criterion(scores.view(-1, scores.size(-1)), y.reshape(-1))
        loss.backward()
        clip_grad_norm_(model.parameters(), max_norm=0.5)
        with torch.no_grad():
            for parameter in model.parameters():
                parameter -= lr * parameter.grad
        total += loss.item()
        pieces += 1
    return total / pieces


@torch.no_grad()
def write(model, vocabulary, word, count):
    model.eval()
    text, state = [word], None
    x = vocabulary.encode([word]).unsqueeze(1)
    for _ in range(count):
        scores, state = model(x, state)
        weights = (scores[-1, 0] / 0.8).exp().cpu()
        x[0, 0] = torch.multinomial(weights, 1)[0]
        text.append(vocabulary.words[x.item()])
    return " ".join(text)


def main():
    torch.manual_seed(1111)
    text = TEXT.split() * 8
    vocabulary = Vocabulary(text)
    words = vocabulary.encode(text)
    columns = words[: len(words) // 4 * 4].view(4, -1).t().contiguous()
    print(len(vocabulary), "words, in columns of", tuple(columns.shape))
    for cell, tied in ((nn.LSTM, True), (nn.GRU, False)):
        model = LanguageModel(cell, len(vocabulary), 12, 2, tied=tied)
        print(model)
        lr, best = 4.0, None
        for epoch in range(1, 5):
            loss = train(model, columns, 9, lr)
            print("| epoch {:3d} | lr {:5.2f} | loss {:.9f} | ppl {:.7f}".format(epoch, lr, loss, math.exp(loss)))
            if best is not None and loss > 0.97 * best:
                lr /= 2
            best = loss
        print(write(model, vocabulary, "the", 12))
        print({name: round(parameter.norm().item(), 4) for name, parameter in model.named_parameters()})


if __name__ == "__main__":
    main()
