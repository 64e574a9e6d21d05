import { AppError } from "@dorian/base/app-error";
import { Function_FunctionType, type ContainerArguments } from "@dorian/protocol/modal";
import { registeredApps } from "@dorian/sdk/app/app";
import type { RegisteredClass } from "@dorian/sdk/class/registered";
import type { MarkKind } from "@dorian/sdk/class/class-marks";
import { construct, type ParameterValue } from "@dorian/sdk/class/construct";
import type { FunctionOptions } from "@dorian/sdk/function/function-options";
import { failedImport } from "@dorian/sdk/image/guarded-imports";
import { disposalOf } from "@dorian/sdk/class/disposal";
import { findTarget } from "@dorian/sdk/app/find-target";
import type { AnyFunction } from "@dorian/sdk/any-function";
import type { WebMark } from "@dorian/sdk/web/web-options";
import { webProgram, type AnyWebHandler, type WebProgram } from "@dorian/sdk/web/web-program";
import { classParameters } from "./class-parameters.ts";
import type { Callable, Program } from "./program.ts";

/** The program of the module that was imported: its function, or an instance of its class. */
export function loadProgram(task: ContainerArguments): Program {
  const tag = task.functionDef?.nodeEntrypoint?.objectTag ?? "";
  const target = findTarget(tag, task.functionDef?.appName);
  if (!target) {
    const path = task.functionDef?.nodeEntrypoint?.modulePath ?? "";
    throw new AppError("ENTRYPOINT_MISSING", `${path} registers no function or class "${tag}".`, {
      status: "NOT_FOUND",
      remedy: "Register it at the top level of the module, on every run of it: not inside a condition.",
    });
  }
  const lack = target.kind === "build" ? undefined : failedImport(target.options.image);
  if (lack !== undefined) throw lack;
  hydrateApps(task);
  if (target.kind !== "build") hydrateVolumes(task, target.options);
  return programOf(task, target);
}

/** The program of a function or class, as its task has it. */
export function programOf(
  task: ContainerArguments,
  target: NonNullable<ReturnType<typeof findTarget>>,
): Program {
  if (target.kind === "class") return classProgram(task, target);
  if (target.kind === "function" && target.web) return webFunctionProgram(target.tag, target.web, target.run);
  return functionProgram(task, target.run as Callable);
}

// Calls from here to other functions of the app need their ids. What is deployed under another name is the largest app with the target:
// it may include others that have it too.
function hydrateApps(task: ContainerArguments): void {
  const ids = Object.entries(task.appLayout?.functionIds ?? {});
  const functions = new Map(ids.map(([tag, functionId]) => [tag, { functionId }]));
  const { appName, nodeEntrypoint } = task.functionDef ?? {};
  const apps = registeredApps();
  const named = apps.filter(({ name }) => name === appName);
  const [largest] = apps
    .filter(({ registered }) => registered.some(({ tag }) => tag === nodeEntrypoint?.objectTag))
    .toSorted((a, b) => b.registered.length - a.registered.length);
  for (const app of named.length > 0 ? named : [largest ?? apps[0]]) app?.hydrate(functions);
}

// A name may lead to another volume by now, or may not be asked for from here.
function hydrateVolumes(task: ContainerArguments, { volumes }: FunctionOptions): void {
  for (const { mountPath, volumeId } of task.functionDef?.volumeMounts ?? []) {
    const volume = volumes?.[mountPath];
    if (volume && "mountedAs" in volume) volume.mountedAs(volumeId);
  }
}

function functionProgram(task: ContainerArguments, run: Callable): Program {
  return {
    callable: () => run,
    functionType: () => task.functionDef?.functionType ?? Function_FunctionType.FUNCTION,
    snapHooks: [],
    enterHooks: [],
    exitHooks: [],
  };
}

function webFunctionProgram(name: string, web: WebMark, run: AnyFunction): Program {
  const program = webProgram(name, web, run as AnyWebHandler);
  return {
    callable: () => run as Callable,
    functionType: () => Function_FunctionType.FUNCTION,
    webAnswer: () => program.answer,
    snapHooks: [],
    servesWeb: true,
    enterHooks: [() => program.start({ signal: never })],
    exitHooks: [],
  };
}

/** A start that takes too long is ended from outside. */
const never = new AbortController().signal;

function classProgram(task: ContainerArguments, { tag, target, marks }: RegisteredClass): Program {
  const definition = task.functionDef;
  const builder = definition?.isBuilderFunction ?? false;
  // A build step is about the image, which all parameters share.
  const parameters = builder ? {} : classParameters(task.serializedParams, definition?.classParameterInfo);
  const values = new Map(Object.entries(parameters) as [string, ParameterValue][]);
  for (const { name, type } of marks.parameters) {
    const value = values.get(name);
    if (type === "bigint" && typeof value === "number") values.set(name, BigInt(value));
  }
  const instance = construct(target, values) as Record<string, Callable | undefined>;
  const namesOf = (kind: MarkKind) => [
    // A hook that a subclass overrides is marked twice.
    ...new Set(marks.marks.filter((mark) => mark.kind === kind).map((mark) => mark.name)),
  ];
  const hooks = (kind: MarkKind) => namesOf(kind).map((name) => () => instance[name]?.());
  const snapped = new Set(
    marks.marks.filter(({ kind, snap }) => kind === "enter" && snap).map(({ name }) => name),
  );
  const enterHooks = (snap: boolean) =>
    namesOf("enter")
      .filter((name) => snapped.has(name) === snap)
      .map((name) => () => instance[name]?.());
  const webPrograms = new Map<string, WebProgram>();
  for (const { name, web } of builder ? [] : marks.marks) {
    if (web)
      webPrograms.set(
        name,
        webProgram(`${tag}.${name}`, web, (...args) => instance[name]?.(...args)),
      );
  }
  const starts = [...webPrograms.values()].map((program) => () => program.start({ signal: never }));
  const callable = new Set(builder ? namesOf("build") : namesOf("method"));
  const buildMethod = definition?.functionName.split(".").at(-1) ?? "";
  return {
    callable(methodName) {
      const name = builder ? buildMethod : methodName;
      const method = callable.has(name) ? instance[name] : undefined;
      if (typeof method === "function") return (...args) => method.apply(instance, args);
      throw new AppError("METHOD_NOT_FOUND", `Class "${tag}" has no method "${name}" to call.`, {
        status: "NOT_FOUND",
        remedy: `Put @method() on ${name}, or call one of: ${[...callable].join(", ") || "(none)"}.`,
      });
    },
    functionType: (methodName) =>
      definition?.methodDefinitions[methodName]?.functionType ?? Function_FunctionType.FUNCTION,
    webAnswer: (methodName) => webPrograms.get(methodName)?.answer,
    snapHooks: enterHooks(true),
    enterHooks: [...enterHooks(false), ...starts],
    servesWeb: webPrograms.size > 0,
    exitHooks: [...hooks("exit"), ...disposalOf(instance)],
  };
}
