import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { AppError } from "@dorian/base/app-error";
import { must } from "@dorian/base/must";
import { unlessAbsent } from "@dorian/base/unless-absent";
import { versionIn } from "@dorian/python/interpreters";
import type { LayerStore } from "@dorian/storage/layer-store";
import type { BaseImage } from "../base-cache.ts";
import type { Participant } from "../heard-work.ts";
import { pythonDockerfile } from "./python-dockerfile.ts";
import { differences, pythonPlans, type PythonPlan, type UsableInterpreter } from "./python-plan.ts";
import type { PythonTag } from "./python-tag.ts";

export interface PythonBaseOptions extends Participant {
  /** The image's name as asked for. */
  name: string;
  interpreters: readonly UsableInterpreter[];
  layers: LayerStore;
  /** The image that one way of making it leads to: made once, whatever the tag that led to it. */
  make(key: string, dockerfile: string): Promise<BaseImage>;
}

/**
 * The official Python image of a tag, put together from Debian's packages and, where these lack the version, a Python of
 * this machine. Its note says what differs.
 *
 * @throws AppError PYTHON_VERSION_UNAVAILABLE, DEBIAN_BOOTSTRAP_FAILED, BUILD_STEP_FAILED
 */
export async function pythonBase(tag: PythonTag, options: PythonBaseOptions): Promise<BaseImage> {
  const { name, interpreters, onLog } = options;
  let failure: unknown;
  for (const plan of pythonPlans(tag, name, interpreters)) {
    const key = keyOf(plan, tag);
    try {
      const image = await options.make(key, pythonDockerfile(plan, tag));
      const version = await versionOf(plan, image, options.layers);
      const python = plan.interpreter ? `this machine's Python ${version}` : "its own Python";
      const different = differences(tag, plan, version);
      const note =
        `${name} was put together from Debian ${plan.release.suite} with ${python}, for want of a registry` +
        `${different.length > 0 ? `: ${different.join(", ")}` : ""}.`;
      return {
        ...image,
        config: { ...image.config, env: { ...image.config.env, PYTHON_VERSION: version } },
        note,
      };
    } catch (error) {
      // An archive need not have every release: what it has is tried next.
      if (!AppError.is(error) || error.code !== "DEBIAN_BOOTSTRAP_FAILED") throw error;
      onLog(`   Debian ${plan.release.suite} cannot be had here: ${error.message}\n`);
      failure = error;
    }
  }
  throw failure;
}

function keyOf({ release, interpreter, minor }: PythonPlan, tag: PythonTag): string {
  const python = interpreter ? `${interpreter.version} of ${interpreter.prefix}` : `its own ${minor}`;
  return `Debian ${release.suite} with ${python}${tag.slim ? "" : " and compilers"}`;
}

async function versionOf(plan: PythonPlan, image: BaseImage, layers: LayerStore): Promise<string> {
  if (plan.interpreter) return plan.interpreter.version;
  for (const layerId of image.layerIds.toReversed()) {
    const header = join(layers.path(layerId), "usr/include", `python${plan.minor}`, "patchlevel.h");
    const text = await unlessAbsent(readFile(header, "utf8"));
    if (text !== undefined) return must(versionIn(text), `the version in ${header}`);
  }
  throw new Error(`Bug: Debian's Python ${plan.minor} came without its headers.`);
}
