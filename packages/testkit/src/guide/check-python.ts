import { join } from "node:path";
import type { ModalClient } from "../modal-client.ts";
import type { GuidePage } from "./guide-page.ts";

/** What Python, and the official client, say against the Python of these pages without running it. */
export async function pythonFaults(pages: readonly GuidePage[], client: ModalClient): Promise<string[]> {
  const blocks = pages.flatMap(({ name, files, fragments }) => {
    const all = [...fragments, ...[...files.values()].flat()].filter(({ language }) => language === "py");
    return all.map(({ code, line }) => ({ place: `docs/guide/${name}`, line, text: code }));
  });
  const input = JSON.stringify(blocks);
  const { code, stdout, stderr } = await client.python([join(import.meta.dirname, "check_python.py")], {
    input,
  });
  if (code !== 0) throw new Error(stderr);
  return stdout.split("\n").filter((line) => line !== "");
}
