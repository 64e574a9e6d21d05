import type { Example } from "./irises.ts";

/** Softmax regression: `weights` is classes × features, row by row. */
export type Classifier = { weights: Float32Array; bias: Float32Array };

const features = 4;
const classes = 3;

/** Gradient descent on the cross-entropy over all examples. */
export function trainClassifier(
  examples: Example[],
  { epochs, rate = 0.05 }: { epochs: number; rate?: number },
): Classifier {
  const model = { weights: new Float32Array(classes * features), bias: new Float32Array(classes) };
  for (let epoch = 0; epoch < epochs; epoch += 1) {
    const weightGradient = new Float64Array(classes * features);
    const biasGradient = new Float64Array(classes);
    for (const { measurements, label } of examples) {
      for (const [index, probability] of probabilities(model, measurements).entries()) {
        const error = probability - (index === label ? 1 : 0);
        biasGradient[index] = (biasGradient[index] ?? 0) + error;
        measurements.forEach((value, feature) => {
          weightGradient[index * features + feature] =
            (weightGradient[index * features + feature] ?? 0) + error * value;
        });
      }
    }
    weightGradient.forEach((gradient, index) => {
      model.weights[index] = (model.weights[index] ?? 0) - (rate * gradient) / examples.length;
    });
    biasGradient.forEach((gradient, index) => {
      model.bias[index] = (model.bias[index] ?? 0) - (rate * gradient) / examples.length;
    });
  }
  return model;
}

export function classify(model: Classifier, measurements: number[]): number {
  const found = probabilities(model, measurements);
  return found.indexOf(Math.max(...found));
}

export function accuracy(model: Classifier, examples: Example[]): number {
  return (
    examples.filter(({ measurements, label }) => classify(model, measurements) === label).length /
    examples.length
  );
}

function probabilities({ weights, bias }: Classifier, measurements: number[]): number[] {
  const scores = Array.from({ length: classes }, (_, index) =>
    measurements.reduce(
      (sum, value, feature) => sum + value * (weights[index * features + feature] ?? 0),
      bias[index] ?? 0,
    ),
  );
  const top = Math.max(...scores);
  const powers = scores.map((score) => Math.exp(score - top));
  const total = powers.reduce((sum, power) => sum + power, 0);
  return powers.map((power) => power / total);
}
