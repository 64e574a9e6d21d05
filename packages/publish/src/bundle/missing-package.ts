import { packageStandIn } from "@dorian/sdk/image/package-stand-in";
import { packageNameOf } from "./package-name.ts";

/** Source of a CommonJS module that stands for a package that is not installed here. */
export function missingPackageSource(specifier: string): string {
  const packageName = packageNameOf(specifier);
  const advice = `the package is not installed on this machine, only in the image. Use it in code that runs in a container, or install it here with: npm install ${packageName}`;
  const args = [specifier, packageName, advice].map((word) => JSON.stringify(word)).join(", ");
  return `module.exports = (${packageStandIn.toString()})(${args});\n`;
}
