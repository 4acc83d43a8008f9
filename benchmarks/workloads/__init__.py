"""The workloads, in the order in which they run. A new one is a file, and its name here."""

from . import chain, cnn, gpt, growth, imports, lstm, mlp, operations, xor

WORKLOADS = {
    module.WORKLOAD.name: module.WORKLOAD for module in (xor, mlp, cnn, gpt, lstm, chain, operations, growth, imports)
}
