import { join } from "node:path";
import { AppError } from "@dorian/base/app-error";
import type { Interpreter } from "@dorian/python/interpreters";
import type { LayerStore } from "@dorian/storage/layer-store";
import { FetchGuard } from "@dorian/operator/fetch-guard";
import type { OperatorSettings } from "@dorian/operator/operator-settings";
import { diskFloor } from "../disk/disk-urgency.ts";
import { BaseCache, type BaseImage } from "./base-cache.ts";
import { bootstrapDebian } from "./debian/bootstrap-debian.ts";
import { debianTagOf, type DebianTag } from "./debian/debian-tag.ts";
import { defaultPath, emptyConfiguration } from "@dorian/oci/image-configuration";
import { makeNodeLayer, nodeImage, nodeLayerKey, type NodeLayerOptions } from "./node-layer.ts";
import { interpreterImage, makeInterpreterLayer, usableInterpreter } from "./python/interpreter-layer.ts";
import { pythonBase } from "./python/python-base.ts";
import { availableMinors, type UsableInterpreter } from "./python/python-plan.ts";
import { pythonTagOf, type PythonTag } from "./python/python-tag.ts";
import { formatImageReference, parseImageReference, type ImageReference } from "@dorian/oci/image-reference";
import { pullImage, registryAddresses } from "@dorian/oci/pull-image";
import { credentialsOf, mayLogIn, type RegistryLogin } from "./registry-login.ts";
import { RegistryTransport } from "@dorian/oci/registry-transport";
import { HeardWork, type Participant } from "./heard-work.ts";
import { makeUvLayer, uvRequirementOf } from "./uv-layer.ts";

export interface BaseImagesOptions {
  layers: LayerStore;
  operator: OperatorSettings;
  dataDirectory: string;
  /** What the layers of one fetched image may hold together. */
  imageLimitBytes: number;
  node: NodeLayerOptions;
  /** The Pythons of this machine. */
  findInterpreters: () => Promise<Interpreter[]>;
  /** Carries out a Dockerfile that is not a user's. */
  build: (dockerfile: string, participant: Participant) => Promise<BaseImage>;
}

/** Somebody who needs an image. */
export interface BaseImageAsker extends Participant {
  login?: RegistryLogin;
  /** Asks the registry what a tag stands for now. */
  refresh?: boolean;
}

/** The images that FROM and COPY --from name, got once and kept in the layer store. */
export class BaseImages {
  #options: BaseImagesOptions;
  #cache: BaseCache;
  #work = new HeardWork<BaseImage>();

  constructor(options: BaseImagesOptions) {
    this.#options = options;
    this.#cache = new BaseCache(options);
  }

  /**
   * An image by its name: from the cache, this machine's Node or Python, a registry, or for Debian and Python when no
   * registry can be reached from Debian's packages.
   *
   * @throws AppError IMAGE_NOT_FOUND, REGISTRY_UNREACHABLE, REGISTRY_ACCESS_DENIED, FETCH_REFUSED, DEBIAN_BOOTSTRAP_FAILED, …
   */
  async getOrCreate(name: string, asker: BaseImageAsker): Promise<BaseImage> {
    if (name === "scratch") return { layerIds: [], config: emptyConfiguration() };
    const [repository, tag = "latest"] = name.split(":");
    if (repository === nodeImage) {
      const key = await nodeLayerKey(tag, this.#options.node);
      return this.#once(key, asker, (participant) => this.#makeNode(key, participant));
    }
    if (repository === interpreterImage) return this.#interpreter(tag, asker);
    const reference = parseImageReference(name);
    const { login, refresh = false } = asker;
    const fetch = (participant: Participant) =>
      this.#fetch(reference, { ...participant, ...(login ? { login } : {}) });
    const image = await this.#once(formatImageReference(reference), asker, fetch, refresh, login);
    if (image.note !== undefined) asker.onLog(`   ${image.note}\n`);
    return image;
  }

  async #once(
    key: string,
    asker: Participant,
    make: (participant: Participant) => Promise<BaseImage>,
    refresh = false,
    login?: RegistryLogin,
  ): Promise<BaseImage> {
    const known = await this.#cache.readImage(key);
    // What was put together here has no newer version elsewhere.
    if (known && !known.isPrivate && !(refresh && known.note === undefined)) return known;
    const work = async (participant: Participant) => {
      const made = await make(participant);
      await this.#cache.putImage(key, made);
      return made;
    };
    // Whoever asks with another login, or with none, has an answer of their own.
    const who = login && mayLogIn(login) ? ` for ${JSON.stringify(login)}` : "";
    return this.#work.run(`${key}${who}`, work, asker);
  }

  async #makeNode(key: string, { onLog }: Participant): Promise<BaseImage> {
    onLog(`   making the layer ${key}\n`);
    const layerId = await makeNodeLayer(this.#options.layers, this.#options.node);
    return { layerIds: [layerId], config: emptyConfiguration() };
  }

