// For `node --import dorian/testing/register --test`: has Node compile standard decorators, which it does not know yet.
import { readFileSync } from "node:fs";
import * as nodeModule from "node:module";
import { AppError } from "@dorian/base/app-error";
import { hasDecorators, lowerDecorators, pathOf } from "./source/lower-decorators.ts";

if (!("registerHooks" in nodeModule)) {
  throw new AppError("NODE_TOO_OLD", `Node ${process.version} cannot compile what it loads.`, {
    remedy: "Run the tests with Node 22.15 or newer, or define classes without decorators.",
  });
}

nodeModule.registerHooks({
  load(url, context, next) {
    const path = pathOf(url);
    const source = path !== undefined && /\.[cm]?[jt]sx?$/.test(path) ? readFileSync(path, "utf8") : "";
    if (path === undefined || !hasDecorators(path, source)) return next(url, context);
    const format = context.format?.startsWith("commonjs") ? "commonjs" : "module";
    return { format, source: lowerDecorators(path, source), shortCircuit: true };
  },
});
