import { dorian, type CommandResult } from "../run-command.ts";
import type { ModalClient } from "../modal-client.ts";
import { temporaryDirectory } from "../temporary-directory.ts";

const steps = [1, 2, 3, 4] as const;

/** Each step makes something that no other run of it makes, and notes what the step before it had made. */
function commands(number: number): string[] {
  return steps.map(
    (step) =>
      `sleep 0.3; head -c 9 /dev/urandom | base64 > /step-${step}; cat /step-* > /chain-${step}; ` +
      `echo step ${step} of ${number} made $(cat /step-${step})`,
  );
}

const asList = (texts: readonly string[]) => texts.map((text) => JSON.stringify(text)).join(", ");

const typescript = (number: number) => `
import { readFile } from "node:fs/promises";
import { App, Image } from "dorian";
const image = Image.debianSlim().runCommands(${asList(commands(number).slice(0, 3))}).runCommands(${asList(commands(number).slice(3))});
export const app = new App("chaos-build", { image });
export const read = app.function({ name: "read" }, async (names: string[]) => await Promise.all(names.map((name) => readFile(name, "utf8"))));
app.localEntrypoint(async () => console.log("files " + JSON.stringify(await read.remote(${JSON.stringify(files())}))));
`;

const python = (number: number) => `
import json
import modal
image = modal.Image.debian_slim("3.11").run_commands(${asList(commands(number).slice(0, 3))}).run_commands(${asList(commands(number).slice(3))})
app = modal.App("chaos-python-build")

@app.function(image=image)
def read(names):
    return [open(name).read() for name in names]

@app.local_entrypoint()
def main():
    print("files " + json.dumps(read.remote(${JSON.stringify(files())})))
`;

function files(): string[] {
  return steps.flatMap((step) => [`/step-${step}`, `/chain-${step}`]);
}

/** What is known of one image's steps, over all attempts to build it. */
export class SeenSteps {
  #number: number;
  #made = new Map<number, string>();
  /** Steps whose successor has begun to say something: they have been kept. */
  #finished = 0;

  constructor(number: number) {
    this.#number = number;
  }

  /** Reads one attempt's output. */
  read(output: string): void {
    for (const [, step = "", made = ""] of output.matchAll(
      new RegExp(`^step (\\d) of ${this.#number} made (\\S+)\\s*$`, "gm"),
    )) {
      const before = this.#made.get(Number(step));
      if (Number(step) <= this.#finished && before !== made)
        throw new Error(
          `step ${step} of build ${this.#number} had made ${before}, was finished, and made ${made} when it ran again`,
        );
      this.#made.set(Number(step), made);
      this.#finished = Math.max(this.#finished, Number(step) - 1);
    }
  }

  /** Compares them with the files of the image that came out. */
  check(found: readonly string[]): void {
    for (const [index, step] of steps.entries()) {
      const [made = "", chain = ""] = found.slice(2 * index, 2 * index + 2);
      const expected = steps.slice(0, index + 1).map((each) => found[2 * (each - 1)]);
      const seen = this.#made.get(step);
      if (chain !== expected.join("") || (seen !== undefined && made !== `${seen}\n`)) {
        throw new Error(
          `the image of build ${this.#number} is wrong at step ${step}, which said ${seen}: ${JSON.stringify(found)}`,
        );
      }
    }
  }
}

/** Builds images of many steps; a number stands for the same image, however often its build is begun. */
export function buildDeed(options: {
  dataDirectory: string;
  python: ModalClient;
}): (number: number) => Promise<void> {
  const seenOf = new Map<number, SeenSteps>();
  return async (number) => {
    const seen = seenOf.get(number) ?? new SeenSteps(number);
    seenOf.set(number, seen);
    const result = await (number % 2 === 0 ? runTypescript(number) : runPython(number));
    const output = result.stdout + result.stderr;
    seen.read(output);
    const found = /^files (\[.*\])$/m.exec(result.stdout)?.[1];
    if (result.code !== 0 || found === undefined) throw new Error(`the build failed:\n${output}`);
    seen.check(JSON.parse(found) as string[]);
    seenOf.delete(number);
  };

  async function runTypescript(number: number): Promise<CommandResult> {
    await using project = await temporaryDirectory({ "app.ts": typescript(number) });
    return await dorian(options.dataDirectory, ["run", "app.ts"], { cwd: project.path });
  }

  async function runPython(number: number): Promise<CommandResult> {
    await using project = await temporaryDirectory({ "app.py": python(number) });
    return await options.python.modal(["run", "app.py"], { cwd: project.path });
  }
}
