import { render, type Outcome } from "./harness/compare.ts";

// One scenario per file; each runs alone, with its own server and data directory.
const scenarios: Record<string, () => Promise<{ run(): Promise<Outcome[]> }>> = {
  "cold-call": () => import("./scenarios/cold-call.ts"),
  "python-cold-call": () => import("./scenarios/python-cold-call.ts"),
  "python-image": () => import("./scenarios/python-image.ts"),
  "memory-snapshot": () => import("./scenarios/memory-snapshot.ts"),
  "warm-call": () => import("./scenarios/warm-call.ts"),
  web: () => import("./scenarios/web.ts"),
  "warm-read": () => import("./scenarios/warm-read.ts"),
  "at-rest": () => import("./scenarios/at-rest.ts"),
  "volume-put": () => import("./scenarios/volume-put.ts"),
  commit: () => import("./scenarios/commit.ts"),
  map: () => import("./scenarios/map.ts"),
  scaling: () => import("./scenarios/scaling.ts"),
  "second-run": () => import("./scenarios/second-run.ts"),
  import: () => import("./scenarios/import.ts"),
  "local-directory": () => import("./scenarios/local-directory.ts"),
};

const asked = process.argv.slice(2).filter((argument) => argument !== "--json");
const json = process.argv.includes("--json");
for (const name of asked.length > 0 ? asked : Object.keys(scenarios)) {
  const load = scenarios[name];
  if (!load) {
    console.error(`There is no scenario "${name}". Known: ${Object.keys(scenarios).join(", ")}.`);
    process.exit(2);
  }
  for (const outcome of await (await load()).run())
    console.log(json ? JSON.stringify(outcome) : render(outcome));
}
