"""The operations: one record each, in the file of its family."""

from . import (
    arithmetic,
    conversion,
    creation,
    elementary,
    indexing,
    inplace,
    loss,
    product,
    protocols,
    reduction,
    shape,
)
