"""GANs of points on a circle and of tiny pictures: two optimizers in turns, detach, and labels that are smoothed."""

import math

import torch
import torch.nn as nn
import torch.nn.functional as F

NOISE = 4


def init_weights(module):
    if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d)):
        nn.init.normal_(module.weight, mean=0.0, std=0.05)
    elif isinstance(module, nn.BatchNorm2d):
        nn.init.normal_(module.weight.data, 1.0, 0.02)
        nn.init.constant_(module.bias.data, 0)


class Generator(nn.Module):
    def __init__(self, channels=4):
        super().__init__()
        self.project = nn.Linear(NOISE, 2 * channels * 4 * 4)
        self.grow = nn.Sequential(
            nn.Unflatten(1, (2 * channels, 4, 4)),
            nn.BatchNorm2d(2 * channels),
            nn.ReLU(True),
            nn.ConvTranspose2d(2 * channels, channels, 4, 2, 1, bias=False),
            nn.BatchNorm2d(channels),
            nn.ReLU(True),
            nn.Upsample(scale_factor=2, mode="nearest"),
            nn.Conv2d(channels, 1, 3, padding=1),
            nn.Tanh(),
        )

    def forward(self, z):
        return self.grow(self.project(z))


def discriminator(channels=4):
    return nn.Sequential(
        nn.Conv2d(1, channels, 4, 2, 1),
        nn.LeakyReLU(0.2, inplace=True),
        nn.Conv2d(channels, 2 * channels, 4, 2, 1, bias=False),
        nn.BatchNorm2d(2 * channels),
        nn.LeakyReLU(0.2, inplace=True),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(0),
        nn.Unflatten(0, (-1, 2 * channels)),
        nn.Linear(2 * channels, 1),
        nn.Sigmoid(),
    )


def blobs(count):
    """Bright spots on dark ground."""
    centre = torch.randint(4, 12, (count, 2, 1, 1)).to(torch.get_default_dtype())
    grid = torch.stack(torch.meshgrid(torch.arange(16), torch.arange(16), indexing="ij"))
    return 2 * torch.exp(-0.2 * (grid - centre).pow(2).sum(dim=1, keepdim=True)) - 1


def pictures():
    G, D = Generator(), discriminator()
    G.apply(init_weights)
    D.apply(init_weights)
    bce = nn.BCELoss()
    opt_G = torch.optim.Adam(G.parameters(), lr=2e-3, betas=(0.5, 0.999))
    opt_D = torch.optim.Adam(D.parameters(), lr=2e-3, betas=(0.5, 0.999))
    fixed = torch.randn(2, NOISE)
    for i in range(6):
        real = blobs(8)
        ones, zeros = torch.ones(real.size(0), 1), torch.zeros(real.size(0), 1)
        fake = G(torch.randn(real.size(0), NOISE))

        D.zero_grad()
        loss_real = bce(D(real), ones)
        loss_real.backward()
        loss_fake = bce(D(fake.detach()), zeros)
        loss_fake.backward()
        opt_D.step()

        G.zero_grad()
        judged = D(fake)
        loss_G = bce(judged, ones)
        loss_G.backward()
        opt_G.step()
        print("[%d/%d] D: %.9f G: %.9f" % (i, 6, (loss_real + loss_fake).item(), loss_G.item()), end="  ")
        print("D(G(z)): %.9f" % judged.mean().item())
    G.eval()
    with torch.no_grad():
        shown = G(fixed).mul(0.5).add(0.5).cpu()
    print(shown.shape, shown.mean().item(), G.grow[1].num_batches_tracked, D[3].running_var.tolist())


def circle():
    G = nn.Sequential(nn.Linear(2, 16), nn.ReLU(), nn.Linear(16, 2))
    D = nn.Sequential(nn.Linear(2, 16), nn.LeakyReLU(0.1), nn.Dropout(0.2), nn.Linear(16, 1))
    opt_G = torch.optim.RMSprop(G.parameters(), lr=2e-3)
    opt_D = torch.optim.SGD(D.parameters(), lr=5e-2, momentum=0.5)
    for step in range(15):
        angle = 2 * math.pi * torch.rand(32)
        real = torch.stack((angle.cos(), angle.sin()), -1) + 0.02 * torch.randn(32, 2)
        with torch.no_grad():
            fake = G(torch.randn(32, 2))
        opt_D.zero_grad()
        loss_D = F.softplus(-D(real)).mean() + F.binary_cross_entropy_with_logits(D(fake), torch.full((32, 1), 0.1))
        loss_D.backward()
        opt_D.step()

        D.requires_grad_(False)
        opt_G.zero_grad()
        loss_G = F.softplus(-D(G(torch.randn(32, 2)))).mean()
        loss_G.backward()
        opt_G.step()
        D.requires_grad_(True)
        if step % 3 == 0:
            print(f"{step:2d} D {loss_D.item():.9f} G {loss_G.item():.9f}")
    print(G(torch.zeros(1, 2)).tolist())


def main():
    torch.manual_seed(999)
    pictures()
    circle()


if __name__ == "__main__":
    main()
