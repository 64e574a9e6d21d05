import { symlink } from "node:fs/promises";
import { join } from "node:path";
import { checkout } from "../checkout.ts";
import { runCommand, type CommandResult } from "../run-command.ts";
import { temporaryDirectory } from "../temporary-directory.ts";
import type { GuidePage } from "./guide-page.ts";
import { projectPrograms } from "./page-program.ts";

/** Runs the commands of a page in a project that holds its files. What they start beside them ends with them. */
export async function runPage(page: GuidePage, env: Record<string, string>): Promise<CommandResult> {
  const files = projectPrograms(page).map(({ path, text }) => [path, text] as const);
  await using project = await temporaryDirectory({
    "package.json": JSON.stringify({ private: true, type: "module" }),
    ...Object.fromEntries(files),
  });
  await symlink(join(checkout, "node_modules"), join(project.path, "node_modules"));
  const commands = page.commands.map(({ code, line }) => `guide_line=${line}\n${code}`);
  const script = [
    `trap 'code=$?; echo "docs/guide/${page.name}:$guide_line: a command of this block ended with $code" >&2' ERR`,
    `trap 'kill $(jobs -p) 2>/dev/null || true; wait' EXIT`,
    ...commands,
  ].join("\n");
  return await runCommand(["bash", "-Eeuc", script], { cwd: project.path, env });
}
