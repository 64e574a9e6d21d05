# Weights in the container image, put there by a build step, and loaded into memory before the first input.
# Written for the clients of 2024 (modal 0.62 to 0.71), which have @build.
import os

import modal
from modal import build, enter, method

MODEL_DIR = "/model"

image = (  # start building the image
    modal.Image.debian_slim(python_version="3.11")
    # The CPU build of PyTorch; the one of the package index brings gigabytes for GPUs.
    .run_commands("apt-get update && apt-get install -y --no-install-recommends python3-torch python3-pil")
    .pip_install(
        "huggingface_hub==0.21.4",
        "diffusers==0.27.2",
        "transformers==4.38.2",
        "numpy<2",
    )
)

app = modal.App("weights-in-image")


@app.cls(gpu="any", image=image)
class Model:
    @build()  # add another step to the image build
    def download_model_to_folder(self):
        from huggingface_hub import snapshot_download

        os.makedirs(MODEL_DIR, exist_ok=True)
        snapshot_download("stabilityai/sdxl-turbo", local_dir=MODEL_DIR)

    @enter()
    def setup(self):
        from diffusers import AutoPipelineForImage2Image

        self.pipe = AutoPipelineForImage2Image.from_pretrained("stabilityai/sdxl-turbo")

    @method()
    def inference(self, prompt):
        import torch
        from PIL import Image

        start = Image.new("RGB", (64, 64), "teal")
        torch.manual_seed(0)
        result = self.pipe(prompt, image=start, num_inference_steps=2, strength=0.5, guidance_scale=0.0)
        return result.images[0].size


@app.local_entrypoint()
def main(prompt: str = "a cinematic photo of a baby racoon"):
    width, height = Model().inference.remote(prompt)
    print(f"image of {width} x {height}")
