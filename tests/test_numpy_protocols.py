"""NumPy code works on Tensors as it stands: it gives Tensors with derivatives, or a TypeError that names a way out."""

from __future__ import annotations

import re
import warnings
from typing import Any

import numpy as np
import pytest
from operations import plain

import microgradnp as mg
from microgradnp.ops.face import BY_NUMPY
from microgradnp.ops.protocols import ANSWERS, load_answers, name_of
from microgradnp.tensor import Tensor
from microgradnp.testing import assert_grads

load_answers()
rng = np.random.default_rng(0)
ARRAYS = {
    "t": rng.uniform(0.5, 2.0, (3, 4)),
    "u": rng.uniform(0.5, 2.0, (3, 4)),
    "a": rng.uniform(0.5, 2.0, (3, 4)),
    "m": rng.uniform(0.5, 2.0, (4, 2)),
    "mask": np.array([[True, False, True, False], [False, True, True, False], [True, True, False, False]]),
    "index": np.array([[0, 3], [1, 1], [2, 0]]),
    "s": np.array(1.5),
}
TENSORS = ("t", "u")  # of which t requires a gradient

SUPPORTED = """
a * t; t * a; a + t; a - t; a / t; a ** t; t ** a; t ** 2; 2 ** t; a[0] * t; s * t; t / s; 2 * t; t - 1; 1 / t; -t; +t
abs(t - a); np.float64(2) * t; t + np.float32(1.5); np.int64(3) - t; t / np.int32(2); np.float64(2) ** t
np.float64(1) / t; np.add(t, a); np.subtract(a, t); np.multiply(t, u); np.divide(a, t); np.true_divide(t, 2)
np.power(t, 3); np.power(t, a); np.negative(t); np.positive(t); np.absolute(t - a); np.abs(t - a); np.sign(t - a)
np.exp(t); np.log(t); np.log1p(t); np.sqrt(t); np.tanh(t); np.maximum(t, a); np.minimum(a, t); np.maximum(t, 1.2)
np.fabs(t - a); np.cbrt(t); np.cbrt(t - 3); np.conjugate(t); np.divmod(t, a); np.modf(t); np.modf(-t)
np.where(mask, t, 0); np.where(mask, a, t); np.where(t > u, t, u); np.where(mask, t[0], 2.0)
np.add(t, a, dtype=np.float64); np.exp(t, dtype=np.float64); np.add(t, a, casting="same_kind"); np.sin(t, order="C")
np.vecdot(t, a); np.matvec(t, a[0]); np.vecmat(a[:, 0], t); np.matmul(t, m); t @ m; a.T @ t; np.matmul(a.T, t)

np.sum(t); np.sum(t, 0); np.sum(t, axis=1); np.sum(t, axis=(0, 1)); np.sum(t, axis=-1, keepdims=True); np.sum(t, ())
np.sum(t, axis=None); np.sum(t, 0, np.float64); np.sum(t, where=mask); np.sum(t, 1, where=mask[:, :1]); np.sum(a=t)
np.sum(t, initial=1.5); np.sum(t, axis=0, initial=2, where=mask, keepdims=True); np.sum(t[:0])
np.sum(t[:0], initial=3); np.prod(t); np.prod(t, 0); np.prod(t, axis=(0, 1)); np.prod(t, (1, 0), keepdims=True)
np.prod(t, where=mask); np.prod(t, 1, initial=2); np.prod(np.stack([t, a]), (0, 2)); np.multiply.reduce(t)
np.multiply.reduce(t, axis=None); np.mean(t); np.mean(t, 1); np.mean(t, 0, np.float64)
np.mean(t, axis=0, keepdims=True); np.mean(t, where=mask); np.mean(t, (0, 1))
np.mean(t, 1, where=mask, keepdims=True); np.max(t); np.max(t, axis=1); np.max(t, initial=0.0)
np.max(t, where=mask, initial=0.0); np.max(t, 1, initial=1.2); np.min(t, axis=0, keepdims=True); np.min(t)
np.min(t, where=mask, initial=9.0); np.amax(t, 1); np.amin(t); np.max(t[:0], initial=2.0)
np.max(t[:, :0], 1, initial=2.0); np.add.reduce(t); np.add.reduce(t, axis=None); np.add.reduce(t, 1, keepdims=True)
np.add.reduce(t, where=mask); np.add.reduce(t, initial=1); np.maximum.reduce(t); np.minimum.reduce(t, axis=1)
np.add.reduce(t, axis=(0, -1)); np.add.accumulate(t); np.multiply.accumulate(t, axis=1); np.maximum.accumulate(t, 1)
np.minimum.accumulate(t); np.logaddexp.accumulate(t, axis=1); np.logaddexp.reduce(t, axis=1)
np.logaddexp.reduce(t, axis=(0, 1), keepdims=True); np.add.outer(t[0], a); np.multiply.outer(t[0], t[1])
np.subtract.outer(a[0], t); np.power.outer(t[0], a[1]); np.maximum.outer(t[0], a[0]); np.var(t); np.var(t, 0)
np.var(t, ddof=1); np.var(t, 1, keepdims=True); np.var(t, where=mask); np.var(t, axis=(0, 1))
np.var(t, mean=np.mean(t)); np.var(t, axis=1, correction=1); np.std(t); np.std(t, 0, ddof=1); np.std(t, axis=1)
np.std(t, where=mask, ddof=1); np.std(t, 1, mean=np.mean(t, 1, keepdims=True), keepdims=True); np.ptp(t)
np.ptp(t, axis=0); np.ptp(t, 1, keepdims=True); np.average(t); np.average(t, 0); np.average(t, weights=a)
np.average(t, 1, weights=a[0]); np.average(a, weights=t); np.average(t, 0, a, returned=True)
np.average(t, axis=0, returned=True, keepdims=True); np.median(t); np.median(t, 0)
np.median(t, axis=1, keepdims=True); np.median(t, axis=(0, 1)); np.quantile(t, 0.3)
np.quantile(t, [0.1, 0.5, 1.0], axis=1); np.quantile(t, 0.4, 0); np.quantile(t, 0.3, method="lower")
np.quantile(t, 0.3, method="higher", axis=1); np.quantile(t, 0.3, method="midpoint")
np.quantile(t, [0.2, 0.8], axis=0, keepdims=True); np.percentile(t, 30); np.percentile(t, [20, 70], axis=1)
np.percentile(t, 50, 0, keepdims=True); np.cov(t); np.cov(t, rowvar=False); np.cov(t, a); np.cov(t, bias=True)
np.cov(t, ddof=0); np.cov(t[0]); np.cov(t, aweights=a[0]); np.cov(t, fweights=np.array([1, 2, 1, 3])); np.corrcoef(t)
np.cov(t, fweights=np.array([1, 2, 1, 3]), aweights=a[0]); np.corrcoef(t, a); np.corrcoef(t[0], t[1])
np.nansum(np.where(mask, t, np.nan)); np.nansum(np.where(mask, t, np.nan), 1)
np.nanmean(np.where(mask, t, np.nan), 0); np.nanprod(np.where(mask, t, np.nan), axis=1)
np.nanvar(np.where(mask, t, np.nan)); np.nanstd(np.where(mask, t, np.nan), 1)
np.nanstd(np.where(mask, t, np.nan), ddof=1); np.nanmax(np.where(mask, t, np.nan))
np.nanmin(np.where(mask, t, np.nan), 0); np.nanmax(np.where(mask, t, np.nan), axis=1, keepdims=True)
np.nanmedian(np.where(mask, t, np.nan), 1); np.nanmean(t); np.nanmedian(np.where(mask, t, np.nan))
np.nanquantile(np.where(mask, t, np.nan), 0.3); np.nanquantile(t, 0.3, 0)
np.nanquantile(np.where(mask, t, np.nan), [0.3, 0.9], axis=1); np.nanpercentile(np.where(mask, t, np.nan), 40, axis=1)
np.nancumsum(np.where(mask, t, np.nan), 1); np.nancumprod(np.where(mask, t, np.nan)); np.nansum(t, 0, where=mask)
np.cumsum(t); np.cumsum(t, axis=0); np.cumsum(t, 1, np.float64); np.cumprod(t); np.cumprod(t, axis=1); np.diff(t)
np.cumulative_sum(t, axis=1); np.cumulative_sum(t[0], include_initial=True)
np.cumulative_prod(t, axis=0, include_initial=True); np.diff(t, axis=0); np.diff(t, 2); np.diff(t, n=2, axis=0)
np.diff(t, prepend=0); np.diff(t, append=t[:, :1]); np.diff(t, 0); np.ediff1d(t)
np.ediff1d(t, to_begin=-1.0, to_end=[3.0, 4.0]); np.gradient(t); np.gradient(t, axis=1); np.gradient(t[0])
np.gradient(t, 0.5); np.gradient(t, 0.5, 2.0); np.gradient(t, np.array([0.0, 1.0, 3.0]), axis=0)
np.gradient(t, edge_order=2); np.gradient(t, np.array([0.0, 1.0, 3.0, 3.5]), axis=1, edge_order=2); np.trapezoid(t)
np.trapezoid(t, axis=0); np.trapezoid(t, a); np.trapezoid(a, t); np.trapezoid(t, dx=0.5); np.trapezoid(t, a[0])
np.sort(t); np.sort(t, axis=0); np.sort(t, axis=None); np.partition(t[0], 3); np.unique(t); np.unique(t, axis=0)
np.bincount(index[:, 0], t[:, 0]); np.bincount(index[:, 1], weights=t[:, 1], minlength=6)

np.concatenate([t, a]); np.concatenate((a, t), axis=1); np.concatenate([t, t], -1); np.concatenate([t, a], axis=None)
np.concatenate([t, a], dtype=np.float64); np.concat([t, a]); np.stack([t, a]); np.stack((t, u, a), axis=-1)
np.vstack([t, a[0]]); np.vstack([t[0], t[1]]); np.hstack([t, a]); np.hstack([t[0], t[1]]); np.dstack([t, a])
np.dstack([t[0], a[0]]); np.column_stack([t, a]); np.column_stack([t[0], a[1]]); np.block([[t, a], [a, t]])
np.block([t, a[:, :1]]); np.append(t, a); np.append(t, a, axis=0); np.reshape(t, (2, 6)); np.reshape(t, -1)
np.reshape(t, 12); np.reshape(t, (2, 6), "C"); np.reshape(t, [3, 2, 2]); np.reshape(t, (4, 3), copy=True); np.ravel(t)
np.ravel(t, "K"); np.transpose(t); np.transpose(t, (1, 0)); np.transpose(t, axes=(1, 0)); np.permute_dims(t, (1, 0))
np.matrix_transpose(t); np.swapaxes(t, 0, 1); np.moveaxis(t, 0, 1); np.moveaxis(np.stack([t, a]), [0, 1], [-1, -2])
np.rollaxis(t, 1); np.rollaxis(np.stack([t, a]), 0, 3); np.broadcast_to(t, (2, 3, 4)); np.broadcast_to(t[0, 0], 3)
np.broadcast_arrays(t, a[0]); np.broadcast_arrays(t[0], a); np.expand_dims(t, 1); np.expand_dims(t, axis=0)
np.expand_dims(t, (0, -1)); np.squeeze(np.expand_dims(t, 1)); np.squeeze(t[:1], axis=0); np.atleast_1d(t[0, 0])
np.atleast_2d(t[0]); np.atleast_3d(t); np.atleast_3d(t[0]); np.atleast_1d(t, t[0, 0], a); np.split(t, 2, axis=1)
np.split(t, 3); np.split(t, [1]); np.split(t, [1, 2], 1); np.array_split(t, 2); np.array_split(t, 3, 1)
np.array_split(t, [2, 1]); np.array_split(t, [-1], axis=1); np.hsplit(t, 2); np.vsplit(t, [1])
np.dsplit(np.dstack([t, a]), 2); np.hsplit(t[0], 2); np.unstack(t); np.unstack(t, axis=1); np.tile(t, 2)
np.tile(t, (2, 1, 2)); np.repeat(t, 2); np.repeat(t, 2, axis=0); np.repeat(t, [1, 0, 2], 0); np.repeat(t, 3, axis=-1)
np.flip(t); np.flip(t, 1); np.flip(t, axis=(0, 1)); np.fliplr(t); np.flipud(t); np.roll(t, 1); np.roll(t, 1, axis=0)
np.roll(t, (1, -1), (0, 1)); np.rot90(t); np.rot90(t, 2); np.rot90(t, k=3, axes=(1, 0)); np.rot90(t, -1); np.diag(t)
np.diag(t, 1); np.diag(t[0]); np.diag(t[0], -2); np.diagflat(t[0]); np.diagflat(t, 1); np.diagonal(t)
np.diagonal(t, 1); np.diagonal(t, -1); np.diagonal(np.stack([t, a]), axis1=2, axis2=0)
np.diagonal(np.stack([t, a]), 0, 1, 2); np.trace(t); np.trace(t, 1); np.trace(np.stack([t, a]), 0, 0, 2); np.tril(t)
np.triu(t); np.trace(t, dtype=np.float64); np.tril(t, -1); np.triu(t, k=2); np.tril(np.stack([t, a])); np.pad(t, 1)
np.pad(t, (0, 2)); np.pad(t, ((1, 0), (0, 2))); np.pad(t, 1, constant_values=3)
np.pad(t, 1, constant_values=((1, 2), (3, 4))); np.pad(t, 2, "edge"); np.pad(t, 2, mode="reflect")
np.pad(t, 5, "symmetric"); np.pad(t, ((3, 1), (2, 2)), "wrap"); np.insert(t, 1, 2.5); np.insert(t, 1, a[0], axis=0)
np.insert(a, [0, 2], t[:, :2], axis=1); np.insert(t, 1, t[0], 0); np.delete(t, 1); np.delete(t, 1, 0)
np.delete(t, [0, 3], axis=1); np.delete(t, slice(0, 2), axis=1); np.resize(t, (2, 3)); np.resize(t, (5, 5))
np.copy(t); np.astype(t, np.float64); np.astype(t, np.float64, copy=False); np.full_like(t, t[0])
np.meshgrid(t[0], a[0, :3]); np.meshgrid(a[0, :2], t[0, :3], indexing="ij"); np.meshgrid(t[0], t[1], sparse=True)
np.take(t, [0, 5, 5]); np.take(t, index, axis=1); np.take(t, 2); np.take(t, 1, 0)
np.take(t, [7, -1], axis=1, mode="wrap"); np.take(t, [7, 2], 1, mode="clip"); np.take_along_axis(t, index, axis=1)
np.take_along_axis(t, index, 1); np.take_along_axis(t, index[0], None); np.compress([True, False, True], t, axis=0)
np.compress(mask.ravel(), t); np.extract(mask, t); np.choose(mask * 1, [t, a])
np.choose([0, 1, 0], [t[:, 0], a[:, 1]]); np.select([mask, ~mask], [t, a]); np.select([mask], [t], 2.0)
np.select([a > 1, mask], [t * 2, t], default=a); np.piecewise(t, [mask, ~mask], [np.sin, lambda x: x ** 2])
np.piecewise(t, [mask], [lambda x: 3 * x, -1.0]); t[index[:, 0]]; t[mask]; t[a > 1]; t[np.int64(1)]
t[np.array(1), np.array([0, 2])]; np.apply_along_axis(np.sum, 0, t)
np.apply_along_axis(lambda r: np.cumsum(r) * r[0], 1, t); np.apply_along_axis(lambda r: np.outer(r, r), 0, t)
np.apply_over_axes(np.sum, t, [0, 1]); np.real(t); np.real_if_close(t)

np.clip(t, 0.8, 1.5); np.clip(t, a, None); np.clip(t, None, 1.2); np.clip(t, a_min=1.0, a_max=a + 1)
np.clip(t, min=1.1, max=1.3); np.clip(a, t - 0.2, t + 0.2); np.round(t * 10, 1) + t; np.around(t) * t
np.fix(3 * t) * t; np.nan_to_num(np.where(mask, t, np.nan)); np.nan_to_num(np.where(mask, t, np.inf), posinf=2.0)
np.sinc(t); np.i0(t); np.unwrap(np.cumsum(4 * t, 1)); np.angle(t - 1) + t; np.imag(t) + t
np.interp(t, [0.0, 1.0, 3.0], [0.0, 2.0, -1.0]); np.interp(a, np.array([0.0, 1.0, 1.5]), t[0, :3])
np.interp(a[0], np.sort(t[0]), a[1]); np.interp(t, [0.9, 1.1], [2.0, 3.0], left=-1.0, right=7.0)
np.interp(t * 5, [0.2, 1.1, 2.0], [2.0, 3.0, 1.0], period=3); np.polyval([2.0, -1.0, 3.0], t); np.polyval(t[0], a)
np.polyval(t[0], 2.0); np.vander(t[0]); np.vander(t[0], 3); np.vander(t[0], increasing=True); np.linspace(t, a, 4)
np.linspace(0, t[0], num=3, endpoint=False, axis=-1); np.convolve(t[0], a[0]); np.convolve(t[0], a[0, :2], "same")
np.convolve(a[0, :3], t[0], mode="valid"); np.convolve(t[0, :2], a[0], "same"); np.convolve(t[0, :3], a[0], "same")
np.convolve(t[0, :1], a[0], "same"); np.correlate(t[0], a[0, :2]); np.correlate(a[0, :2], t[0])
np.correlate(t[0], a[0, :3], "same"); np.correlate(t[0, :3], a[0], "same"); np.correlate(t[0, :2], a[0], "same")
np.correlate(t[0], a[0], "full"); np.correlate(t[0], a[0, :2], "same"); np.correlate(t[0, :2], a[0], "full")

np.dot(t, m); np.dot(a.T, t); np.dot(t, m[:, 0]); np.dot(a[0], t[1]); np.dot(t, 2.0); np.dot(s, t)
np.dot(np.stack([t, a]), np.stack([m, m])); np.dot(t, np.stack([m, m])); np.dot(np.stack([t, t]), m)
np.dot(np.stack([t, t]), a[0]); np.inner(t, a); np.inner(t[0], t[1]); np.inner(np.stack([t, a]), a); np.inner(t, 3.0)
np.vdot(t, a); np.vdot(t[0], a[0]); np.outer(t, a); np.outer(t[0], t[1]); np.tensordot(t, m, 1); np.tensordot(t, a)
np.tensordot(t, a, axes=([0, 1], [0, 1])); np.tensordot(t, a, axes=(0, 0)); np.tensordot(t[0], a[1], 0)
np.tensordot(t, m, axes=([1], [0])); np.kron(t, m); np.kron(t[0], a[0]); np.kron(t[0], m); np.kron(2.0, t)
np.cross(t[:, :3], a[:, :3]); np.cross(a, t, axis=0); np.cross(a, t, axisa=0, axisb=0); np.cross(t, a, 0, 0, 0)
np.einsum("ij->i", t); np.einsum("ij,jk->ik", t, m); np.einsum("ij,ij", t, a)
np.einsum("ij,jk", a, m * t[:2].T, optimize=True); np.einsum("ii->i", t[:, :3]); np.linalg.norm(t)
np.linalg.norm(t[0]); np.linalg.norm(t, axis=1); np.linalg.norm(t, 1, axis=0); np.linalg.norm(t[0], np.inf)
np.linalg.norm(t, "fro"); np.linalg.norm(t, 1); np.linalg.norm(t, np.inf, keepdims=True); np.linalg.norm(t, -1)
np.linalg.norm(t[0], 3); np.linalg.norm(t, axis=(0, 1)); np.linalg.norm(t[0], 2); np.linalg.norm(np.stack([t, a]))
np.linalg.norm(t, keepdims=True); np.linalg.vector_norm(t); np.linalg.vector_norm(t, axis=1, ord=1)
np.linalg.matrix_norm(t); np.linalg.matrix_norm(np.stack([t, a]), ord=1); np.linalg.inv(t[:, :3] + 3 * np.eye(3))
np.linalg.det(t[:, :3]); np.linalg.slogdet(t[:, :3])[1]; np.linalg.matrix_power(t[:, :3], 3)
np.linalg.solve(t[:, :3] + 3 * np.eye(3), a[:, 0]); np.linalg.solve(a[:, :3] + 3 * np.eye(3), t)
np.linalg.multi_dot([a.T, t, m]); np.linalg.cholesky(t @ t.T + np.eye(3))
np.linalg.cholesky(t @ t.T + np.eye(3), upper=True); np.linalg.trace(t); np.linalg.diagonal(t, offset=1)
np.linalg.outer(t[0], a[0]); np.linalg.tensordot(t, m, axes=1); np.linalg.vecdot(t, a)
np.linalg.cross(t[:, :3], a[:, :3]); np.linalg.matmul(t, m); np.linalg.matrix_transpose(t)

np.sqrt(np.sum((a - t) ** 2, axis=1)); np.exp(-t) / np.sum(np.exp(-t), axis=-1, keepdims=True)
np.mean(np.tanh(a.T @ t + 1), axis=0)
"""

