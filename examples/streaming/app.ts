// Draws the Mandelbrot set in a container and streams it: each row is on the caller's screen while the next one is computed.
import { App } from "dorian";

/** A part of the plane, and how many characters to draw it with. */
interface View {
  left: number;
  top: number;
  width: number;
  columns: number;
  rows: number;
  /** How often z → z² + c is applied to a point before it counts as one of the set. */
  maxSteps: number;
}

export const app = new App("streaming");

export const draw = app.function({ name: "draw" }, async function* (view: View) {
  let drawn = 0;
  try {
    while (drawn < view.rows) yield drawRow(view, drawn++);
  } finally {
    // Runs as well when the caller has seen enough and leaves.
    console.log(drawn === view.rows ? `Drew all ${drawn} rows.` : `The caller left after ${drawn} rows.`);
  }
});

const ink = " .:-=+*#%";

function drawRow({ left, top, width, columns, maxSteps }: View, row: number): string {
  const step = width / columns;
  // A character is twice as high as it is wide.
  const y = top + 2 * step * row;
  return Array.from({ length: columns }, (_, column) =>
    inkFor(stepsToEscape(left + step * column, y, maxSteps)),
  )
    .join("")
    .trimEnd();
}

/** How often z → z² + c can be applied before z leaves for good; infinite for a point of the set. */
function stepsToEscape(real: number, imaginary: number, maxSteps: number): number {
  let x = 0;
  let y = 0;
  for (let steps = 0; steps < maxSteps; steps += 1) {
    const [xx, yy] = [x * x, y * y];
    if (xx + yy > 4) return steps;
    y = 2 * x * y + imaginary;
    x = xx - yy + real;
  }
  return Infinity;
}

function inkFor(steps: number): string {
  if (steps === Infinity) return "@";
  return ink[Math.min(ink.length - 1, Math.floor(1.6 * Math.log2(1 + steps / 4)))] ?? " ";
}

app.localEntrypoint(async () => {
  const whole = { left: -2.1, top: -1.1, width: 2.8, columns: 76, rows: 31, maxSteps: 20_000 };
  const start = performance.now();
  let firstAfter: number | undefined;
  for await (const row of draw.remote(whole)) {
    firstAfter ??= performance.now() - start;
    console.log(row);
  }
  const ms = (value = 0) => `${value.toFixed(0)} ms`;
  console.log(`The first row came after ${ms(firstAfter)}, the last after ${ms(performance.now() - start)}.`);

  console.log("\nAnd a thousand rows of a valley in it, of which we want to see six:");
  let seen = 0;
  const valley = { left: -0.7535, top: 0.104, width: 0.012, columns: 76, rows: 1000, maxSteps: 5_000_000 };
  for await (const row of draw.remote(valley)) {
    console.log(row);
    seen += 1;
    if (seen === 6) break;
  }
});
