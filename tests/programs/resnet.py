"""A residual network: initialization by hand, groups without decay, warm-up, clipping, and an averaged copy."""

from copy import deepcopy
from functools import partial

import torch
import torch.nn as nn
from torch.optim.lr_scheduler import CosineAnnealingLR, LinearLR, MultiStepLR, SequentialLR

conv3x3 = partial(nn.Conv2d, kernel_size=3, padding=1, bias=False)


class Residual(nn.Module):
    def __init__(self, inputs, outputs, stride=1):
        super().__init__()
        self.body = nn.Sequential(
            conv3x3(inputs, outputs, stride=stride),
            nn.BatchNorm2d(outputs),
            nn.ReLU(inplace=True),
            conv3x3(outputs, outputs),
            nn.BatchNorm2d(outputs),
        )
        self.shortcut = nn.Identity()
        if stride != 1 or inputs != outputs:
            self.shortcut = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, x):
        out = self.body(x)
        out += self.shortcut(x)
        return out.relu_()


class ResNet(nn.Module):
    def __init__(self, widths, depths, classes):
        super().__init__()
        self.stem = nn.Sequential(
            nn.Conv2d(3, widths[0], 5, padding=2, bias=False),
            nn.BatchNorm2d(widths[0]),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(kernel_size=3, stride=2, padding=1),
        )
        inputs = widths[0]
        for number, (width, depth) in enumerate(zip(widths, depths), 1):
            blocks = []
            for i in range(depth):
                blocks.append(Residual(inputs, width, stride=2 if i == 0 and number > 1 else 1))
                inputs = width
            self.add_module(f"stage{number}", nn.Sequential(*blocks))
        self.pool = nn.AdaptiveAvgPool2d((1, 1))
        self.fc = nn.Linear(inputs, classes)
        self.reset_parameters()

    def reset_parameters(self):
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
            elif isinstance(module, Residual):
                nn.init.zeros_(module.body[-1].weight)
        nn.init.normal_(self.fc.weight, std=0.01)
        nn.init.zeros_(self.fc.bias)

    def forward(self, x):
        x = self.stage2(self.stage1(self.stem(x)))
        return self.fc(torch.flatten(self.pool(x), start_dim=1))


class EMA:
    def __init__(self, model, decay):
        self.model, self.decay = deepcopy(model).eval().requires_grad_(False), decay

    @torch.no_grad()
    def update(self, model):
        state = model.state_dict()
        for name, average in self.model.state_dict().items():
            if torch.is_floating_point(average):
                average.mul_(self.decay).add_(state[name], alpha=1 - self.decay)
            else:
                average.copy_(state[name])


def top_k(scores, target, k):
    _, best = scores.detach().topk(k, dim=1, largest=True, sorted=True)
    return best.eq(target.view(-1, 1)).any(dim=1).float().mean().item()


def main():
    torch.manual_seed(0)
    torch.backends.cudnn.benchmark = False
    model = ResNet((8, 16), (1, 2), classes=4)
    print(sum(p.numel() for p in model.parameters()), "parameters in", len(list(model.modules())), "modules")
    print(model.stage2)
    decay = [p for p in model.parameters() if p.ndim > 1]
    rest = [p for name, p in model.named_parameters() if p.ndim == 1 or name.endswith(".bias")]
    optimizer = torch.optim.SGD(
        [{"params": decay, "weight_decay": 1e-2}, {"params": rest, "lr": 0.02}], lr=0.05, momentum=0.9, nesterov=True
    )
    scheduler = SequentialLR(
        optimizer,
        schedulers=[LinearLR(optimizer, start_factor=0.1, total_iters=3), CosineAnnealingLR(optimizer, T_max=5)],
        milestones=[3],
    )
    ema = EMA(model, decay=0.9)
    criterion = nn.CrossEntropyLoss(label_smoothing=0.1)
    images, target = torch.randn(16, 3, 12, 12), torch.randint(4, (16,))
    images += target.view(-1, 1, 1, 1) * 0.3
    for step in range(8):
        model.train()
        scores = model(images)
        loss = criterion(scores, target)
        optimizer.zero_grad()
        loss.backward()
        norm = nn.utils.clip_grad_norm_(model.parameters(), max_norm=1.0)
        optimizer.step()
        scheduler.step()
        ema.update(model)
        print(f"{step}: loss {loss:.9f} norm {norm:.7f} top-1 {top_k(scores, target, 1):.4f}", end=" ")
        print(f"top-2 {top_k(scores, target, 2):.4f} lr", ["%.8f" % lr for lr in scheduler.get_last_lr()])
    model.eval()
    with torch.no_grad():
        print(criterion(model(images), target).item(), criterion(ema.model(images), target).item())
    schedule = MultiStepLR(torch.optim.SGD(model.fc.parameters(), lr=1.0), milestones=[2, 4], gamma=0.1)
    for _ in range(3):
        schedule.optimizer.step()
        schedule.step()
    print(schedule.get_last_lr(), schedule.state_dict()["milestones"])


if __name__ == "__main__":
    main()
