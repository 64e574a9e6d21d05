"""Measures something every few seconds, and writes a report of it every Monday morning."""

from datetime import datetime, timezone

import modal

app = modal.App("scheduled-report")
volume = modal.Volume.from_name("measurements", create_if_missing=True)
DATA = "/data"


@app.function(schedule=modal.Period(seconds=2), volumes={DATA: volume})
def measure():
    """Notes how busy the machine is: a file for each measurement."""
    import os
    import time

    def busy() -> tuple[int, int]:
        with open("/proc/stat") as file:
            times = [int(value) for value in file.readline().split()[1:]]
        return sum(times) - times[3] - times[4], sum(times)

    busy_before, all_before = busy()
    time.sleep(0.5)
    busy_after, all_after = busy()
    share = (busy_after - busy_before) / max(1, all_after - all_before)
    now = datetime.now(timezone.utc)
    os.makedirs(f"{DATA}/{now:%Y-%m-%d}", exist_ok=True)
    with open(f"{DATA}/{now:%Y-%m-%d/%H-%M-%S-%f}", "w") as file:
        file.write(f"{share:.3f}")


@app.function(schedule=modal.Cron("0 8 * * 1", timezone="Europe/Copenhagen"), volumes={DATA: volume})
def report(newest: int = 200) -> str:
    """The newest measurements as a chart, which is kept beside them."""
    from pathlib import Path

    files = sorted(Path(DATA).glob("????-??-??/*"))[-newest:]
    shares = [float(file.read_text()) for file in files]
    now = datetime.now(timezone.utc)
    lines = [
        f"{len(shares)} measurements of how busy the machine is",
        f"least {min(shares):.0%}, mean {sum(shares) / len(shares):.0%}, most {max(shares):.0%}",
        *(f"{file.name[:8].replace('-', ':')} {'█' * round(40 * share)} {share:.0%}" for file, share in zip(files, shares)),
    ]
    text = "\n".join(lines)
    Path(f"{DATA}/report-{now:%Y-%m-%d}.txt").write_text(text)
    return text


@app.local_entrypoint()
def main():
    """Does not wait for Monday."""
    print(report.remote())
