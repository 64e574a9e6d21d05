import { build, type BuildOptions, type Message, type Metafile, type Plugin } from "esbuild";
import { basename, dirname, extname, resolve } from "node:path";
import { bundleError, describe } from "./bundle-error.ts";
import { userSources, type UserSourcesOptions } from "./user-sources.ts";

export interface UserBuildOptions {
  entryFile: string;
  /** Directory that paths in errors and stack traces are relative to. */
  root: string;
  /** Put before the paths of sources in the source map. */
  sourceRoot?: string;
  plugins: Plugin[];
  sources: UserSourcesOptions;
  /** Where a native addon of the user's own lies while the module runs. */
  addonPath: (path: string) => string;
}

export interface UserBuild {
  code: string;
  /** Name for the bundle: that of the entry file with the extension `.mjs`. */
  fileName: string;
  /** Absolute paths of the files that went into it: what to watch. */
  inputs: string[];
  /** What is odd about it: a setting that is not followed, code that cannot be meant. */
  warnings: string[];
}

/**
 * One ES module of the entry file and what it imports. Decorators are lowered, because Node does not run them.
 *
 * @throws AppError BUNDLE_FAILED with the user's file, line and source line.
 */
export async function buildUserModule(options: UserBuildOptions): Promise<UserBuild> {
  const { root } = options;
  const entryFile = resolve(root, options.entryFile);
  const fileName = `${basename(entryFile, extname(entryFile))}.mjs`;
  const settings = {
    entryPoints: [entryFile],
    absWorkingDir: root,
    outfile: resolve(root, fileName),
    bundle: true,
    write: false,
    metafile: true,
    platform: "node",
    format: "esm",
    target: "node24",
    supported: { decorators: false },
    // Node's own conditions: what a package offers to bundlers alone would differ from what Node loads.
    conditions: ["node-addons"],
    keepNames: true,
    sourcemap: "inline",
    sourcesContent: false,
    ...(options.sourceRoot === undefined ? {} : { sourceRoot: options.sourceRoot }),
    logLevel: "silent",
    loader: { ".txt": "text", ".md": "text", ".sql": "text", ".html": "text", ".wasm": "binary" },
    plugins: [userSources(options.sources), nativeCode(options.addonPath), ...options.plugins],
  } satisfies BuildOptions;
  const result = await buildWithRequire(settings).catch((failure: unknown) => {
    throw bundleError(options.entryFile, failure);
  });
  const { code, metafile, warnings } = result;
  return { code, fileName, inputs: inputsOf(metafile, root), warnings: warnings.map(describe) };
}

interface Built {
  code: string;
  metafile: Metafile;
  warnings: Message[];
}

async function buildWithRequire(settings: BuildOptions): Promise<Built> {
  const first = await outputOf(settings);
  if (!/^var __require = |\b__(dirname|filename)\b/m.test(first.code)) return first;
  // CommonJS inside: it expects what Node gives such modules, and a banner has to be known before maps are made.
  const banner = [
    `import { createRequire as __createRequire } from "node:module"`,
    `const require = __createRequire(import.meta.url), __filename = import.meta.filename, __dirname = import.meta.dirname`,
  ].join("; ");
  return await outputOf({ ...settings, banner: { js: `${banner};` } });
}

async function outputOf(settings: BuildOptions): Promise<Built> {
  const result = await build({ ...settings, write: false, metafile: true });
  const { outputFiles, metafile, warnings } = result;
  return { code: outputFiles[0]?.text ?? "", metafile, warnings };
}

function inputsOf(metafile: Metafile, root: string): string[] {
  return Object.keys(metafile.inputs)
    .filter((input) => !/^[\w-]+:/.test(input))
    .map((input) => resolve(root, input));
}

function nativeCode(addonPath: UserBuildOptions["addonPath"]): Plugin {
  return {
    name: "native-code",
    setup(build) {
      build.onLoad({ filter: /\.node$/ }, ({ path }) => {
        const name = /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(dirname(path))?.[1];
        if (name === undefined) return { contents: addonSource(addonPath(path)), loader: "js" };
        return {
          errors: [
            {
              text: `"${name}" has native code, which cannot be bundled.`,
              notes: [{ text: `Install it in the image instead: .npmInstall("${name}")` }],
            },
          ],
        };
      });
    },
  };
}

function addonSource(path: string): string {
  return `module.exports = process.getBuiltinModule("node:module").createRequire("file:///")(${JSON.stringify(path)});`;
}
