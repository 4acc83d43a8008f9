"""Reinforcement learning in a corridor: Q-learning with a memory and a target network, and REINFORCE."""

import copy
import math
import random
from collections import deque

import torch
import torch.nn as nn
import torch.nn.functional as F


class Corridor:
    """Walk to the right end; each step costs a little."""

    def __init__(self, length):
        self.length = length

    def reset(self):
        self.place, self.time = 0, 0
        return self.observe()

    def observe(self):
        return [self.place / self.length, 1.0, 0.5 * (self.place % 2)]

    def step(self, action):
        self.place = max(0, self.place + (1 if action == 1 else -1))
        self.time += 1
        arrived = self.place == self.length
        return self.observe(), 1.0 if arrived else -0.05, arrived or self.time >= 20


class Memory:
    def __init__(self, capacity):
        self.items = deque(maxlen=capacity)

    def push(self, *item):
        self.items.append(item)

    def sample(self, count):
        columns = zip(*random.sample(self.items, count))
        states, actions, rewards, following, ends = map(torch.tensor, columns)
        return states, actions.unsqueeze(1), rewards, following, ends

    def __len__(self):
        return len(self.items)


class Agent:
    def __init__(self, gamma=0.95, tau=0.05, batch_size=16):
        self.gamma, self.tau, self.batch_size = gamma, tau, batch_size
        self.online = nn.Sequential(nn.Linear(3, 24), nn.ReLU(), nn.Linear(24, 2))
        self.target = copy.deepcopy(self.online)
        self.memory = Memory(500)
        self.optimizer = torch.optim.AdamW(self.online.parameters(), lr=3e-3, amsgrad=True)
        self.steps = 0

    def act(self, state):
        self.steps += 1
        if random.random() < 0.05 + 0.85 * math.exp(-self.steps / 40):
            return random.randrange(2)
        with torch.no_grad():
            return self.online(torch.tensor(state).unsqueeze(0)).max(1)[1].item()

    def learn(self):
        if len(self.memory) < self.batch_size:
            return float("nan")
        states, actions, rewards, following, ends = self.memory.sample(self.batch_size)
        values = self.online(states).gather(1, actions).squeeze(1)
        expected = rewards.clone()
        with torch.no_grad():
            expected[~ends] += self.gamma * self.target(following[~ends]).max(1).values
        loss = F.smooth_l1_loss(values, expected)
        self.optimizer.zero_grad()
        loss.backward()
        for parameter in self.online.parameters():
            parameter.grad.data.clamp_(-1, 1)
        self.optimizer.step()
        return loss.item()

    def follow(self):
        """The target network moves a little towards the one that learns."""
        old, new = self.target.state_dict(), self.online.state_dict()
        self.target.load_state_dict({key: self.tau * new[key] + (1 - self.tau) * old[key] for key in old})


def q_learning():
    env, agent = Corridor(5), Agent()
    for episode in range(6):
        state, done, losses = env.reset(), False, []
        while not done:
            action = agent.act(state)
            following, reward, done = env.step(action)
            agent.memory.push(state, action, reward, following, done)
            state = following
            losses.append(agent.learn())
            agent.follow()
        print(f"episode {episode}: {env.time} steps, loss {losses[-1]:.9f}")
    print(agent.target(torch.tensor([[0.0, 1.0, 0.0], [0.8, 1.0, 0.0]])).tolist())


def reinforce():
    env = Corridor(3)
    policy = nn.Sequential(nn.Linear(3, 16), nn.Dropout(p=0.2), nn.Tanh(), nn.Linear(16, 2), nn.Softmax(dim=-1))
    optimizer = torch.optim.Adamax(policy.parameters(), lr=2e-2)
    for episode in range(8):
        state, done, rewards, logs = env.reset(), False, [], []
        while not done:
            probabilities = policy(torch.tensor(state))
            action = probabilities.multinomial(1).item()
            logs.append(probabilities[action].log())
            state, reward, done = env.step(action)
            rewards.append(reward)
        returns, total = [], 0.0
        for reward in reversed(rewards):
            total = reward + 0.99 * total
            returns.insert(0, total)
        returns = torch.tensor(returns)
        returns = (returns - returns.mean()) / (returns.std() + torch.finfo(returns.dtype).eps)
        loss = -(torch.stack(logs) * returns).sum()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        print(f"episode {episode}: {len(rewards)} steps, reward {sum(rewards):.2f}, loss {loss.item():.9f}")


def main():
    random.seed(1)
    torch.manual_seed(543)
    q_learning()
    reinforce()


if __name__ == "__main__":
    main()
