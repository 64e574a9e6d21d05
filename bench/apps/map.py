import time

import modal

app = modal.App("bench-map")


@app.function(
    image=modal.Image.debian_slim("3.11"),
    min_containers=4,
    max_containers=4,
)
def work(value):
    time.sleep(0.005)
    return value + 1
