/**
 * Stands for a package that is not there. Taking names from it works, so that a file that imports it can be loaded; calling or
 * constructing one of them throws. It uses nothing from outside itself: its text is put into bundles as it is.
 */
export function packageStandIn(specifier: string, packageName: string, advice: string): unknown {
  const standIn = (path: string): unknown => {
    const fail = () => {
      const what = path === "" ? `"${specifier}"` : `${path} of "${specifier}"`;
      throw Object.assign(new Error(`Cannot use ${what} here: ${advice}`), {
        name: "PackageNotInstalledError",
        code: "PACKAGE_NOT_INSTALLED",
        packageName,
      });
    };
    // Where several packages are loaded together each takes its own; what takes on and on is told.
    const several = function* () {
      for (let index = 0; index < 100; index++) yield standIn("");
      fail();
    };
    const member = (_target: unknown, name: string | symbol) => {
      if (name === Symbol.iterator && path === "") return several;
      if (name === "then" || name === "__esModule" || typeof name === "symbol") return undefined;
      return name === "prototype" ? {} : standIn(path === "" ? name : `${path}.${name}`);
    };
    const prototype = path === "" ? new Proxy({}, { get: member }) : null;
    // An arrow function can be no base class.
    return new Proxy(function nothing() {}, {
      get: member,
      set: () => true,
      apply: fail,
      construct: fail,
      getPrototypeOf: (target) => prototype ?? (Reflect.getPrototypeOf(target) as object),
    });
  };
  return standIn("");
}
