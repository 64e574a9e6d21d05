import { must } from "@dorian/base/must";
import type { App } from "@dorian/sdk";
import type { DeployedApp } from "@dorian/publish/deploy/deploy-app";
import type { AnyFunction } from "@dorian/sdk/any-function";
import { type Callable, callable } from "@dorian/sdk/function/callable";
import type { MappedArguments } from "../target/map-arguments.ts";
import type { ResolvedTarget } from "../target/resolve-target.ts";

export interface TargetCall {
  app: App;
  target: ResolvedTarget;
  mapped: MappedArguments;
  /** Have the call go on when this process ends. */
  detach: boolean;
  /** Gets each item that a generator yields. */
  onItem: (item: unknown) => void;
}

/** Runs a target of a published app to its end, and returns what it returned. */
export async function callTarget(call: TargetCall, deployed: DeployedApp): Promise<unknown> {
  const { app, target, mapped, detach, onItem } = call;
  if (target.kind === "entrypoint") {
    const entrypoint = must(app.entrypoint, "the local entrypoint") as (...args: unknown[]) => unknown;
    return await entrypoint(...mapped.args);
  }
  const { remote, isGenerator } =
    target.kind === "function" ? functionOf(app, target.name, deployed) : methodOf(app, target, mapped);
  const args = mapped.args as never[];
  if (isGenerator) {
    for await (const item of remote.remote(...args) as unknown as AsyncIterable<unknown>) onItem(item);
    return undefined;
  }
  // A spawned call is not given up when its caller goes away.
  return detach
    ? await (await remote.spawn(...args)).get()
    : await (remote.remote(...args) as Promise<unknown>);
}

function functionOf(
  app: App,
  name: string,
  deployed: DeployedApp,
): { remote: Callable<AnyFunction>; isGenerator: boolean } {
  const registered = app.registered.find(({ kind, tag }) => kind === "function" && tag === name);
  const isGenerator = registered?.kind === "function" && registered.isGenerator;
  const functionId = must(deployed.functionIds[name], `the id of ${name}`);
  return {
    remote: callable({
      name,
      resolve: async () => ({ functionId, methodName: "" }),
      isGenerator: () => isGenerator,
    }),
    isGenerator,
  };
}

function methodOf(
  app: App,
  target: ResolvedTarget & { kind: "method" },
  mapped: MappedArguments,
): { remote: Callable<AnyFunction>; isGenerator: boolean } {
  const registered = app.registered.find(({ kind, tag }) => kind === "class" && tag === target.className);
  if (registered?.kind !== "class") throw new Error(`Bug: ${target.className} is no class.`);
  const methods = app.instance(registered.target, mapped.classParameters as never) as Record<
    string,
    Callable<AnyFunction>
  >;
  const run = (registered.target.prototype as Record<string, AnyFunction>)[target.method];
  return {
    remote: must(methods[target.method], `method ${target.method}`),
    isGenerator: /Generator/.test(run?.constructor.name ?? ""),
  };
}