  async #fetch(
    reference: ImageReference,
    participant: Participant & { login?: RegistryLogin },
  ): Promise<BaseImage> {
    const { layers, operator } = this.#options;
    const { onLog, login, signal } = participant;
    using transport = new RegistryTransport({
      ...operator,
      guard: new FetchGuard(operator.networkBorder, registryAddresses(operator.registries)),
    });
    const blobLayers = {
      read: (digest: string) => this.#cache.readBlobLayer(digest),
      put: (digest: string, layerId: string) => this.#cache.putBlobLayer(digest, layerId),
    };
    onLog(`   fetching ${formatImageReference(reference)}\n`);
    const { registry } = reference;
    const credentials = login && (await credentialsOf(login, { registry, transport, signal }));
    try {
      const image = await pullImage(reference, {
        onLog,
        signal,
        ...(credentials ? { credentials } : {}),
        layers,
        transport,
        blobLayers,
        registries: operator.registries,
        limitBytes: this.#options.imageLimitBytes,
        diskFloor,
      });
      return credentials ? { ...image, isPrivate: true } : image;
    } catch (error) {
      if (!AppError.is(error) || error.code !== "REGISTRY_UNREACHABLE") throw error;
      const python = pythonTagOf(reference);
      if (python) {
        onLog(`   ${error.message}\n`);
        return this.#python(python, reference, participant);
      }
      const uv = uvRequirementOf(reference);
      if (uv !== undefined) {
        onLog(`   ${error.message}\n`);
        return this.#uv(uv, reference, participant);
      }
      const debian = debianTagOf(reference);
      if (!debian) throw onlyInRegistry(reference, error, await this.#interpreters());
      onLog(
        `   ${error.message}\n   Making Debian ${debian.suite} from its packages instead (once, about half a minute).\n`,
      );
      return this.#bootstrap(debian, participant);
    }
  }

  async #python(tag: PythonTag, reference: ImageReference, participant: Participant): Promise<BaseImage> {
    const { layers, build } = this.#options;
    const name = `${reference.repository.slice("library/".length)}:${reference.tag}`;
    return pythonBase(tag, {
      ...participant,
      name,
      layers,
      interpreters: await this.#interpreters(),
      make: (key, dockerfile) =>
        this.#once(key, participant, async (shared) => {
          shared.onLog(`   Putting together ${key} (once, about half a minute).\n`);
          return build(dockerfile, shared);
        }),
    });
  }

  async #interpreters(): Promise<UsableInterpreter[]> {
    return Promise.all((await this.#options.findInterpreters()).map(usableInterpreter));
  }

  async #uv(requirement: string, reference: ImageReference, participant: Participant): Promise<BaseImage> {
    const { layers, operator, dataDirectory } = this.#options;
    const wheelDirectory = join(dataDirectory, "wheels");
    const { signal } = participant;
    const { layerId, version } = await makeUvLayer(requirement, { layers, operator, wheelDirectory, signal });
    const note = `${formatImageReference(reference)} was made from the wheel of uv ${version}, for want of a registry.`;
    return { layerIds: [layerId], config: emptyConfiguration(), note };
  }

  async #interpreter(version: string, asker: Participant): Promise<BaseImage> {
    const interpreters = await this.#options.findInterpreters();
    const interpreter = interpreters.find((each) => each.version === version);
    if (!interpreter) {
      throw new AppError("PYTHON_VERSION_UNAVAILABLE", `This machine has no Python ${version} for images.`, {
        status: "NOT_FOUND",
        remedy: `It has ${interpreters.map((each) => each.version).join(", ") || "none"}.`,
      });
    }
    const key = `${interpreterImage}:${version} of ${interpreter.prefix}`;
    return this.#once(key, asker, async ({ onLog }) => {
      onLog(`   copying Python ${version} of ${interpreter.prefix}\n`);
      const layerId = await makeInterpreterLayer(this.#options.layers, interpreter);
      return { layerIds: [layerId], config: emptyConfiguration() };
    });
  }

  async #bootstrap(tag: DebianTag, { onLog, signal }: Participant): Promise<BaseImage> {
    const { layers, operator } = this.#options;
    await using draft = await layers.draft();
    await bootstrapDebian(tag, draft.path, { operator, onLog, signal });
    const layerId = await draft.seal({ durable: true });
    return {
      layerIds: [layerId],
      config: { ...emptyConfiguration(), env: { PATH: defaultPath }, cmd: ["bash"] },
      note: `debian:${tag.suite} was made from Debian's packages, for want of a registry.`,
    };
  }
}

function onlyInRegistry(
  reference: ImageReference,
  cause: AppError,
  interpreters: readonly UsableInterpreter[],
): AppError {
  const isConda = /conda|mamba/.test(reference.repository);
  const pythons = availableMinors(interpreters).join(", ");
  return new AppError(cause.code, `${cause.message} It alone has ${formatImageReference(reference)}.`, {
    status: cause.status,
    remedy:
      (isConda
        ? "Where no registry and no conda channel can be reached, install packages with `modal.Image.debian_slim().pip_install(…)`. "
        : "") +
      `Name a mirror in DORIAN_REGISTRY_MIRRORS, or begin with an image that needs no registry: debian:<release> or python:<version>-slim, of which there are ${pythons}.`,
    cause,
  });
}
