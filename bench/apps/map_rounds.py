"""Answers each line on stdin, "map N" or "pool N", with the seconds that N pieces of work took."""

import sys
import time
from concurrent.futures import ProcessPoolExecutor

import modal


def work(value):
    time.sleep(0.005)
    return value + 1


if __name__ == "__main__":
    remote = modal.Function.from_name("bench-map", "work")
    with ProcessPoolExecutor(4) as pool:
        for line in sys.stdin:
            how, count = line.split()[0], int(line.split()[1])
            started = time.perf_counter()
            results = remote.map(range(count)) if how == "map" else pool.map(work, range(count))
            assert list(results) == list(range(1, count + 1))
            print(time.perf_counter() - started, flush=True)