NOT_DIFFERENTIABLE = """
t == a; a == t; t != a; a < t; t <= 1.0; 1.0 <= t; t > a; a >= t; np.equal(t, t); np.not_equal(t, a); np.less(a, t)
np.less_equal(t, t); np.greater(t, a); np.greater_equal(a, t); np.equal(t, t, dtype=bool); np.argmax(t)
np.argmax(t, axis=1); np.argmin(t, axis=0, keepdims=True); np.all(t > a); np.any(t > a, axis=0)
np.logical_and.reduce(t > a); np.zeros_like(t); np.all(t > a, where=mask); np.any(t > a, 1, where=mask, keepdims=True)
np.zeros_like(t, shape=(2,)); np.zeros_like(t, dtype=int); np.ones_like(t); np.full_like(t, 3.5)
np.full_like(t, 2, dtype=int); np.full_like(t, 1.5, shape=(2,)); np.ones_like(t, shape=3); (t > a) & mask
mask | (t > a); np.invert(t > a); np.bitwise_and(t > a, mask); np.all(t > a, axis=(0, 1)); np.bitwise_or(mask, t > a)
np.logical_or.reduce(t > 1, axis=1); np.where(t > 1); np.nonzero(t > 1); np.argwhere(t > 1); np.flatnonzero(t > 1)
np.argsort(t); np.argsort(t, axis=0); np.argsort(t, axis=None, kind="stable"); np.argpartition(t[0], 3)
np.searchsorted(np.sort(t[0]), a[0]); np.searchsorted([0.6, 1.0, 1.5], t, side="right")
np.digitize(t, [0.6, 1.0, 1.5]); np.isin(t, a); np.lexsort((t[0], a[0])); np.isclose(t, a)
np.isclose(t, t + 1e-9, rtol=1e-3); np.isneginf(t); np.isposinf(t); np.iscomplex(t); np.isreal(t)
np.count_nonzero(t > 1); np.count_nonzero(t, axis=1); np.nanargmax(t); np.nanargmin(t, axis=1); np.unique(t > 1)
np.bincount(np.argsort(t[0])); np.ix_(t[0] > 1, t[1] > 1); np.argmax(t, 1, keepdims=True)
np.diag_indices_from(t[:, :3]); np.packbits(t > 1); np.unpackbits(np.packbits(t > 1))
np.ravel_multi_index((np.argsort(t[0]), 2), (4, 5)); np.tril_indices_from(t); np.triu_indices_from(t, 1)
np.empty_like(t) * 0; np.unique(t, return_index=True)[1]; np.unique(t > 1, return_counts=True)
"""

