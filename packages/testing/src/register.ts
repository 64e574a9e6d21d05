// For `node --import dorian/testing/register --test`: has Node compile standard decorators, which it does not know yet, and find the files of
// TypeScript's that are imported as JavaScript.
import { readFileSync } from "node:fs";
import * as nodeModule from "node:module";
import { AppError, errnoOf } from "@dorian/base/app-error";
import { hasDecorators, lowerDecorators, pathOf } from "./source/lower-decorators.ts";

if (!("registerHooks" in nodeModule)) {
  throw new AppError("NODE_TOO_OLD", `Node ${process.version} cannot compile what it loads.`, {
    remedy: "Run the tests with Node 22.15 or newer, or define classes without decorators.",
  });
}

nodeModule.registerHooks({
  resolve(specifier, context, next) {
    try {
      return next(specifier, context);
    } catch (error) {
      // TypeScript's files may be named by what they would be compiled to.
      const source = specifier.replace(/^(\.{1,2}\/.*\.[cm]?)js(x?)$/, "$1ts$2");
      if (source === specifier || errnoOf(error) !== "ERR_MODULE_NOT_FOUND") throw error;
      return next(source, context);
    }
  },
  load(url, context, next) {
    const path = pathOf(url);
    const source = path !== undefined && /\.[cm]?[jt]sx?$/.test(path) ? readFileSync(path, "utf8") : "";
    if (path === undefined || !hasDecorators(path, source)) return next(url, context);
    const format = context.format?.startsWith("commonjs") ? "commonjs" : "module";
    return { format, source: lowerDecorators(path, source), shortCircuit: true };
  },
});
