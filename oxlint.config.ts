import { defineConfig, type OxlintOverride } from "oxlint";

/** What each package may import of the others, as ARCHITECTURE.md has it. */
const mayUse = {
  base: [],
  protocol: ["base"],
  linux: ["base"],
  storage: ["base", "linux"],
  operator: ["base"],
  python: ["base", "operator"],
  oci: ["base", "linux", "storage", "operator"],
  "control-plane": ["base", "protocol", "storage", "operator", "python"],
  worker: ["base", "protocol", "linux", "storage", "operator", "python", "oci"],
  sdk: ["base", "protocol"],
  publish: ["base", "protocol", "sdk"],
  guest: ["base", "protocol", "sdk"],
  testing: ["base", "protocol", "sdk", "publish", "guest", "control-plane"],
} as const;

const packages = [...Object.keys(mayUse), "testkit"];

/** Walk or remove trees that others wrote, by path. */
const walksTrees = ["linux", "storage", "oci", "control-plane", "worker"];

/** Choose a clock for all others. */
const clockChoosers = [
  "packages/control-plane/src/compose.ts",
  "packages/control-plane/src/database/database.ts",
  "packages/worker/src/compose.ts",
  "packages/guest/src/start-guest.ts",
  "packages/testing/src/run-in-process.ts",
];

/** Compare with times that a file system has set, which knows one clock. */
const fileTimeReaders = [
  "packages/publish/src/deploy/local-digests.ts",
  "packages/python/src/wheel-index.ts",
  "packages/storage/src/layer-store.ts",
  "packages/worker/src/image/step-cache.ts",
  "packages/worker/src/volume/upper-copy.ts",
];

/** Remove what they have written themselves. */
const ownFileRemovers = [
  "packages/control-plane/src/dispatch/fleet/worker-socket.ts",
  "packages/control-plane/src/access/keys/private-file.ts",
  "packages/control-plane/src/catalog/mount/bytecode.ts",
];

const clocks = {
  group: ["@dorian/base/wall-clock", "@dorian/base/steady-clock"],
  message: "The clock is passed in, as nowMs or elapsedMs: only what puts a process together chooses one.",
};

const trees = [
  { name: "node:fs/promises", importNames: ["rm", "glob"] },
  { name: "node:fs", importNames: ["rm", "rmSync", "globSync"] },
].map((path) => ({ ...path, message: "Trees may be others': removeTree of @dorian/linux/remove-tree." }));

type Package = keyof typeof mayUse;

/** What files of a package may not import; some are excepted from a part of it. */
function imports(
  name: Package,
  files: string[],
  except: { clocks?: boolean; trees?: boolean } = {},
): OxlintOverride {
  const above = packages.filter((other) => other !== name && !mayUse[name].some((used) => used === other));
  const arrows = {
    group: ["dorian", ...above.flatMap((other) => [`@dorian/${other}`, `@dorian/${other}/**`])],
    message: "Packages use only what is below them: see ARCHITECTURE.md.",
  };
  const paths = walksTrees.includes(name) && !except.trees ? trees : [];
  const patterns = except.clocks ? [arrows] : [arrows, clocks];
  return { files, rules: { "no-restricted-imports": ["error", { paths, patterns }] } };
}

/** The same for files that are excepted. */
function excepting(
  paths: readonly string[],
  except: { clocks?: boolean; trees?: boolean },
): OxlintOverride[] {
  return paths.map((path) => imports(path.split("/")[1] as Package, [path], except));
}

const readsNoClock = {
  property: "now",
  message:
    "Stopwatch, Deadline and SilenceWatch of @dorian/base measure; moments for people are nowMs, which is passed in.",
};

export default defineConfig({
  plugins: ["typescript", "import", "unicorn", "promise", "vitest"],
  categories: { correctness: "error", suspicious: "error" },
  ignorePatterns: ["packages/protocol/src/gen/**", "examples/**/node_modules/**"],
  rules: {
    "no-console": "error",
    "no-restricted-properties": [
      "error",
      { object: "Date", ...readsNoClock },
      { object: "performance", ...readsNoClock },
    ],
    "no-await-in-loop": "off",
    "no-shadow": "off",
    "typescript/no-explicit-any": "error",
    "typescript/no-non-null-assertion": "error",
    "import/no-cycle": "error",
    "import/no-unassigned-import": "off",
    "unicorn/consistent-function-scoping": "off",
    "unicorn/require-post-message-target-origin": "off",
    "promise/always-return": "off",
    "promise/no-multiple-resolved": "off",
    "vitest/require-mock-type-parameters": "off",
    "max-lines": ["error", { max: 400, skipBlankLines: true, skipComments: true }],
    "no-underscore-dangle": "off",
    "import/no-named-as-default-member": "off",
    "promise/no-promise-in-callback": "off",
    "vitest/no-conditional-expect": "off",
    "unicorn/no-thenable": "off",
    "vitest/no-standalone-expect": "off",
    "vitest/valid-expect": ["error", { maxArgs: 2 }],
    "unicorn/no-array-fill-with-reference-type": "off",
  },
  overrides: [
    {
      files: [
        "packages/dorian/{src,templates}/**",
        "packages/guest/src/**",
        "bench/**",
        "script/**",
        "examples/**",
      ],
      rules: { "no-console": "off" },
    },
    ...(Object.keys(mayUse) as Package[]).map((name) => imports(name, [`packages/${name}/src/**`])),
    ...excepting([...clockChoosers, ...fileTimeReaders], { clocks: true }),
    ...excepting(ownFileRemovers, { trees: true }),
    {
      // The command line is where processes begin: it measures what it tells people.
      files: ["packages/dorian/src/**"],
      rules: { "no-restricted-properties": ["error", { object: "Date", ...readsNoClock }] },
    },
    {
      files: ["packages/dorian/src/process/**", "packages/dorian/src/doctor/**"],
      rules: {
        "no-restricted-imports": [
          "error",
          {
            patterns: [
              {
                group: ["**/cli/**"],
                message: "The command line uses processes and the doctor; they know nothing of it.",
              },
            ],
          },
        ],
      },
    },
    {
      files: [
        "packages/base/src/*-clock.ts",
        "packages/*/test/**",
        "test/**",
        "bench/**",
        "script/**",
        "examples/**",
      ],
      rules: { "no-restricted-properties": "off" },
    },
    {
      files: ["**/*.test.ts", "packages/testkit/**"],
      rules: { "no-restricted-properties": "off", "max-lines": ["error", { max: 800 }] },
    },
    {
      files: ["**/*.test.ts", "**/test-*.ts", "**/scripted-*.ts", "packages/*/test/**"],
      rules: { "no-restricted-imports": "off" },
    },
    {
      files: ["test/**", "bench/**", "examples/**"],
      rules: {
        "no-restricted-imports": [
          "error",
          {
            patterns: [
              { group: ["@dorian/sdk", "@dorian/sdk/**"], message: "They show what users have: `dorian`." },
            ],
          },
        ],
      },
    },
  ],
});
