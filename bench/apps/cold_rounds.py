"""Answers each line on stdin with the seconds that a call took and the container that did it."""

import sys
import time

import modal

if __name__ == "__main__":
    model = modal.Cls.from_name("bench-cold", "Model")()
    for line in sys.stdin:
        started = time.perf_counter()
        task_id = model.whoami.remote()
        print(time.perf_counter() - started, task_id, flush=True)
