// A gateway to scripted web apps, on a socket of its own.
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { WebhookConfigSchema, type FunctionSchema$ } from "@dorian/protocol/modal";
import { pino } from "pino";
import type { WebTarget } from "../src/dispatch/ports.ts";
import { WebGateway, type WebGatewayOptions } from "../src/web/web-gateway.ts";
import { WebListeners } from "../src/web/web-listeners.ts";
import type { DispatchFixture } from "./dispatch-fixture.ts";
import type { Script } from "./scripted-container.ts";
import { ScriptedWorker } from "./scripted-worker.ts";

export interface WebFixtureOptions {
  script: Script;
  definition?: Exclude<MessageInitShape<typeof FunctionSchema$>, { $typeName: string }>;
  config?: MessageInitShape<typeof WebhookConfigSchema>;
  gateway?: Partial<WebGatewayOptions>;
  /** Its containers are TypeScript's. Default: Python's. */
  isNode?: boolean;
}

export interface WebFixture extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  readonly worker: ScriptedWorker;
  readonly target: WebTarget;
  readonly functionId: string;
  drain(): Promise<void>;
}

/** Serves a web function under one address. */
export async function openWeb(fixture: DispatchFixture, options: WebFixtureOptions): Promise<WebFixture> {
  await using starting = new AsyncDisposableStack();
  const server = starting.use(await fixture.openServer());
  const worker = starting.use(await new ScriptedWorker(server.dispatch, { script: options.script }).join());
  const functionId = fixture.catalog.add({
    maxConcurrentInputs: 20,
    autoscalerSettings: { maxContainers: 1 },
    ...options.definition,
  });
  const target: WebTarget = {
    functionId,
    scope: "main",
    methodName: "page",
    parameters: [],
    isNode: options.isNode ?? false,
    config: create(WebhookConfigSchema, options.config),
    active: true,
  };
  const logger = pino({ level: process.env["DORIAN_TEST_LOG"] ?? "silent" });
  const listeners = starting.use(
    new WebListeners({ host: "127.0.0.1", range: { first: 0, last: 0 }, logger }),
  );
  const port = await listeners.listenOnNext(() => false);
  const gateway = starting.use(
    new WebGateway({
      addresses: {
        isOwn: () => true,
        siteAt: (at) => (at === port ? { appId: "ap-1", tag: "page" } : undefined),
      },
      targets: { webTarget: () => target, siteOfDomain: () => undefined },
      calls: server.dispatch.web.calls,
      tokens: { admit: () => undefined },
      bind: async (id) => id,
      trust: { kind: "direct" },
      logger,
      ...options.gateway,
    }),
  );
  listeners.serve(gateway);
  const parts = starting.move();
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    worker,
    target,
    functionId,
    async drain() {
      gateway.drain();
      await listeners.drain({ signal: AbortSignal.timeout(5_000) });
    },
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  };
}