PYTHON_VALUED = """
np.ndim(t); np.shape(t); np.size(t); np.size(t, 1); np.allclose(t, t); np.allclose(t, a); np.array_equal(t, t)
np.array_equal(t, a); np.array_equiv(t, t[:1]); np.iscomplexobj(t); np.isrealobj(t); np.result_type(t, 1.0)
np.can_cast(t.dtype, int); np.shares_memory(t, a); np.may_share_memory(t, a); np.array2string(t); np.array_str(t)
np.array_repr(t); np.min_scalar_type(t); np.common_type(t); np.einsum_path("ij,jk", t, m)[0]
np.unravel_index(7, np.shape(t)); np.isscalar(t); np.iterable(t); np.broadcast_shapes(t.shape, (1, 4))
"""

UNSUPPORTED = """
np.linalg.svd(t); np.add.reduceat(t, [0, 1]); np.multiply.at(t.detach(), 0, 2.0); np.add.at(a, 0, t)
np.linalg.norm(t, 2); np.linalg.norm(t, "nuc"); np.sum(t, out=a); np.add(t, a, out=a); np.exp(t, out=a)
np.exp(t, where=mask); np.equal(t, a, dtype=float); np.add(t, a, dtype=int); np.concatenate([t, a], out=a)
np.concatenate([t, a], casting="no"); np.stack([t, a], out=a); np.stack([t, a], casting="unsafe")
np.reshape(t, (2, 6), "F"); np.reshape(t, (2, 6), order="F"); np.ravel(t, order="F"); np.ravel(t, "F")
np.matmul(t, m, out=a); np.sum(t, 0, None, a); np.concatenate([t, a], 0, a); np.add.reduce(t, out=a); np.dot(t, m, a)
np.zeros_like(t, order="F"); np.ones_like(t, order="F"); np.broadcast_to(t, (2, 3, 4), subok=True)
np.exp(t, casting="no"); np.exp(t, subok=False); np.exp(t, order="F"); np.argmax(t, out=a); np.fft.fft(t)
np.put_along_axis(a, index, t, 1); np.einsum("ij->i", t, out=a); np.exp(t, signature="d->d"); np.histogram(t)
np.polyfit(t[0], a[0], 1); np.roots(t[0]); np.save("x", t); np.savetxt("x", t); np.linalg.eigh(t[:, :3])
np.intersect1d(t, a); np.pad(t, 1, "mean"); np.pad(t, 1, "linear_ramp"); np.quantile(t, 0.5, method="hazen")
np.quantile(t, 0.5, axis=1, weights=a); np.logaddexp2.reduce(t); np.hypot.accumulate(t); np.linalg.qr(t)
np.linalg.pinv(t); np.nan_to_num(t, copy=False); np.putmask(a, mask, t); np.place(a, mask, t)
np.copyto(a, t, where=mask); np.fft.rfft(t); np.geomspace(t[0], t[1]); np.union1d(t, a); np.sum(t, like=3)
np.trim_zeros(t[0]); np.isnat(t); np.ldexp(t, 1, out=a); np.linalg.lstsq(t, a)
"""

