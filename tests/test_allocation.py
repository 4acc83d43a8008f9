"""Memory of freed arrays is used again, without a page fault for each of its pages."""

import os
import platform
import subprocess
import sys

import pytest

PROGRAM = """
import resource
import microgradnp as mg

def faults():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt

x = mg.rand(1000, 1000)
for _ in range(3):
    before = faults()
    kept = [x * 2 for _ in range(6)]
    del kept
print(faults() - before)
"""
PAGES = 6 * 4_000_000 // 4096


def page_faults(**environment):
    """In a loop's last round, which makes and frees as many arrays as the rounds before."""
    run = subprocess.run(
        [sys.executable, "-c", PROGRAM], env=os.environ | environment, capture_output=True, text=True, check=True
    )
    return int(run.stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other allocators have other habits")
def test_freed_memory_is_kept_for_the_next_array():
    assert page_faults() < PAGES / 10


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other allocators have other habits")
def test_the_environment_decides_otherwise():
    assert page_faults(MALLOC_MMAP_THRESHOLD_="131072") >= PAGES / 2
