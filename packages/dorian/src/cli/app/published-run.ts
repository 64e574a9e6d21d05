import { AppDisconnectReason } from "@dorian/protocol/modal";
import type { App } from "@dorian/sdk/app/app";
import { type RunningApp, runApp } from "@dorian/sdk/deploy/run-app";
import type { CommandContext } from "../context.ts";
import { LocalFailure } from "../local-failure.ts";
import { RemoteFailure } from "../remote-failure.ts";
import { AppLogView } from "./app-log-view.ts";
import type { AppWorkplace, CodeBundle } from "./app-workplace.ts";
import { ContainerWatch } from "./container-watch.ts";
import { showUserError } from "./user-error.ts";

/** Longest time to wait for the containers of an app that has ended: their own 30 s of grace, and some. */
const endMs = 45_000;

/**
 * Publishes an app for as long as `work` takes, with its log and the state of its containers on screen. However `work`
 * ends, the app is stopped and its containers are waited for; a detached one is left running when it is interrupted.
 */
export async function withPublishedApp(
  options: { app: App; bundle: CodeBundle; detach: boolean; context: CommandContext; workplace: AppWorkplace },
  work: (running: RunningApp) => Promise<void>,
): Promise<void> {
  const { app, bundle, detach, context, workplace } = options;
  const { output, signal, interruption, config } = context;
  const { transport, status, view } = workplace;
  let log: AppLogView | undefined;
  let appId = "";
  let failure: { reason: unknown } | undefined;
  interruption.onFirst(() => {
    status.clear();
    if (!detach) output.note("Stopping the app and its containers; press Ctrl-C again to leave at once.");
  });
  try {
    const running = await runApp(app, {
      transport,
      bundle,
      detach,
      forceBuild: config.forceBuild,
      ignoreCache: config.ignoreCache,
      onProgress: view.onProgress,
      onAppCreated: (id) => {
        appId = id;
        log = new AppLogView(transport.modal, id, output);
      },
      signal,
    });
    try {
      await using _watch = new ContainerWatch({ transport, appId, status, animated: output.animated });
      await Promise.race([work(running), aborted(signal)]);
    } catch (error) {
      failure = { reason: showUserError(error, output) };
    }
    if (detach && signal.aborted) {
      output.note(`The app goes on without this terminal: dorian app logs ${appId} -f, dorian app stop ${appId}`);
      await log?.[Symbol.asyncDispose]();
      log = undefined;
    } else await running.disconnect(...reasonOf(failure?.reason, signal));
  } catch (error) {
    failure = { reason: showUserError(error, output) };
  }
  if (log) await end(log, status);
  if (failure) throw failure.reason;
}

async function end(log: AppLogView, status: AppWorkplace["status"]): Promise<void> {
  status.set("Waiting for containers to stop");
  let timer: NodeJS.Timeout | undefined;
  const tooLong = new Promise<void>((resolve) => (timer = setTimeout(resolve, endMs)));
  await Promise.race([log.done.catch(() => undefined), tooLong]);
  clearTimeout(timer);
  await log[Symbol.asyncDispose]();
  status.clear();
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason as Error);
    signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
  });
}

function reasonOf(failure: unknown, signal: AbortSignal): [AppDisconnectReason, string] {
  if (signal.aborted) return [AppDisconnectReason.KEYBOARD_INTERRUPT, ""];
  if (failure === undefined) return [AppDisconnectReason.ENTRYPOINT_COMPLETED, ""];
  const cause = failure instanceof RemoteFailure || failure instanceof LocalFailure ? failure.cause : failure;
  const reason =
    failure instanceof RemoteFailure ? AppDisconnectReason.REMOTE_EXCEPTION : AppDisconnectReason.LOCAL_EXCEPTION;
  return [reason, String(cause)];
}
