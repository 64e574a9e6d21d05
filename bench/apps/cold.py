import os

import modal

app = modal.App("bench-cold")


@app.cls(image=modal.Image.debian_slim("3.11"))
class Model:
    @modal.method()
    def whoami(self):
        return os.environ["MODAL_TASK_ID"]
