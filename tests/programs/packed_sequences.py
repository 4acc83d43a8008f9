"""Sequences of different lengths: padded, packed for bidirectional recurrent layers, and masked for attention."""

import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence, pad_sequence
from torch.utils.data import DataLoader, Dataset

PAD = 0


class Brackets(Dataset):
    """Random words over four letters; the label says which letter is the most frequent."""

    def __init__(self, size, longest=12):
        self.samples = []
        for _ in range(size):
            length = int(torch.randint(2, longest + 1, (1,)))
            word = torch.randint(1, 5, (length,))
            self.samples.append((word, torch.bincount(word, minlength=5)[1:].argmax().item()))

    def __len__(self):
        return len(self.samples)

    def __getitem__(self, index):
        return self.samples[index]


def collate(batch):
    batch.sort(key=lambda pair: len(pair[0]), reverse=True)
    words, labels = zip(*batch)
    lengths = torch.tensor([len(word) for word in words])
    return pad_sequence(words, batch_first=True, padding_value=PAD), lengths, torch.tensor(labels)


class LastState(nn.Module):
    def __init__(self, kind, hidden=10):
        super().__init__()
        self.embedding = nn.Embedding(5, 6, padding_idx=PAD)
        self.rnn = getattr(nn, kind)(6, hidden, num_layers=2, batch_first=True, bidirectional=True, dropout=0.1)
        self.out = nn.Linear(2 * hidden, 4)

    def forward(self, words, lengths):
        packed = pack_padded_sequence(self.embedding(words), lengths.cpu(), batch_first=True)
        _, state = self.rnn(packed)
        if isinstance(state, tuple):
            state = state[0]
        return self.out(torch.cat((state[-2], state[-1]), dim=1))


class Attention(nn.Module):
    def __init__(self, hidden=10):
        super().__init__()
        self.embedding = nn.Embedding(5, 6, padding_idx=PAD)
        self.rnn = nn.LSTM(6, hidden, batch_first=True, proj_size=4)
        self.score = nn.Linear(4, 1)
        self.out = nn.Linear(4, 4)

    def forward(self, words, lengths):
        order = torch.randperm(len(words))  # packing sorts them again
        packed = pack_padded_sequence(
            self.embedding(words[order]), lengths[order].cpu(), batch_first=True, enforce_sorted=False
        )
        hidden, _ = pad_packed_sequence(self.rnn(packed)[0], batch_first=True, total_length=words.size(1))
        hidden = hidden[torch.argsort(order)]
        places = torch.arange(words.size(1)).expand(len(words), -1)
        scores = self.score(hidden).squeeze(-1).masked_fill(places >= lengths.unsqueeze(1), -1e9)
        weights = scores.softmax(dim=-1)
        return self.out(torch.bmm(weights.unsqueeze(1), hidden).squeeze(1))


def train_epoch(model, loader, optimizer, criterion):
    model.train()
    running_loss, correct, total = 0.0, 0, 0
    for words, lengths, labels in loader:
        optimizer.zero_grad()
        outputs = model(words, lengths)
        loss = criterion(outputs, labels)
        loss.backward()
        nn.utils.clip_grad_value_(model.parameters(), 0.5)
        optimizer.step()
        running_loss += loss.item() * len(labels)
        _, predicted = torch.max(outputs.data, 1)
        total += labels.size(0)
        correct += (predicted == labels).sum().item()
    return running_loss / total, correct / total


def main():
    torch.manual_seed(3)
    train_set = Brackets(64)
    loader = DataLoader(train_set, batch_size=16, shuffle=True, collate_fn=collate)
    for model in (LastState("GRU"), LastState("LSTM"), LastState("RNN"), Attention()):
        criterion = nn.CrossEntropyLoss(label_smoothing=0.05)
        optimizer = torch.optim.RMSprop(model.parameters(), lr=3e-3)
        print(type(model).__name__, model.rnn)
        for epoch in range(2):
            loss, accuracy = train_epoch(model, loader, optimizer, criterion)
            print(f"epoch {epoch + 1}: loss {loss:.9f}, accuracy {accuracy:.4f}")
        print("padding stays", model.embedding.weight[PAD].abs().sum().item())
    packed = pack_padded_sequence(torch.arange(12.0).view(3, 4), torch.tensor([4, 2, 1]), batch_first=True)
    print(packed.data, packed.batch_sizes, packed.sorted_indices)


if __name__ == "__main__":
    main()
