import type { MessageInitShape } from "@bufbuild/protobuf";
import { must } from "@dorian/base/must";
import { isId } from "@dorian/base/ids";
import { AppDisconnectReason, AppState, type SandboxSchema } from "@dorian/protocol/modal";
import { buildImage } from "@dorian/publish/deploy/build-image";
import { deployApp } from "@dorian/publish/deploy/deploy-app";
import { openEphemeralApp, type EphemeralApp } from "@dorian/publish/deploy/ephemeral-app";
import { Image } from "@dorian/sdk";
import type { CommandContext } from "../context.ts";
import { UsageError } from "../input.ts";
import { requireApp } from "../lookup/require-app.ts";
import { onlyFunction, requireFunction } from "../lookup/require-function.ts";
import type { ShellPlace } from "./shell-place.ts";
import { AppWorkplace, bundleCode } from "../app/app-workplace.ts";
import { loadAppFor } from "../app/load-app.ts";

export type FreshPlace = Exclude<ShellPlace, { kind: "container" }>;

/** How long its end is waited for: what it wrote to volumes is committed then. */
const endSecs = 30;

/** A container that does nothing, for somebody to look around in. It ends when it is disposed of. */
export class ShellContainer implements AsyncDisposable {
  readonly taskId: string;
  readonly appId: string;
  /** What it is like, for people. */
  readonly title: string;
  #workplace: AppWorkplace;
  #app: EphemeralApp;
  #sandboxId: string;

  private constructor(
    workplace: AppWorkplace,
    app: EphemeralApp,
    made: { taskId: string; sandboxId: string; title: string },
  ) {
    this.#workplace = workplace;
    this.#app = app;
    this.#sandboxId = made.sandboxId;
    this.taskId = made.taskId;
    this.appId = app.appId;
    this.title = made.title;
  }

  /** @throws AppError, UsageError where there is no such place */
  static async start(
    place: FreshPlace,
    workplace: AppWorkplace,
    context: CommandContext,
  ): Promise<ShellContainer> {
    const { transport } = workplace;
    const { signal } = context;
    workplace.status.set("Creating objects");
    const app = await openEphemeralApp({ transport, description: "shell", signal });
    try {
      const { title, ...definition } = await definitionOf(place, app.appId, workplace, context);
      const { modal } = transport;
      const entrypointArgs = ["sleep", "infinity"];
      const request = { appId: app.appId, definition: { ...definition, entrypointArgs } };
      const { sandboxId } = await modal.sandboxCreate(request, { signal });
      const { taskId = "" } = await modal.sandboxGetTaskId({ sandboxId }, { signal });
      return new ShellContainer(workplace, app, { sandboxId, taskId, title });
    } catch (error) {
      const reason = signal.aborted
        ? AppDisconnectReason.KEYBOARD_INTERRUPT
        : AppDisconnectReason.LOCAL_EXCEPTION;
      await app.disconnect(reason, String(error));
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { modal } = this.#workplace.transport;
    const sandboxId = this.#sandboxId;
    try {
      await modal.sandboxTerminate({ sandboxId });
      await modal.sandboxWait({ sandboxId, timeout: endSecs });
    } finally {
      await this.#app[Symbol.asyncDispose]();
    }
  }
}

type Made = MessageInitShape<typeof SandboxSchema> & { title: string };

async function definitionOf(
  place: FreshPlace,
  appId: string,
  workplace: AppWorkplace,
  context: CommandContext,
): Promise<Made> {
  const { transport } = workplace;
  const { signal } = context;
  switch (place.kind) {
    case "file":
      return await functionInFile(place, appId, workplace, context);
    case "app": {
      const of = await requireApp(transport, place.app, { signal });
      const { name, functionId } =
        place.name === undefined
          ? await onlyFunction(transport, of, { signal })
          : { name: place.name, functionId: await requireFunction(transport, of, place.name, { signal }) };
      return { functionId, title: `${place.app}::${name}` };
    }
    case "image": {
      const { reference = "" } = place;
      const imageId = isId("im", reference) ? reference : await built(reference, appId, workplace, context);
      return { imageId, title: reference || "a plain image" };
    }
  }
}

async function built(
  reference: string,
  appId: string,
  { transport, view }: AppWorkplace,
  { config, signal }: CommandContext,
): Promise<string> {
  const image = reference === "" ? Image.debianSlim() : Image.fromRegistry(reference);
  const { forceBuild, ignoreCache } = config;
  return await buildImage(image, {
    transport,
    appId,
    forceBuild,
    ignoreCache,
    onProgress: view.onProgress,
    signal,
  });
}

/** Nothing but the one function is made, and nothing is published: it serves nobody, and keeps no containers. */
async function functionInFile(
  { file, name }: Extract<FreshPlace, { kind: "file" }>,
  appId: string,
  { transport, view }: AppWorkplace,
  context: CommandContext,
): Promise<Made> {
  const { app } = await loadAppFor(file, context);
  const tags = app.registered.map(({ tag }) => tag);
  const only = name ?? (tags.length === 1 ? tags[0] : undefined);
  if (only === undefined || !tags.includes(only)) {
    const what = only === undefined ? `${file} has several functions.` : `${file} has no "${only}".`;
    throw new UsageError(
      tags.length === 0 ? `${file} has no functions.` : what,
      tags.length === 0 ? "" : `name one after "::", which are ${tags.join(", ")}.`,
    );
  }
  const { forceBuild, ignoreCache, cacheDirectory } = context.config;
  const { functionIds } = await deployApp(app, {
    transport,
    bundle: await bundleCode(app, file, context),
    appId,
    only,
    state: AppState.EPHEMERAL,
    forceBuild,
    ignoreCache,
    cacheDirectory,
    onProgress: view.onProgress,
    signal: context.signal,
  });
  const functionId = must(functionIds[only] ?? functionIds[`${only}.*`], `the id of ${only}`);
  return { functionId, title: `${file}::${only}` };
}
