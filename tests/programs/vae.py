"""Variational autoencoders of small pictures of bars, with linear layers and with convolutions."""

import torch
from torch import nn, optim
from torch.nn import functional as F
from torch.utils.data import DataLoader, TensorDataset

SIZE, LATENT = 8, 3


def bars(count):
    """Pictures of one horizontal or vertical bar each, with a little noise."""
    images = torch.zeros(count, 1, SIZE, SIZE)
    for i in range(count):
        where = i % SIZE
        if i // SIZE % 2:
            images[i, :, where] = 1.0
        else:
            images[i, 0, :, where] = 1.0
    return (images + 0.1 * torch.rand_like(images)).clamp_(0, 1)


class VAE(nn.Module):
    def __init__(self, encoder, decoder, features):
        super().__init__()
        self.encoder, self.decoder = encoder, decoder
        self.mean = nn.Linear(features, LATENT)
        self.log_variance = nn.Linear(features, LATENT)

    def reparameterize(self, mu, logvar):
        std = torch.exp(0.5 * logvar)
        return mu + torch.randn_like(std) * std

    def forward(self, x):
        features = self.encoder(x)
        mu, logvar = self.mean(features), self.log_variance(features)
        z = self.reparameterize(mu, logvar) if self.training else mu
        return self.decoder(z), mu, logvar

    @torch.no_grad()
    def sample(self, count):
        return self.decoder(torch.randn(count, LATENT)).sigmoid()


def dense():
    encoder = nn.Sequential(nn.Flatten(), nn.Linear(SIZE * SIZE, 32), nn.ReLU())
    decoder = nn.Sequential(
        nn.Linear(LATENT, 32), nn.ReLU(), nn.Linear(32, SIZE * SIZE), nn.Unflatten(1, (1, SIZE, SIZE))
    )
    return VAE(encoder, decoder, 32)


def convolutional():
    encoder = nn.Sequential(
        nn.Conv2d(1, 4, 3, stride=2, padding=1),
        nn.ELU(),
        nn.Conv2d(4, 8, 3, stride=2, padding=1),
        nn.ELU(),
        nn.Flatten(),
    )
    decoder = nn.Sequential(
        nn.Linear(LATENT, 32),
        nn.Unflatten(1, (8, 2, 2)),
        nn.ConvTranspose2d(8, 4, 3, stride=2, padding=1, output_padding=1),
        nn.ELU(inplace=True),
        nn.ConvTranspose2d(4, 1, 4, stride=2, padding=1),
    )
    return VAE(encoder, decoder, 32)


def elbo(logits, x, mu, logvar, beta):
    reconstruction = F.binary_cross_entropy_with_logits(logits, x, reduction="sum") / x.size(0)
    divergence = (-0.5 * (1 + logvar - mu.pow(2) - logvar.exp())).sum(dim=1).mean()
    return reconstruction + beta * divergence, reconstruction, divergence


def main():
    torch.manual_seed(1)
    pictures = bars(48)
    loader = DataLoader(TensorDataset(pictures), batch_size=16, shuffle=True)
    for model in (dense(), convolutional()):
        optimizer = optim.Adam(model.parameters(), lr=5e-3)
        for epoch in range(4):
            model.train()
            sums = torch.zeros(3)
            for (x,) in loader:
                optimizer.zero_grad()
                logits, mu, logvar = model(x)
                terms = elbo(logits, x, mu, logvar, beta=min(1.0, 0.25 * (epoch + 1)))
                terms[0].backward()
                optimizer.step()
                sums += torch.stack(terms).detach() * len(x)
            loss, reconstruction, divergence = (sums / len(loader.dataset)).tolist()
            print(f"epoch {epoch}: loss {loss:.7f} reconstruction {reconstruction:.7f} divergence {divergence:.7f}")
        model.eval()
        with torch.no_grad():
            logits, mu, _ = model(pictures[:2])
            between = torch.lerp(mu[0], mu[1], torch.linspace(0, 1, 5).unsqueeze(1))
            path = model.decoder(between).sigmoid().mean(dim=(1, 2, 3))
        sample = model.sample(4).cpu().view(-1, SIZE, SIZE)
        print(sample.shape, sample[0, 0], path.tolist(), logits.amax(dim=(2, 3)).flatten().tolist())


if __name__ == "__main__":
    main()
