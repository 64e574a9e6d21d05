import { stdout } from "node:process";
import { must } from "@dorian/base/must";
import { registeredApps } from "@dorian/sdk/app/app";
import { buildDefinition } from "../src/build-identity/build-definition.ts";
import { scopeOf } from "../src/build-identity/module-scopes.ts";

// A program for tests: loads the bundle of an app and prints the definition of the first build method of its first class.
await import(must(process.argv[2], "the bundle's address"));
const registered = registeredApps().flatMap((app) => app.registered);
const model = must(
  registered.find((each) => each.kind === "class"),
  "a class",
);
const mark = must(
  model.marks.marks.find(({ kind }) => kind === "build"),
  "a build method",
);
const method = (model.target.prototype as Record<string, () => unknown>)[mark.name];
stdout.write(JSON.stringify(buildDefinition(must(method, mark.name), scopeOf(model.target))));