IN_PLACE = """
a.__iadd__(t); a.__imul__(t); a.__isub__(t); a.__itruediv__(t); a.__ipow__(t); np.copyto(a, t); np.add(a, a, out=t)
a.__setitem__(0, t[0]); np.put(a, 0, t[0, 0]); np.fill_diagonal(a, t[0]); np.full_like(a, t)
float(a[0, 0]).__add__(t) + np.asarray(t)
"""


def expressions(text: str) -> list[str]:
    return [e.strip() for e in text.replace("\n", ";").split(";") if e.strip()]


def evaluate(expression: str, **replaced: Any) -> Any:
    """The value of an expression, of tensors or of arrays; NumPy may warn of nans, and tensors must not."""
    with warnings.catch_warnings():
        if not any(isinstance(value, Tensor) for value in replaced.values()):
            warnings.simplefilter("ignore")
        return eval(expression, {"np": np, **{name: array.copy() for name, array in ARRAYS.items()}, **replaced})


def by_numpy(expression: str, **replaced: Any) -> Any:
    """The value of an expression of arrays."""
    try:
        return evaluate(expression, **replaced)
    except (AttributeError, TypeError):
        if np.lib.NumpyVersion(np.__version__) < "2.3.0":
            pytest.skip("this NumPy does not have it")
        raise


