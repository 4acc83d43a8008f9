"""Data: datasets of one's own, splits, samplers, balanced classes, streams, worker processes, collation."""

from collections import Counter, namedtuple

import numpy as np
import torch
from torch.utils.data import (
    BatchSampler,
    ConcatDataset,
    DataLoader,
    Dataset,
    IterableDataset,
    RandomSampler,
    SequentialSampler,
    Subset,
    SubsetRandomSampler,
    TensorDataset,
    WeightedRandomSampler,
    default_collate,
    get_worker_info,
    random_split,
)

Sample = namedtuple("Sample", "image label")


class Digits(Dataset):
    def __init__(self, size, transform=None, target_transform=None):
        generator = np.random.default_rng(0)
        self.images = generator.integers(0, 256, (size, 4, 4), dtype=np.uint8)
        self.labels = (generator.random(size) < 0.2).astype(np.int64)
        self.transform, self.target_transform = transform, target_transform

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, idx):
        image, label = self.images[idx], self.labels[idx]
        if self.transform:
            image = self.transform(image)
        if self.target_transform:
            label = self.target_transform(label)
        return {"image": image, "label": label, "index": idx, "name": f"digit-{idx}"}


class Stream(IterableDataset):
    def __init__(self, start, end):
        super().__init__()
        self.start, self.end = start, end

    def __iter__(self):
        info = get_worker_info()
        if info is None:
            return iter(range(self.start, self.end))
        per_worker = -(-(self.end - self.start) // info.num_workers)
        first = self.start + info.id * per_worker
        return iter(range(first, min(first + per_worker, self.end)))


class Noise(Dataset):
    def __len__(self):
        return 6

    def __getitem__(self, index):
        return Sample(torch.rand(2) + index, torch.randint(10, ()).item())


def to_tensor(image):
    return torch.from_numpy(image).to(torch.get_default_dtype()).div(255)


def seed_worker(worker_id):
    np.random.seed(torch.initial_seed() % 2**32)


def main():
    torch.manual_seed(0)
    dataset = Digits(50, transform=to_tensor, target_transform=torch.tensor)
    train_set, valid_set, test_set = random_split(dataset, [0.7, 0.2, 0.1], generator=torch.Generator().manual_seed(42))
    print(len(train_set), len(valid_set), list(test_set.indices))

    loader = DataLoader(train_set, batch_size=8, shuffle=True, drop_last=True)
    for epoch in range(2):
        print(epoch, len(loader), [batch["index"].tolist() for batch in loader])
    batch = next(iter(DataLoader(valid_set, batch_size=3)))
    print({k: f"{v.dtype} {tuple(v.shape)}" if isinstance(v, torch.Tensor) else v for k, v in batch.items()})
    print(batch["image"].mean().item(), batch["label"])

    labels = torch.from_numpy(dataset.labels)
    weights = (1.0 / torch.bincount(labels).double())[labels]
    sampler = WeightedRandomSampler(weights, num_samples=40, replacement=True)
    seen = torch.cat([b["label"] for b in DataLoader(dataset, batch_size=10, sampler=sampler)])
    print("balanced:", Counter(seen.tolist()), list(sampler)[:10])
    subset = DataLoader(dataset, batch_size=5, sampler=SubsetRandomSampler(range(10, 20)))
    print([b["name"] for b in subset])
    batches = BatchSampler(RandomSampler(range(7), replacement=True, num_samples=9), batch_size=4, drop_last=False)
    print(list(batches), len(batches), list(BatchSampler(SequentialSampler(range(5)), 2, True)))

    both = ConcatDataset([TensorDataset(torch.arange(4)), Subset(TensorDataset(torch.arange(10) * 10), [7, 3])])
    print(len(both), both.cumulative_sizes, [b for (b,) in DataLoader(both, 3)])
    generator = torch.Generator()
    generator.manual_seed(5)
    print([x.tolist() for x in DataLoader(range(10), batch_size=4, shuffle=True, generator=generator)])
    print(default_collate([{"a": 1, "b": (2.5, [True])}, {"a": 3, "b": (4.5, [False])}]))
    print(default_collate([Sample(torch.zeros(1), "x"), Sample(torch.ones(1), "y")]))

    print(list(DataLoader(Stream(3, 12), batch_size=4)))
    workers = dict(num_workers=2, worker_init_fn=seed_worker)
    print([b.tolist() for b in DataLoader(Stream(3, 12), batch_size=2, **workers)])
    loader = DataLoader(Noise(), batch_size=2, shuffle=True, persistent_workers=True, prefetch_factor=3, **workers)
    for _ in range(2):
        for images, numbers in loader:
            print(images.tolist(), numbers)
    print(torch.rand(1).item())


if __name__ == "__main__":
    main()
