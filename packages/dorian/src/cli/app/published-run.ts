import { setImageBuilder } from "@dorian/sdk/image/image-builder";
import { watchCalls } from "@dorian/sdk/function/open-calls";
import { orAborted } from "@dorian/base/or-aborted";
import { AppDisconnectReason } from "@dorian/protocol/modal";
import { RemoteError, type App } from "@dorian/sdk";
import { type RunningApp, runApp } from "@dorian/publish/deploy/run-app";
import type { CommandContext } from "../context.ts";
import { AppLogView } from "../log/app-log-view.ts";
import { checkEnds } from "./check-ends.ts";
import type { AppWorkplace, CodeBundle } from "./app-workplace.ts";
import { ContainerWatch } from "./container-watch.ts";
import { firstEscapedError } from "./escaped-errors.ts";
import { unawaitedCalls } from "./unawaited-calls.ts";
import { showUserError } from "./user-error.ts";

/** How long a result, or an error, waits for the rest of the log, so that it is the last thing on screen: too short to be noticed. */
const restOfLogMs = 300;
/** Longest time to wait for the containers of an app that has ended: their own 30 s of grace, and some. */
const endMs = 45_000;

/**
 * Publishes an app for as long as `work` takes, with its log and the state of its containers on screen. However `work`
 * ends, the app is stopped and its containers are waited for; a detached one is left running when it is interrupted.
 *
 * @throws what `work` throws; errors of user code have been shown then.
 */
export async function withPublishedApp<T>(
  options: {
    app: App;
    bundle: CodeBundle;
    detach: boolean;
    context: CommandContext;
    workplace: AppWorkplace;
    /** Shows what `work` returned, before containers are waited for: whoever does not wait has it. */
    show?: (result: T) => void;
  },
  work: (running: RunningApp) => Promise<T>,
): Promise<void> {
  const { app, bundle, detach, context, workplace, show } = options;
  const { output, signal, interruption, config } = context;
  const { transport, status, view } = workplace;
  let log: AppLogView | undefined;
  let appId = "";
  using _told = interruption.onFirst(() => {
    status.clear();
    if (!detach) output.note("Stopping the app and its containers; press Ctrl-C again to leave at once.");
  });
  const outcome = await settle(async () => {
    const running = await runApp(app, {
      transport,
      bundle,
      detach,
      forceBuild: config.forceBuild,
      ignoreCache: config.ignoreCache,
      cacheDirectory: config.cacheDirectory,
      onProgress: view.onProgress,
      onAppCreated: (id) => {
        appId = id;
        log = new AppLogView(transport.modal, id, output);
      },
      signal,
    });
    const escaped = firstEscapedError();
    using calls = watchCalls();
    using _builder = setImageBuilder(running.deployed.buildImage);
    const result = await settle(async () => {
      await using _watch = new ContainerWatch({ transport, appId, status, animated: output.isAnimated });
      return await orAborted(Promise.race([work(running), escaped]), signal);
    });
    if (result.ok) for (const line of unawaitedCalls(calls.open)) warn(output, line);
    if (detach && signal.aborted) {
      output.note(
        `The app goes on without this terminal: dorian app logs ${appId} -f, dorian app stop ${appId}`,
      );
      await log?.[Symbol.asyncDispose]();
      log = undefined;
    } else await running.disconnect(...disconnectReason(result, signal));
    if (!result.ok) throw result.error;
    return result.value;
  });
  const isOver = log === undefined || (await within(restOfLogMs, log.done));
  status.clear();
  const error = outcome.ok ? show?.(outcome.value) : showUserError(outcome.error, output);
  if (log && !isOver) await end(log, status);
  else await log?.[Symbol.asyncDispose]();
  if (!outcome.ok) throw error;
  await checkEnds(transport.modal, log?.ended ?? []);
}

function warn(output: CommandContext["output"], line: string): void {
  output.note(`${output.noteColors.yellow("Warning:")} ${line}`);
}

type Outcome<T> = { ok: true; value: T } | { ok: false; error: unknown };

async function settle<T>(work: () => Promise<T>): Promise<Outcome<T>> {
  try {
    return { ok: true, value: await work() };
  } catch (error) {
    return { ok: false, error };
  }
}

async function end(log: AppLogView, status: AppWorkplace["status"]): Promise<void> {
  status.set("Waiting for containers to stop");
  await within(endMs, log.done);
  await log[Symbol.asyncDispose]();
  status.clear();
}

/** True when `done` has settled, false when it has not after `ms` milliseconds. */
async function within(ms: number, done: Promise<void>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const tooLong = new Promise<false>((resolve) => (timer = setTimeout(() => resolve(false), ms)));
  const settled = done.then(
    () => true,
    () => true,
  );
  const isDone = await Promise.race([settled, tooLong]);
  clearTimeout(timer);
  return isDone;
}

function disconnectReason(outcome: Outcome<unknown>, signal: AbortSignal): [AppDisconnectReason, string] {
  if (signal.aborted) return [AppDisconnectReason.KEYBOARD_INTERRUPT, ""];
  if (outcome.ok) return [AppDisconnectReason.ENTRYPOINT_COMPLETED, ""];
  const reason =
    outcome.error instanceof RemoteError
      ? AppDisconnectReason.REMOTE_EXCEPTION
      : AppDisconnectReason.LOCAL_EXCEPTION;
  return [reason, String(outcome.error)];
}
