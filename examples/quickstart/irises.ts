import text from "./iris.csv" with { type: "text" };

export const species = ["setosa", "versicolor", "virginica"];

export interface Example {
  /** Sepal length and width, petal length and width, in centimetres. */
  measurements: number[];
  /** Index into `species`. */
  label: number;
}

/** The 150 irises that Anderson measured and Fisher published in 1936. */
export const irises: Example[] = text
  .trim()
  .split("\n")
  .slice(1)
  .map((line) => {
    const fields = line.split(",");
    return { measurements: fields.slice(0, 4).map(Number), label: species.indexOf(fields[4] ?? "") };
  });
