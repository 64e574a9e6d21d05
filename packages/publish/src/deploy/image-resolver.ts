import { assertNever } from "@dorian/base/must";
import { buildFunctionPrefix } from "@dorian/sdk/app/find-target";
import type { ImageDefinition } from "@dorian/sdk/image/image-definition";
import { secretsOf, type CommandsStep, type ExistingStep } from "@dorian/sdk/image/image-step";
import { buildFunctionRequest, type BuildFunctionStep } from "./build-function-request.ts";
import { commandsRequest } from "./commands-request.ts";
import type { DeploySession } from "./deploy-session.ts";
import { ImageRequests } from "./image-requests.ts";
import { localFiles } from "./local-files.ts";
import { makeMount } from "./make-mount.ts";
import { onceUnlessFailed } from "./once-unless-failed.ts";

/** Turns image definitions into images on the server: each is asked for once, independent ones at the same time. */
export class ImageResolver {
  #session: DeploySession;
  #requests: ImageRequests;
  #resolved = new Map<ImageDefinition, Promise<string>>();
  #mounts = new Map<ImageDefinition, Promise<string[]>>();

  constructor(session: DeploySession) {
    this.#session = session;
    this.#requests = new ImageRequests(session);
  }

  resolve(image: ImageDefinition): Promise<string> {
    return onceUnlessFailed(this.#resolved, image, () => this.#build(image));
  }

  /** Mounts of the local files that are laid over an image when a container starts. */
  mountIds(image: ImageDefinition): Promise<string[]> {
    return onceUnlessFailed(this.#mounts, image, () => this.#mount(image));
  }

  async #mount(image: ImageDefinition): Promise<string[]> {
    const files = await localFiles(image.mounted, this.#session);
    return files.length > 0 ? [await makeMount(this.#session, files)] : [];
  }

  /** The image that a build function makes of another. */
  async runBuildFunction(baseImageId: string, step: BuildFunctionStep): Promise<string> {
    return await this.#requests.ask(await buildFunctionRequest(this.#session, baseImageId, step));
  }

  async #build(image: ImageDefinition): Promise<string> {
    const baseImageId = image.base ? await this.resolve(image.base) : undefined;
    const { step } = image;
    switch (step.kind) {
      case "existing":
        return await this.#find(step);
      case "function": {
        const { args = [], forceBuild: _, ...options } = step.options;
        return await this.runBuildFunction(baseImageId ?? "", {
          name: step.name,
          objectTag: `${buildFunctionPrefix}${step.name}`,
          isMethod: false,
          run: step.run,
          owner: step.run,
          mountIds: [],
          options: { ...options, secrets: secretsOf(options) },
          args,
          forceBuild: step.forceBuild,
        });
      }
      case "commands":
        return await this.#runCommands(step, baseImageId);
      default:
        return assertNever(step);
    }
  }

  async #find({ name, environment = "", imageId }: ExistingStep): Promise<string> {
    const { modal, signal } = this.#session;
    const found =
      name === ""
        ? await modal.imageFromId({ imageId }, { signal })
        : await modal.imageGetByTag({ tag: name, environmentName: environment }, { signal });
    return found.imageId;
  }

  async #runCommands(step: CommandsStep, baseImageId: string | undefined): Promise<string> {
    const request = await commandsRequest(this.#session, step, baseImageId);
    return request ? await this.#requests.ask(request) : (baseImageId ?? "");
  }
}
