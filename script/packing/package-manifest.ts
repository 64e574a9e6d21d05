import { installedBeside } from "./installed-beside.ts";
import { readManifest } from "./workspace.ts";

/** The package's `package.json`: what its parts depend on, together, and the doors of the SDK. */
export function packageManifest(): Record<string, unknown> {
  const { name, version, license } = readManifest("packages/dorian");
  const { devDependencies } = readManifest(".");
  return {
    name,
    version,
    description:
      "Serverless ML apps on machines you own: functions, images, volumes and GPUs, from TypeScript or Python.",
    keywords: ["serverless", "machine-learning", "gpu", "containers", "modal"],
    license,
    type: "module",
    bin: { dorian: "./bin/dorian.js" },
    exports: {
      ".": door("index"),
      "./testing": door("testing"),
      "./testing/register": door("testing-register"),
      "./testing/vite": door("testing-vite"),
      "./package.json": "./package.json",
    },
    types: "./dist/index.d.ts",
    main: "./dist/index.cjs",
    engines: { node: ">=20.19" },
    dependencies: {
      ...installedBeside(),
      // Declarations name streams, and a program that is checked whole must find them.
      "@types/node": devDependencies?.["@types/node"] ?? "*",
    },
  };
}

function door(name: string) {
  return {
    import: { types: `./dist/${name}.d.ts`, default: `./dist/${name}.js` },
    require: { types: `./dist/${name}.d.cts`, default: `./dist/${name}.cjs` },
  };
}
