"""How much memory `keys verify` needs: `python -m benchmarks.memory HOME` prints entries, CPU seconds and peak megabytes."""

from __future__ import annotations

import asyncio
import resource
import subprocess
import sys
import time
from pathlib import Path

from runbook_keys.bootstrap import services
from runbook_keys.config import Config
from runbook_keys.operations.record.verify import verify


def of_verifying(home: Path) -> tuple[int, float, float]:
    """Entries, CPU seconds and the peak in MB of a process of its own that verifies the journal in `home`."""
    asked = [sys.executable, "-m", "benchmarks.memory", f"{home}"]
    told = subprocess.run(asked, check=True, capture_output=True, text=True, cwd=Path(__file__).parents[1])
    entries, seconds, peak = told.stdout.split()
    return int(entries), float(seconds), float(peak)


async def _verify(home: Path) -> None:
    async with services(home=home, config=Config()) as at:
        began = time.process_time()
        report = await verify(at)
        seconds = time.process_time() - began
    if report.damages:
        raise SystemExit(f"The journal of the benchmark does not verify: {report.damages[0].what}")
    print(report.entries, seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


if __name__ == "__main__":
    asyncio.run(_verify(Path(sys.argv[1])))