def as_tensors(dtype: Any = np.float64) -> dict[str, Tensor]:
    return {name: mg.tensor(ARRAYS[name], dtype=dtype, requires_grad=name == "t") for name in TENSORS}


def parts(value: Any) -> list[Any]:
    """The arrays of a result: of one, or of a tuple or list of them."""
    return list(value) if isinstance(value, (tuple, list)) else [value]


@pytest.mark.parametrize("expression", expressions(SUPPORTED))
def test_value_and_gradient_are_those_of_numpy(expression: str, mode: str) -> None:
    """The same line, run by NumPy on plain arrays, tells the value; the gradient is that of finite differences."""
    tensors = as_tensors()
    expected = by_numpy(expression)
    out = evaluate(expression, **tensors)
    assert isinstance(out, (tuple, list)) == isinstance(expected, (tuple, list))
    outs, arrays = parts(out), [np.asarray(part) for part in parts(expected)]
    assert_same_arrays(outs, arrays)

    def finite(t: Tensor) -> list[Tensor]:
        return [mg.where(mg.isfinite(one), one, 0.0) for one in parts(evaluate(expression, **(tensors | {"t": t})))]

    assert_grads(finite, tensors["t"], order=1, mode=mode)


def assert_same_arrays(outs: list[Any], arrays: list[np.ndarray]) -> None:
    assert len(outs) == len(arrays)
    for out, expected in zip(outs, arrays, strict=True):
        assert type(out) is Tensor
        assert out.dtype == expected.dtype
        assert out.shape == expected.shape
        np.testing.assert_allclose(plain(out), expected, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("expression", expressions(NOT_DIFFERENTIABLE))
def test_value_without_a_gradient(expression: str) -> None:
    expected = by_numpy(expression)
    out = parts(evaluate(expression, **as_tensors()))
    assert not any(part.requires_grad for part in out)
    assert_same_arrays(out, [np.asarray(part) for part in parts(expected)])


@pytest.mark.parametrize("expression", expressions(PYTHON_VALUED))
def test_values_that_are_no_arrays(expression: str) -> None:
    out = evaluate(expression, **as_tensors())
    assert out == evaluate(expression)
    assert not isinstance(out, Tensor)


@pytest.mark.parametrize("expression", expressions(UNSUPPORTED))
def test_what_is_not_supported_names_a_way_out(expression: str) -> None:
    arrays = {"a": ARRAYS["a"].copy(), "mask": ARRAYS["mask"].copy()}
    with pytest.raises(TypeError) as error:
        evaluate(expression, **as_tensors(), **arrays)
    assert any(hint in str(error.value) for hint in ("microgradnp", "it takes", "use np.matmul", "argument", "only")), (
        error.value
    )
    assert all(np.array_equal(array, ARRAYS[name]) for name, array in arrays.items()), "an array was written to"


@pytest.mark.parametrize("expression", expressions(IN_PLACE))
def test_writing_a_tensor_with_a_gradient_into_an_array_is_refused(expression: str) -> None:
    a = ARRAYS["a"].copy()
    with pytest.raises((TypeError, RuntimeError)):
        evaluate(expression, **as_tensors(), a=a)
    np.testing.assert_array_equal(a, ARRAYS["a"])


def test_everything_that_is_answered_is_tested() -> None:
    tested = SUPPORTED + NOT_DIFFERENTIABLE + PYTHON_VALUED + WRITTEN + UNARY
    names = {key_name(key) for key in (*BY_NUMPY, *ANSWERS)} - {"np.isnat"}
    names = {name for name in names if not name.startswith("scipy.")}
    assert {name for name in names if not re.search(rf"\b{re.escape(name)}\b", tested)} == set()


def key_name(key: Any) -> str:
    if isinstance(key, str):
        return key
    if isinstance(key, tuple):
        return f"np.{key[0].__name__}.{key[1]}"
    return name_of(key) if not isinstance(key, np.ufunc) else f"np.{key.__name__}"


# Elementwise functions: their operands are drawn from (0.1, 0.9), or what is given

UNARY = """
np.arccos(t); np.arcsin(t); np.arctan(t); np.arctanh(t); np.arccosh(t + 1); np.arcsinh(t); np.cos(t); np.sin(t)
np.tan(t); np.cosh(t); np.sinh(t); np.exp2(t); np.expm1(t); np.log2(t); np.log10(t); np.deg2rad(t); np.rad2deg(t)
np.degrees(t); np.radians(t); np.square(t); np.reciprocal(t); np.floor(3 * t); np.ceil(3 * t); np.trunc(3 * t)
np.rint(3 * t); np.arctan2(t, a); np.arctan2(a, t); np.hypot(t, a); np.hypot(a, t); np.logaddexp(t, a)
np.logaddexp2(a, t); np.fmax(t, a); np.fmin(a, t); np.fmod(3 * t, a); np.fmod(3.0, t); np.remainder(3 * t, a)
np.remainder(-3.0, t); np.mod(-t, a); np.float_power(t, a); np.float_power(2, t); np.copysign(t, a - 0.5)
np.copysign(2.0, t - 0.5); np.heaviside(t - 0.5, a); np.heaviside(a - 0.5, t); np.floor_divide(3 * t, a); np.isnan(t)
np.isinf(t); np.isfinite(t); np.signbit(t - 0.5); np.logical_and(t, a); np.logical_or(t, 0); np.logical_not(t)
np.logical_xor(t, a); np.nextafter(t, a); np.ldexp(t, index[:, :1]); np.frexp(t)[0]; np.frexp(t)[1]; np.modf(3 * t)
np.divmod(3 * t, a); np.left_shift(n, 2); np.right_shift(n, 1); np.bitwise_xor(n, 5); np.bitwise_and(n, 5)
np.bitwise_or(n, 5); np.invert(n); np.gcd(n, 6); np.fmax(t, 0.5); np.fmin(0.5, t); np.heaviside(2.0, t)
np.heaviside(t - 0.5, 0.5); np.ldexp(t, 2); np.ldexp(3, n); np.hypot(n, 3); np.logaddexp(n, 2.0); np.rint(n)
np.frexp(n + 1)[0]; np.matmul(n > 2, n > 1); np.vdot(n > 2, n > 1); np.lcm(n, 6); np.bitwise_count(n)
np.spacing(t); np.divide(n, 2); np.exp(n); np.mean(n); np.var(n); np.power(n, 2); np.floor_divide(n, 2)
"""


@pytest.mark.parametrize("expression", expressions(UNARY))
def test_elementwise_functions(expression: str, mode: str) -> None:
    """Each gives NumPy's value and the gradient of finite differences, or a TypeError: there is no record for it."""
    rng = np.random.default_rng(2)
    arrays = {"t": rng.uniform(0.1, 0.9, (3, 2)), "a": rng.uniform(0.1, 0.9, 2), "n": np.arange(6)}
    tensors = {"t": mg.tensor(arrays["t"], requires_grad=True), "n": mg.tensor(arrays["n"])}
    try:
        mg.set_default_dtype(mg.float64)
        out = evaluate(expression, **(arrays | tensors))
    except TypeError as error:
        assert "is not supported on Tensors" in str(error) or "does not exist" in str(error)
        return
    finally:
        mg.set_default_dtype(mg.float32)
    expected = evaluate(expression, **arrays)
    for one, other in zip(parts(out), parts(expected), strict=True):
        assert type(one) is Tensor
        np.testing.assert_allclose(plain(one), other, rtol=1e-12)
        assert one.dtype.kind == other.dtype.kind
        if one.requires_grad:
            place = [other is part for part in parts(expected)].index(True)
            assert_grads(
                lambda t, place=place: parts(evaluate(expression, **(arrays | tensors | {"t": t})))[place],
                tensors["t"], order=1, mode=mode,
            )  # fmt: skip


# Writing to tensors

WRITTEN = """
np.add(t, a, out=o); np.multiply(t, o, out=o); np.exp(t, out=o); np.log(t - 1, out=o, where=a > 9)
np.sqrt(t, out=o, where=mask); np.add(t, 2, o); np.power(t, a, out=o, where=mask); np.add(a, a, out=o)
np.add(t[0], 1, out=o); np.add(t, o, out=o, where=mask[0]); np.log(t - 1.2, out=o, where=ARRAYS["t"] > 1.3)
np.sum(t, axis=0, out=o[0]); np.sum(t, 0, None, o[1]); np.mean(t, axis=0, out=o[2]); np.add.reduce(t, out=o[0])
np.matmul(t, a.T, out=o[:, :3]); np.cumsum(t, axis=1, out=o); np.clip(t, 1, 1.5, out=o)
np.concatenate([t[:1], a[1:]], out=o); np.stack([t[0], a[1], t[1]], out=o); np.max(t, 0, out=o[0])
np.add.accumulate(t, 0, out=o); np.var(t, axis=0, out=o[0]); np.take(t, [0, 1, 1], 0, out=o)
np.einsum("ij->j", t, out=o[0]); np.round(t, 1, out=o); np.median(t, 0, out=o[0]); np.modf(t, out=(o, a + o))
np.copyto(o, t); np.copyto(o, t, where=mask); np.copyto(o, 3); np.copyto(o, t[0]); np.put(o, [0, 5], t[0, :2])
np.put(o, [1, 13], 7, mode="wrap"); np.put_along_axis(o, index, t[:, :2], 1); np.putmask(o, mask, t * 2)
np.place(o, mask, t[0]); np.fill_diagonal(o, t[0, 0]); np.fill_diagonal(o, t[0, :3]); np.add.at(o, [0, 1, 0], t)
np.add.at(o, (index[:, 0], index[:, 1]), t[:, 0]); np.subtract.at(o, 1, t[0]); np.add.at(o, mask, 2.0); o.__iadd__(t)
o.__setitem__(mask, t[mask])
"""


@pytest.mark.parametrize("expression", expressions(WRITTEN))
def test_a_tensor_is_written_to_with_its_gradient(expression: str, mode: str) -> None:
    """What NumPy writes, through ``out=`` or otherwise, a tensor takes; the gradient of its old values is cut off."""
    t, start = mg.tensor(ARRAYS["t"], requires_grad=True), mg.tensor(ARRAYS["u"], requires_grad=True)
    names = {"ARRAYS": ARRAYS}

    def written(t: Tensor, start: Tensor) -> Tensor:
        o = start * 1
        result = evaluate(expression, t=t, o=o, **names)
        if "out=" in expression and "(o, " not in expression:
            assert np.shares_memory(result, o)
        return o

    expected = ARRAYS["u"].copy()
    with np.errstate(all="ignore"):
        evaluate(expression, t=ARRAYS["t"], o=expected, **names)
    np.testing.assert_allclose(plain(written(t, start)), expected, rtol=1e-12)
    assert_grads(written, t, start, order=1, mode=mode)


def test_writing_to_a_leaf_is_refused_and_changes_nothing() -> None:
    t = mg.tensor(ARRAYS["t"], requires_grad=True)
    for run in (
        lambda: np.add(t, 1, out=t), lambda: np.copyto(t, 0), lambda: np.put(t, 0, 9.0), lambda: np.add.at(t, 0, 1.0),
        lambda: np.fill_diagonal(t, 0), lambda: np.exp(ARRAYS["a"], out=t), lambda: np.sum(ARRAYS["a"], 0, out=t[0]),
    ):  # fmt: skip
        with pytest.raises(RuntimeError, match="leaf"):
            run()
    np.testing.assert_array_equal(plain(t), ARRAYS["t"])


@pytest.mark.parametrize(
    "expression", ["np.add(t, 1, out=n)", "np.sum(t, 0, out=n[0])", "np.exp(t, out=n, where=mask)"]
)
def test_a_result_of_another_kind_is_not_written(expression: str) -> None:
    n = mg.zeros(3, 4, dtype=mg.int64)
    with pytest.raises(TypeError, match="cannot be cast"):
        evaluate(expression, **as_tensors(), n=n)
    assert not n.any()


# Completeness


def public_functions() -> dict[str, Any]:
    found = {}
    for module in (np, np.linalg, np.fft):
        for name in dir(module):
            function = getattr(module, name)
            if not name.startswith("_") and callable(function) and not isinstance(function, type):
                found[f"{module.__name__.replace('numpy', 'np')}.{name}"] = function
    return found


# These read no values of their argument, are not about arrays, or take elements by float(), which is PyTorch's too.
WITHOUT_VALUES = "np.fromiter np.isscalar np.iterable np.typename np.info np.isdtype np.issubdtype np.mintypecode"
SKIPPED = """
np.frompyfunc np.get_include np.get_printoptions np.getbufsize np.geterr np.geterrcall np.info np.printoptions
np.set_printoptions np.setbufsize np.seterr np.seterrcall np.show_config np.show_runtime np.test np.fft.test
np.linalg.test
"""


@pytest.mark.parametrize("name", sorted(public_functions()))
def test_every_public_function_answers_or_refuses(name: str) -> None:
    """Called on tensors that require gradients, no function of NumPy returns an array that has lost them."""
    if name in SKIPPED.split():
        return
    function = public_functions()[name]
    answered = function in ANSWERS or function in BY_NUMPY
    known = (WITHOUT_VALUES + PYTHON_VALUED).replace("(", " ").split()
    dispatched = isinstance(function, np.ufunc) or hasattr(function, "_implementation")
    dispatched = dispatched and not name.startswith("np.save")  # their first argument is a path
    for shape in ((3, 3), (4,)):
        t = mg.tensor(np.random.default_rng(0).uniform(0.2, 0.9, shape), requires_grad=True)
        for args in ((t,), (t, t), (t, 1), (t, t, t), ([t, t],)):
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    out = function(*args)
            except Exception as error:
                hint = any(
                    word in str(error) for word in ("microgradnp", "detach()", "argument", "Tensor", "path", "file")
                )
                assert answered or hint or not dispatched, f"{name}: {error}"
                continue
            for part in parts(out):
                assert not isinstance(part, (np.ndarray, np.generic)) or name in known, (
                    f"{name}{tuple(map(type, args))} returned {type(part)}"
                )


def test_scipys_ufuncs_are_answered_by_the_records_that_name_them() -> None:
    special = pytest.importorskip("scipy.special")
    t = mg.tensor(ARRAYS["t"], requires_grad=True)
    out = special.erf(t)
    np.testing.assert_allclose(plain(out), special.erf(ARRAYS["t"]), rtol=1e-14)
    (gradient,) = mg.autograd.grad(out.sum(), t)
    np.testing.assert_allclose(plain(gradient), 2 / np.sqrt(np.pi) * np.exp(-(ARRAYS["t"] ** 2)), rtol=1e-12)
    for name in ("expit", "logit", "log_expit", "gammaln", "psi", "erfc", "erfinv"):
        inside = t / 4
        np.testing.assert_allclose(plain(getattr(special, name)(inside)), getattr(special, name)(plain(inside)), 1e-12)
    np.testing.assert_allclose(plain(special.xlogy(ARRAYS["a"], t)), special.xlogy(ARRAYS["a"], ARRAYS["t"]), 1e-12)
    with pytest.raises(TypeError, match="jv is not supported on Tensors"):
        special.jv(1, t)


# Types


SINGLE = """
np.float64(2) * t; t * np.float64(2); np.int64(2) * t; t ** np.float64(2); np.where(mask, t, np.float64(0))
np.maximum(t, np.float64(1)); np.float64(2) / t; np.array(2.0) * t; t + np.array(1); 2.0 * t; np.exp(t)
np.float64(2) ** t; np.sum(t, axis=0); np.mean(t)
"""


@pytest.mark.parametrize("expression", expressions(SINGLE))
def test_float32_stays_float32_beside_numpy_scalars_and_0d_arrays(expression: str) -> None:
    tensors = as_tensors(np.float32)
    out = evaluate(expression, **tensors)
    assert type(out) is Tensor
    assert out.dtype == np.float32
    out.sum().backward()
    assert tensors["t"].grad.dtype == np.float32


def test_a_numpy_scalar_beside_integers_counts_as_a_python_number() -> None:
    n = mg.tensor([1, 2])
    assert (np.float64(1.5) * n).dtype == (n * np.float64(1.5)).dtype == np.float32
    assert (np.int8(2) * n).dtype == (n + np.uint8(2)).dtype == np.int64
    assert (np.array(1.5) * n).dtype == np.float64  # an array, even of 0-d, has a dtype of its own


def test_an_array_with_dimensions_counts_as_a_tensor_of_its_dtype() -> None:
    t = mg.ones(3, requires_grad=True)
    out = np.ones(3) * t
    assert out.dtype == np.float64
    out.sum().backward()
    assert t.grad.dtype == np.float32


# Into NumPy


def test_asarray_without_a_gradient() -> None:
    t = mg.tensor([1.0, 2.0])
    for convert in (np.asarray, np.array):
        array = convert(t)
        assert type(array) is np.ndarray
        assert array.dtype == np.float32
        np.testing.assert_array_equal(array, [1.0, 2.0])
    assert np.shares_memory(np.asarray(t), t.numpy())
    assert not np.shares_memory(np.array(t), t.numpy())
    assert np.asarray(t, dtype=np.float64).dtype == np.float64
    np.testing.assert_array_equal(np.array([t, t]), [[1.0, 2.0], [1.0, 2.0]])


@pytest.mark.parametrize("convert", [np.asarray, np.array, np.ascontiguousarray, lambda t: np.array([t, t]), list])
def test_asarray_with_a_gradient_is_refused(convert: Any) -> None:
    t = mg.tensor([1.0, 2.0], requires_grad=True)
    if convert is list:
        assert all(type(item) is Tensor and item.requires_grad for item in convert(t))
        return
    with pytest.raises((RuntimeError, TypeError), match=r"detach\(\)\.numpy\(\)"):
        convert(t * 2)


def test_no_object_arrays_and_no_warnings() -> None:
    """NumPy falls back to arrays of objects for what it does not know; a Tensor never lets it."""
    t = mg.tensor([1.0, 2.0], requires_grad=True)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for out in (np.ones(2) * t, np.ones(2, np.float32) + t, np.arange(2) - t, np.ones((2, 2)) @ t, np.ones(2) == t):
            assert type(out) is Tensor
            assert out.dtype != object
        for fails in (np.array([object(), None]), np.array(["a", "b"]), np.array([1j, 2j])):
            with pytest.raises(TypeError):
                fails * t


@pytest.mark.parametrize("function", ["add", "concatenate", "append", "dot", "where", "interp", "kron", "matmul"])
def test_masked_arrays_are_refused(function: str) -> None:
    """Their mask would be lost."""
    t, masked = mg.tensor([1.0, 2.0], requires_grad=True), np.ma.array([1.0, 2.0], mask=[True, False])
    calls = {"concatenate": lambda: np.concatenate([t, masked]), "interp": lambda: np.interp(t, [0.0, 1.0], masked)}
    with pytest.raises(TypeError, match="masked arrays"):
        calls.get(function, lambda: getattr(np, function)(*[t > 1] * (function == "where"), t, masked))()


# Arrays that change after the forward pass


MUTATED = """
a * t; t * a; np.multiply(t, a); a / t; np.maximum(t, a); a.T @ t; t ** a; np.where(mask, t, 1); np.where(mask, 0, t)
t[mask]; np.take_along_axis(t, index, 1); t[:, index]; t[:2, index]; t * np.sqrt(a); np.dot(a.T, t); t - t * a
"""


@pytest.mark.parametrize("expression", expressions(MUTATED))
def test_an_operand_that_is_mutated_later_does_not_change_the_gradient(expression: str) -> None:
    gradients = []
    for mutate in (False, True):
        tensors, arrays = as_tensors(), {name: ARRAYS[name].copy() for name in ("a", "mask", "index")}
        out = evaluate(expression, **tensors, **arrays)
        if mutate:
            for array in arrays.values():
                array[...] = 0
        out.sum().backward()
        gradients.append(plain(tensors["t"].grad))
    np.testing.assert_array_equal(*gradients)


def test_an_array_operand_is_not_written_to() -> None:
    t, a = mg.tensor(ARRAYS["t"], requires_grad=True), ARRAYS["a"].copy()
    a.flags.writeable = False
    (a * t + a).sum().backward()
    np.testing.assert_array_equal(plain(t.grad), a)
