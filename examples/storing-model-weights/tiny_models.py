# Makes a pipeline with the architecture of the real one, small enough to pass around in tests: `modal run tiny_models.py`,
# then `modal volume get tiny-models /`.
import modal

image = (
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
volume = modal.Volume.from_name("tiny-models", create_if_missing=True)
app = modal.App("tiny-models")


def tokenizer(directory):
    import json
    import os

    from transformers import CLIPTokenizer

    letters = [chr(code) for code in range(33, 127)]
    words = letters + [letter + "</w>" for letter in letters] + ["<|startoftext|>", "<|endoftext|>"]
    os.makedirs(directory, exist_ok=True)
    with open(f"{directory}/vocab.json", "w") as file:
        json.dump({word: index for index, word in enumerate(words)}, file)
    with open(f"{directory}/merges.txt", "w") as file:
        file.write("#version: 0.2\n")
    return CLIPTokenizer(f"{directory}/vocab.json", f"{directory}/merges.txt", model_max_length=32), len(words)


@app.function(image=image, volumes={"/models": volume}, timeout=600)
def make():
    import torch
    from diffusers import AutoencoderKL, EulerDiscreteScheduler, StableDiffusionXLImg2ImgPipeline, UNet2DConditionModel
    from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

    torch.manual_seed(0)
    words, size = tokenizer("/tmp/tokenizer")
    text = CLIPTextConfig(
        vocab_size=size,
        hidden_size=32,
        intermediate_size=37,
        num_hidden_layers=2,
        num_attention_heads=4,
        max_position_embeddings=32,
        projection_dim=32,
        bos_token_id=size - 2,
        eos_token_id=size - 1,
        pad_token_id=size - 1,
    )
    unet = UNet2DConditionModel(
        block_out_channels=(32, 64),
        layers_per_block=1,
        sample_size=32,
        in_channels=4,
        out_channels=4,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        attention_head_dim=(2, 4),
        use_linear_projection=True,
        addition_embed_type="text_time",
        addition_time_embed_dim=8,
        transformer_layers_per_block=(1, 1),
        projection_class_embeddings_input_dim=80,
        cross_attention_dim=64,
    )
    vae = AutoencoderKL(
        block_out_channels=[32, 64],
        down_block_types=["DownEncoderBlock2D", "DownEncoderBlock2D"],
        up_block_types=["UpDecoderBlock2D", "UpDecoderBlock2D"],
        latent_channels=4,
    )
    pipe = StableDiffusionXLImg2ImgPipeline(
        vae=vae,
        text_encoder=CLIPTextModel(text),
        text_encoder_2=CLIPTextModelWithProjection(text),
        tokenizer=words,
        tokenizer_2=words,
        unet=unet,
        scheduler=EulerDiscreteScheduler(),
    )
    pipe.save_pretrained("/models/stabilityai/sdxl-turbo")
    volume.commit()


@app.local_entrypoint()
def main():
    make.remote()
