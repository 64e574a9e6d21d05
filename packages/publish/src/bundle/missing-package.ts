import { packageNameOf } from "./package-name.ts";

/**
 * Source of a CommonJS module that stands for a package that is not installed here. Taking names from it works, so that a file
 * that imports it can be loaded; calling or constructing one of them throws.
 */
export function missingPackageSource(specifier: string): string {
  return `const specifier = ${JSON.stringify(specifier)}, packageName = ${JSON.stringify(packageNameOf(specifier))};
module.exports = standIn("");
function standIn(path) {
  const fail = () => {
    const what = path === "" ? '"' + specifier + '"' : path + ' of "' + specifier + '"';
    throw Object.assign(
      new Error("Cannot use " + what + " here: the package is not installed on this machine, only in the image. " +
        "Use it in code that runs in a container, or install it here with: npm install " + packageName),
      { name: "PackageNotInstalledError", code: "PACKAGE_NOT_INSTALLED", packageName },
    );
  };
  const prototype = path === "" ? new Proxy({}, { get: member }) : null;
  return new Proxy(function () {}, {
    get: member,
    set: () => true,
    apply: fail,
    construct: fail,
    getPrototypeOf: (target) => prototype ?? Reflect.getPrototypeOf(target),
  });
  function member(target, name) {
    if (name === "then" || typeof name === "symbol") return undefined;
    if (name === "prototype") return {};
    if (name === "__esModule") return undefined;
    return standIn(path === "" ? name : path + "." + name);
  }
}
`;
}
