"""An image with the CPU build of PyTorch. ROUND makes each round's image one that was never built before."""

import os

import modal

app = modal.App("bench-torch")
install = "apt-get update && apt-get install -y --no-install-recommends python3-torch"
image = modal.Image.debian_slim("3.11")
if modal.is_local():
    image = image.env({"BENCH_ROUND": os.environ.get("ROUND", "")}).run_commands(install).pip_install("safetensors==0.4.5")


@app.function(image=image)
def torch_version():
    import torch

    return os.environ["MODAL_TASK_ID"], str(torch.__version__)


@app.function(image=modal.Image.debian_slim("3.11"))
def whoami():
    return os.environ["MODAL_TASK_ID"]
