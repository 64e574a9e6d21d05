import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** What the package says of the foreign code in it: name, version and licence of each package that `paths` lie in. */
export function thirdParties(paths: string[]): string {
  const roots = [...new Set(paths.map((path) => packageRoot(path)))].toSorted();
  return `# Code of others in this package

${roots.map((root) => notice(root)).join("\n")}`;
}

function packageRoot(path: string): string {
  const match = /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path);
  if (!match) throw new Error(`${path} is in no installed package.`);
  return match[0];
}

function notice(root: string): string {
  const { name, version, license } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as Record<
    string,
    string
  >;
  const [file] = globSync("LICEN[CS]E*", { cwd: root });
  const text =
    file === undefined ? "" : `\n\`\`\`\n${readFileSync(join(root, file), "utf8").trim()}\n\`\`\`\n`;
  return `## ${name} ${version}\n\nLicence: ${license}\n${text}`;
}
