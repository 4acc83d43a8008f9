"""Hooks: statistics of activations and gradients, gradients scaled on their way, Grad-CAM, and probes removed."""

from collections import OrderedDict
from functools import partial

import torch
import torch.nn as nn
import torch.nn.functional as F

activations = {}
log = []


def save_activation(name, module, inputs, output):
    activations[name] = output.detach()
    log.append(f"forward {name}: {tuple(inputs[0].shape)} -> {tuple(output.shape)}")


def log_gradient(name, module, grad_input, grad_output):
    norms = [None if g is None else round(g.norm().item(), 6) for g in grad_input]
    log.append(f"backward {name}: in {norms} out {grad_output[0].norm().item():.6f}")


def standardize(module, args):
    (x,) = args
    return ((x - x.mean()) / x.std(),)


class GradCAM:
    def __init__(self, model, layer):
        self.model = model
        self.handles = [layer.register_forward_hook(self.forward_hook)]

    def forward_hook(self, module, inputs, output):
        self.features = output
        self.handles.append(output.register_hook(self.gradient_hook))

    def gradient_hook(self, grad):
        self.gradient = grad.clone()

    def __call__(self, x, index):
        self.model.zero_grad()
        self.model(x)[:, index].sum().backward()
        weights = self.gradient.mean(dim=(2, 3), keepdim=True)
        cam = F.relu((weights * self.features).sum(dim=1)).detach()
        return (cam - cam.min()) / (cam.max() - cam.min() + 1e-8)

    def remove(self):
        for handle in self.handles:
            handle.remove()


def main():
    torch.manual_seed(7)
    model = nn.Sequential(
        OrderedDict(
            conv1=nn.Conv2d(1, 4, 3, padding=1),
            relu1=nn.ReLU(),
            pool=nn.MaxPool2d(2),
            conv2=nn.Conv2d(4, 8, 3, padding=1),
            relu2=nn.ReLU(),
            gap=nn.AdaptiveAvgPool2d(1),
            flatten=nn.Flatten(),
            fc=nn.Linear(8, 3),
        )
    )
    handles = [model.register_forward_pre_hook(standardize)]
    for name, module in model.named_children():
        if isinstance(module, (nn.Conv2d, nn.Linear)):
            handles.append(module.register_forward_hook(partial(save_activation, name)))
        if name in ("relu1", "conv2", "fc"):
            handles.append(module.register_full_backward_hook(partial(log_gradient, name)))
    model.fc.weight.register_hook(lambda grad: grad * 0.5)
    model.conv1.weight.register_post_accumulate_grad_hook(
        lambda p: log.append(f"accumulated {p.grad.abs().sum().item():.6f}")
    )

    x, y = torch.rand(4, 1, 8, 8), torch.tensor([0, 1, 2, 1])
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
    for step in range(3):
        optimizer.zero_grad(set_to_none=True)
        logits = model(x)
        logits.retain_grad()
        loss = F.cross_entropy(logits, y)
        loss.backward()
        optimizer.step()
        print(f"step {step}: loss {loss.item():.9f}, gradient of the logits {logits.grad.abs().max().item():.9f}")
    print(*log, sep="\n")
    for name, value in activations.items():
        print(f"{name}: mean {value.mean():.7f} std {value.std():.7f} dead {(value <= 0).sum().item()}")

    cam = GradCAM(model, model.relu2)
    heat = cam(x, index=1)
    cam.remove()
    print(heat.shape, heat[0].numpy().round(4).tolist())

    for handle in handles:
        handle.remove()
    log.clear()
    with torch.no_grad():
        model(x)
    print("after removal:", log)

    # A hook in the middle of a graph, and one that changes a result.
    z = torch.tensor([1.0, -2.0, 3.0], requires_grad=True)
    squared = z * z
    squared.register_hook(lambda g: g.clamp(max=1.5))
    handle = model.fc.register_forward_hook(lambda m, i, o: o * 2)
    (squared * torch.tensor([1.0, 2.0, 3.0])).sum().backward()
    print(z.grad, model(x).sum().item())
    handle.remove()
    print(model(x).sum().item())


if __name__ == "__main__":
    main()
