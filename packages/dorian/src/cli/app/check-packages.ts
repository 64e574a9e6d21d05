import { AppError } from "@dorian/base/app-error";
import type { App, Image } from "@dorian/sdk";
import type { Registered } from "@dorian/sdk/class/registered";
import { relative } from "node:path";

/**
 * Checks that every image holds the packages that the app's modules cannot be loaded without, as far as images tell. All that
 * lack some are told together.
 *
 * @throws AppError PACKAGE_NOT_IN_IMAGE
 */
export function checkPackages(
  app: App,
  {
    notFound,
    installed,
    cwd,
  }: {
    /** With a module that imports each. */
    notFound: ReadonlyMap<string, string>;
    /** What images hold. */
    installed: ReadonlyMap<Image, ReadonlySet<string>>;
    cwd: string;
  },
): void {
  const lacking = [...notFound].flatMap(([name, importer]) => {
    const owners = app.registered.filter((item) => lacks(item, name, installed)).map(({ tag }) => tag);
    return owners.length > 0 ? [{ name, importer: relative(cwd, importer), owners }] : [];
  });
  if (lacking.length === 0) return;
  const texts = lacking.map(
    ({ name, importer, owners }) =>
      `${importer} imports "${name}", which is neither installed here nor in the image of ${owners.join(", ")}.`,
  );
  const names = lacking.map(({ name }) => name);
  throw new AppError("PACKAGE_NOT_IN_IMAGE", texts.join("\n"), {
    status: "INVALID_ARGUMENT",
    remedy: `Add .npmInstall(${names.map((name) => JSON.stringify(name)).join(", ")}) to the image, or install it here and have it bundled: npm install ${names.join(" ")}.`,
  });
}

/** False where nobody knows what else there is: others' images, commands, build methods, files and volumes that bring packages. */
function lacks(item: Registered, name: string, installed: ReadonlyMap<Image, ReadonlySet<string>>): boolean {
  const { image, volumes = {} } = item.options;
  if (item.kind === "class" && item.marks.marks.some(({ kind }) => kind === "build")) return false;
  if (Object.keys(volumes).some((path) => path.includes("node_modules") || /^\/(root\/?)?$/.test(path)))
    return false;
  return !(image?.mayHoldMore ?? false) && !(image && installed.get(image)?.has(name));
}
