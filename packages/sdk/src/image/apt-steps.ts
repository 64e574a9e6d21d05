import { commands, type CommandsStep } from "./image-step.ts";
import type { RunOptions } from "./step-options.ts";
import { packageWords } from "./package-words.ts";

/** A step that installs Debian packages. */
export function aptStep(names: readonly string[], options: RunOptions): CommandsStep {
  return commands([`RUN ${aptInstall(names)}`], options);
}

/** A step that brings Python and pip; to an image that may have them only where they are missing. */
export function pythonStep(python: "no" | "unknown"): CommandsStep {
  const install = aptInstall(["python3", "python3-pip", "python-is-python3"]);
  const line = python === "no" ? install : `python3 -m pip --version > /dev/null 2>&1 || { ${install}; }`;
  return commands([`RUN ${line}`], {});
}

function aptInstall(names: readonly string[]): string {
  const packages = packageWords(
    names,
    (option) => `Install with options by runCommands("apt-get update && apt-get install -y ${option} …").`,
  ).join(" ");
  return `apt-get update && apt-get install -y --no-install-recommends ${packages} && rm -rf /var/lib/apt/lists/*`;
}
