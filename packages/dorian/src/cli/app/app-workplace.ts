import type { App } from "@dorian/sdk";
import { connectToServer } from "@dorian/sdk/client/connect";
import { setTransport } from "@dorian/sdk/client/current-transport";
import type { Transport } from "@dorian/sdk/client/transport";
import type { DeployOptions } from "@dorian/publish/deploy/deploy-app";
import { bundleForContainer } from "@dorian/publish/bundle/bundle-for-container";
import { packagesInImage } from "@dorian/publish/bundle/packages-in-image";
import { checkPackages } from "./check-packages.ts";
import { sourceCacheOf } from "./load-app.ts";
import { credentials } from "../config/config.ts";
import type { CommandContext } from "../context.ts";
import { DeployView } from "./deploy-view.ts";
import { StatusLine } from "../output/status-line.ts";

export type CodeBundle = DeployOptions["bundle"] & {
  /** Absolute paths of the files that went into it. */
  inputs: readonly string[];
};

/** What `run`, `serve` and `deploy` work with: a connection, and somewhere to show what happens. */
export class AppWorkplace implements Disposable {
  readonly transport: Transport;
  readonly status: StatusLine;
  readonly view: DeployView;
  #connection: Disposable;

  private constructor(transport: Transport & Disposable, status: StatusLine, view: DeployView) {
    this.transport = transport;
    this.#connection = transport;
    this.status = status;
    this.view = view;
  }

  /** Connects to the server; the SDK's calls in this process go there from now on. */
  static async open(context: CommandContext): Promise<AppWorkplace> {
    const { environment } = context.config;
    const transport = await connectToServer({
      ...credentials(context.config),
      ...(environment === undefined ? {} : { environment }),
    });
    setTransport(transport);
    const status = await StatusLine.open(context.output);
    return new AppWorkplace(transport, status, new DeployView(context.output, status));
  }

  [Symbol.dispose](): void {
    this.status[Symbol.dispose]();
    setTransport(undefined);
    this.#connection[Symbol.dispose]();
  }
}

/** The app's code as containers get it. Packages that an image holds stay out of it. */
export async function bundleCode(
  app: App,
  file: string,
  { cwd, config }: Pick<CommandContext, "cwd" | "config">,
): Promise<CodeBundle> {
  const images = [app.options.image, ...app.registered.map(({ options }) => options.image)];
  const distinct = new Set(images.filter((image) => image !== undefined));
  const installed = new Map(
    await Promise.all([...distinct].map(async (image) => [image, await packagesInImage(image)] as const)),
  );
  const externalPackages = [...new Set([...installed.values()].flatMap((names) => [...names]))];
  const sourceCache = sourceCacheOf(config);
  const { fileName, code, beside, inputs, notFound } = await bundleForContainer(file, {
    externalPackages,
    root: cwd,
    sourceCache,
  });
  checkPackages(app, { notFound, installed, cwd });
  return { fileName, content: Buffer.from(code), beside, inputs };
}
