"""Trains small neural networks into a volume, and serves each from a container of its own."""

import modal

app = modal.App("train-and-serve-python", image=modal.Image.debian_slim().pip_install("numpy"))

volume = modal.Volume.from_name("spiral-networks", create_if_missing=True)
MODELS = "/models"


def spirals(points: int):
    """Two spirals, one in the other: points of the plane, and which spiral each is on."""
    import numpy as np

    random = np.random.default_rng(0)
    turn = np.sqrt(random.random(points)) * 3 * np.pi
    spiral = np.arange(points) % 2
    angle = turn + np.pi * spiral
    places = np.stack([turn * np.cos(angle), turn * np.sin(angle)], axis=1) / (3 * np.pi)
    return places + random.normal(scale=0.01, size=places.shape), spiral


def predict(weights, places):
    """How likely each place is on the second spiral, and what the hidden layers say on the way."""
    import numpy as np

    layers = [places]
    for matrix, bias in weights[:-1]:
        layers.append(np.tanh(layers[-1] @ matrix + bias))
    matrix, bias = weights[-1]
    return 1 / (1 + np.exp(-(layers[-1] @ matrix + bias)[:, 0])), layers


@app.function(volumes={MODELS: volume})
def train(model_id: str, steps: int) -> float:
    """Trains with Adam and saves the weights: they are in the volume when this has returned."""
    import numpy as np

    places, spiral = spirals(600)
    random = np.random.default_rng(1)
    sizes = [2, 32, 32, 1]
    weights = [
        (random.normal(size=(rows, columns)) * 2 / np.sqrt(rows), np.zeros(columns))
        for rows, columns in zip(sizes, sizes[1:])
    ]
    parameters = [parameter for layer in weights for parameter in layer]
    means = [np.zeros_like(parameter) for parameter in parameters]
    squares = [np.zeros_like(parameter) for parameter in parameters]
    for step in range(1, steps + 1):
        likely, layers = predict(weights, places)
        error = (likely - spiral)[:, None] / len(places)
        gradients = []
        for (matrix, _), layer in zip(reversed(weights), reversed(layers)):
            gradients = [layer.T @ error, error.sum(axis=0), *gradients]
            error = (error @ matrix.T) * (1 - layer**2)
        for parameter, gradient, mean, square in zip(parameters, gradients, means, squares):
            mean += 0.1 * (gradient - mean)
            square += 0.001 * (gradient**2 - square)
            parameter -= 0.01 * (mean / (1 - 0.9**step)) / (np.sqrt(square / (1 - 0.999**step)) + 1e-8)
    np.savez(f"{MODELS}/{model_id}.npz", *parameters)
    return float(((predict(weights, places)[0] > 0.5) == spiral).mean())


@app.cls(volumes={MODELS: volume}, scaledown_window=2)
class Model:
    model_id: str = modal.parameter()

    @modal.enter()
    def load(self):
        """Runs once in each container: calls find the weights in memory."""
        import numpy as np

        with np.load(f"{MODELS}/{self.model_id}.npz") as saved:
            parameters = [saved[name] for name in saved.files]
        self.weights = list(zip(parameters[::2], parameters[1::2]))

    @modal.method()
    def picture(self, columns: int, rows: int) -> list[str]:
        """The plane as the model sees it: which spiral it takes each place to be on, and how sure it is."""
        import numpy as np

        x, y = np.meshgrid(np.linspace(-1.1, 1.1, columns), np.linspace(-1.1, 1.1, rows))
        likely, _ = predict(self.weights, np.stack([x.ravel(), y.ravel()], axis=1))
        ink = np.array(list(" .:oO#"))[np.minimum((likely * 6).astype(int), 5)]
        return ["".join(row) for row in ink.reshape(rows, columns)]


@app.local_entrypoint()
def main():
    lessons = [("hasty", 60), ("patient", 1500)]
    scores = list(train.starmap(lessons))
    pictures = [Model(model_id=model_id).picture.remote(38, 19) for model_id, _ in lessons]
    print("   ".join(f"{name}: {score:.0%} right".ljust(38) for (name, _), score in zip(lessons, scores)))
    for row in zip(*pictures):
        print("   ".join(row))
