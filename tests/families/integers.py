"""Integers: bits and divisors."""

from __future__ import annotations

FUNCTIONS = """
torch.gcd(n, nz); n.gcd(three); torch.gcd(bytes_, bytes_); torch.lcm(n, nz); n.lcm(nz); torch.lcm(n, three); torch.gcd(bytes_, n)
(n * 1).gcd_(nz); (n * 1).lcm_(three); torch.gcd_(n * 1, nz); torch.lcm_(n * 1, nz); torch.bitwise_and(n, 3); torch.bitwise_or(n, three)
torch.bitwise_not(n); mask & (x > 0); mask | (n > 2); ~mask; ~n; n & 6; n | 1; mask.bitwise_and(mask); n.bitwise_or(n); n.bitwise_not()
True & mask; 1 | n; n ^ 5; mask ^ other_mask; 3 ^ n; torch.bitwise_xor(n, three); n.bitwise_xor(3); mask ^ True; torch.bitwise_xor(2, n)
torch.bitwise_and(2, n); torch.bitwise_left_shift(n, 2); torch.bitwise_right_shift(n, 2); n << 1; n >> 1; 1 << shifts; n << shifts
n >> shifts; -100 >> shifts; n.bitwise_left_shift(three); n.bitwise_right_shift(three); mask << 1; n.int() << 40; n.to(torch.uint8) << 9
n.to(torch.int8) >> 9; n.clone().bitwise_xor_(3); n.clone().bitwise_left_shift_(2); n.clone().bitwise_right_shift_(2)
torch.bitwise_left_shift(2, shifts)
"""

MEETINGS = """
torch.gcd(a, b); torch.lcm(a, b); a & b; a | b; a ^ b; a << b; a >> b; (a + torch.tensor(False)).bitwise_or_(b)
"""

UNARY = """
torch.gcd(a, a); torch.lcm(a, a); ~a; a ^ 1; a & 300; a << 1; a >> 1; 1 << a; a << 9; a >> 70; a << -1
"""

ERRORS = """
torch.gcd(x, y); torch.lcm(mask, mask); ~x; x & 1; x & x; mask & 1.5; x ^ x; n ^ 1.5; x << 1; n << 1.5; n >> x; mask << mask
torch.bitwise_not(x)
"""
