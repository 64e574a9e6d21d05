"""A class that imports PyTorch and makes 512 MiB of weights, with a memory snapshot and without."""

import os

import modal

app = modal.App("bench-snapshot")
install = "apt-get update && apt-get install -y --no-install-recommends python3-torch"
image = modal.Image.debian_slim("3.11").run_commands(install)


class Loaded:
    def read(self):
        import torch

        generator = torch.Generator().manual_seed(7)
        self.weights = torch.rand((128, 1024, 1024), generator=generator)

    def answer(self):
        return os.environ["MODAL_TASK_ID"], float(self.weights[5, 6, 7])


@app.cls(image=image)
class Plain(Loaded):
    @modal.enter()
    def load(self):
        self.read()

    @modal.method()
    def first(self):
        return self.answer()


@app.cls(image=image, enable_memory_snapshot=True)
class Snapped(Loaded):
    @modal.enter(snap=True)
    def load(self):
        self.read()

    @modal.method()
    def first(self):
        return self.answer()
