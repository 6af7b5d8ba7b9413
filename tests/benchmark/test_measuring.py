"""The benchmark's stop-watch measures what a process took, or says what it said when it failed."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tests.benchmark.measuring import RunError, measure

HOLD_200_MB = "import time; held = b'x' * 200_000_000; time.sleep(0.6); print('held', len(held))"


def test_time_memory_and_output_of_a_process() -> None:
    measured = measure([sys.executable, "-c", HOLD_200_MB], os.environ)
    assert measured.output == "held 200000000\n"
    assert 0.6 <= measured.seconds < 30
    assert 0 < measured.cpu_seconds < measured.seconds


@pytest.mark.skipif(not Path("/proc").exists(), reason="memory is read from /proc")
def test_memory_counts_descendants_and_only_the_asked_for_moments() -> None:
    child = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {HOLD_200_MB!r}])"
    measured = measure([sys.executable, "-c", child], os.environ)
    peak = measured.peak_bytes()
    assert peak is not None
    assert 200_000_000 < peak < 400_000_000
    assert measured.peak_bytes(end=measured.started - 1) is None


def test_a_failed_process_tells_what_it_said() -> None:
    with pytest.raises(RunError, match="exit code 3:\nno such thing"):
        measure([sys.executable, "-c", "print('no such thing'); raise SystemExit(3)"], os.environ)
