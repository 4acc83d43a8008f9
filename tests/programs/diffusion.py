"""A diffusion model of tiny pictures: times as sines, a skip connection, mixed precision where there is a GPU."""

import math

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.amp import GradScaler

STEPS, SIZE = 20, 8


class TimeEmbedding(nn.Module):
    def __init__(self, width):
        super().__init__()
        rates = torch.exp(torch.arange(0, width, 2) * (-math.log(1000.0) / width))
        self.register_buffer("rates", rates, persistent=False)
        self.mlp = nn.Sequential(nn.Linear(width, 2 * width), nn.SiLU(), nn.Linear(2 * width, width))

    def forward(self, t):
        angles = t[:, None].to(self.rates.dtype) * self.rates[None]
        return self.mlp(torch.cat((angles.sin(), angles.cos()), dim=-1))


class Block(nn.Module):
    def __init__(self, inputs, outputs, width):
        super().__init__()
        self.norm = nn.GroupNorm(2, inputs)
        self.conv = nn.Conv2d(inputs, outputs, 3, padding=1, padding_mode="replicate")
        self.time = nn.Linear(width, outputs)
        self.skip = nn.Conv2d(inputs, outputs, 1) if inputs != outputs else nn.Identity()

    def forward(self, x, t):
        h = self.conv(F.silu(self.norm(x))) + self.time(t)[:, :, None, None]
        return self.skip(x) + F.dropout(h, 0.1, self.training)


class UNet(nn.Module):
    def __init__(self, channels=4, width=8):
        super().__init__()
        self.time = TimeEmbedding(width)
        self.first = nn.Conv2d(1, channels, 3, padding=1)
        self.down = Block(channels, 2 * channels, width)
        self.up = Block(2 * channels, channels, width)
        self.last = nn.Sequential(nn.GroupNorm(2, 2 * channels), nn.SiLU(), nn.Conv2d(2 * channels, 1, 3, padding=1))

    def forward(self, x, t):
        t = self.time(t)
        x = self.first(x)
        h = self.down(F.avg_pool2d(x, 2), t)
        h = self.up(F.interpolate(h, scale_factor=2, mode="bilinear", align_corners=False), t)
        return self.last(torch.cat([x, h], dim=1))


class Diffusion(nn.Module):
    def __init__(self, model):
        super().__init__()
        self.model = model
        betas = torch.linspace(1e-3, 0.2, STEPS)
        kept = torch.cumprod(1 - betas, dim=0)
        before = F.pad(kept[:-1], (1, 0), value=1.0)
        for name, values in {"betas": betas, "kept": kept, "variance": betas * (1 - before) / (1 - kept)}.items():
            self.register_buffer(name, values)

    def loss(self, x):
        t = torch.randint(0, STEPS, (x.shape[0],), device=x.device).long()
        noise = torch.randn_like(x)
        kept = self.kept[t].view(-1, 1, 1, 1)
        return F.smooth_l1_loss(self.model(kept.sqrt() * x + (1 - kept).sqrt() * noise, t), noise)

    @torch.inference_mode()
    def sample(self, count):
        x = torch.randn(count, 1, SIZE, SIZE)
        for i in reversed(range(STEPS)):
            noise = self.model(x, torch.full((count,), i, dtype=torch.long))
            x = (x - self.betas[i] / (1 - self.kept[i]).sqrt() * noise) / (1 - self.betas[i]).sqrt()
            if i > 0:
                x += self.variance[i].sqrt() * torch.randn_like(x)
        return x.clamp(-1, 1)


def main():
    torch.manual_seed(5)
    use_amp = torch.cuda.is_available()
    ramp = torch.linspace(-1, 1, SIZE)
    pictures = torch.stack([ramp.expand(SIZE, SIZE), ramp.flip(0).unsqueeze(1).repeat(1, SIZE)]).unsqueeze(1)
    diffusion = Diffusion(UNet())
    print(sum(p.numel() for p in diffusion.parameters()), [name for name, _ in diffusion.named_buffers()])
    optimizer = torch.optim.RAdam(diffusion.parameters(), lr=5e-3, weight_decay=1e-4, decoupled_weight_decay=True)
    scaler = GradScaler("cuda", enabled=use_amp)
    for step in range(8):
        optimizer.zero_grad(set_to_none=True)
        with torch.autocast(device_type="cuda", dtype=torch.float16, enabled=use_amp):
            loss = diffusion.loss(pictures[torch.randint(2, (8,))])
        scaler.scale(loss).backward()
        scaler.unscale_(optimizer)
        norm = nn.utils.clip_grad_norm_(diffusion.parameters(), 1.0)
        scaler.step(optimizer)
        scaler.update()
        print(f"step {step}: loss {loss.item():.9f}, norm {norm.item():.7f}")
    diffusion.eval()
    sample = diffusion.sample(2)
    print(tuple(sample.shape), sample.mean().item(), sample.std(dim=(1, 2, 3)).tolist())


if __name__ == "__main__":
    main()
