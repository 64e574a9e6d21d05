import { join } from "node:path";
import { checkout } from "@dorian/testkit/checkout";
import { runCommand } from "@dorian/testkit/run-command";
import { temporaryDirectory } from "@dorian/testkit/temporary-directory";
import { compare, type Outcome, type Side } from "../harness/compare.ts";

const peers = { modal: "0.11.1", "@trigger.dev/sdk": "4.8.3" };

/**
 * Node with an import of the package as npm installs it, against Node with nothing to do, and against the same of others whose
 * clients call functions. And the command line, to its help.
 */
export async function run(): Promise<Outcome[]> {
  await using packed = await temporaryDirectory();
  await using project = await temporaryDirectory({ "package.json": `{"type": "module"}` });
  const said = async (command: string[]) => {
    const { code, stdout, stderr } = await runCommand(command, { cwd: project.path });
    if (code !== 0) throw new Error(`${command.join(" ")} ended with ${code}:\n${stderr}`);
    return stdout.trim();
  };
  const built = await said([process.execPath, join(checkout, "script/pack.ts"), "--out", packed.path]);
  const versions = Object.entries(peers).map(([name, version]) => `${name}@${version}`);
  const tarball = built.split("\n").at(-1) ?? "";
  await said(["npm", "install", "--no-audit", "--no-fund", tarball, ...versions]);
  const node = (name: string, args: string[]): Side => ({
    name,
    async round() {
      const started = performance.now();
      await said([process.execPath, ...args]);
      return performance.now() - started;
    },
  });
  const imports = (name: string) =>
    node(`import "${name}"`, ["--input-type=module", "--eval", `import "${name}"`]);
  const bare = node("node, nothing else", ["--input-type=module", "--eval", ""]);
  const pairs = [
    { ours: imports("dorian"), against: bare, aim: 2 },
    ...Object.keys(peers).map((name) => ({ ours: imports("dorian"), against: imports(name), aim: 0.5 })),
    {
      ours: node("dorian --help", [join(project.path, "node_modules/dorian/bin/dorian.js"), "--help"]),
      against: bare,
      aim: 2.5,
    },
  ];
  const outcomes: Outcome[] = [];
  for (const pair of pairs)
    outcomes.push(await compare({ title: "The package, loaded", unit: "ms", rounds: 20, ...pair }));
  return outcomes;
}
