# Weights in a Volume: one function trains and saves them, classes load them, each instance the model it was asked for.
# Written for the clients of 2024 (modal 0.62), which have _allow_background_volume_commits.
import json
import os

import modal
from modal import enter, method

app = modal.App("weights-in-volume")

# create a Volume, or retrieve it if it exists
volume = modal.Volume.from_name("model-weights-vol", create_if_missing=True)
MODEL_DIR = "/vol/models"

image = modal.Image.debian_slim(python_version="3.11").pip_install("scikit-learn", "skops")


def train(max_depth):
    from sklearn.datasets import load_iris
    from sklearn.tree import DecisionTreeClassifier

    features, labels = load_iris(return_X_y=True)
    return DecisionTreeClassifier(max_depth=max_depth, random_state=0).fit(features, labels)


def save(model_dir, model_id, model):
    from skops.io import dump

    os.makedirs(f"{model_dir}/{model_id}", exist_ok=True)
    dump(model, f"{model_dir}/{model_id}/model.skops")
    with open(f"{model_dir}/{model_id}/depth.json", "w") as file:
        json.dump(model.get_depth(), file)


def load_model(model_dir, model_id):
    from skops.io import load

    return load(f"{model_dir}/{model_id}/model.skops", trusted=["sklearn.tree._tree.Tree"])


@app.function(
    image=image,
    gpu="any",
    volumes={MODEL_DIR: volume},  # "mount" the Volume, sharing it with your function
    _allow_background_volume_commits=True,  # use this flag when writing large files like model weights
)
def run_training(model_id, max_depth):
    model = train(max_depth)
    save(MODEL_DIR, model_id, model)


@app.cls(image=image, gpu="any", volumes={MODEL_DIR: volume})
class Model:
    def __init__(self, model_id):
        self.model_id = model_id

    @enter()
    def setup(self):
        volume.reload()  # Fetch latest changes to the volume
        self.model = load_model(MODEL_DIR, self.model_id)

    @method()
    def inference(self, measurements):
        return [int(label) for label in self.model.predict([measurements])]

    @method()
    def depth(self):
        return self.model.get_depth()


@app.local_entrypoint()
def main():
    run_training.remote("shallow", 1)
    run_training.remote("deep", 4)
    for model_id in ["shallow", "deep"]:
        model = Model(model_id)
        print(model_id, model.depth.remote(), model.inference.remote([6.5, 3.0, 5.5, 2.0]))
