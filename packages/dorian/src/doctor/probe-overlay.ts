import { messageOf } from "@dorian/base/app-error";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import type { MachineFacts } from "./machine-facts.ts";

/** Mounts an overlay of throw-away directories in `directory` and replaces it by another, as a volume reload does. */
export async function probeOverlay(directory: string): Promise<MachineFacts["overlay"]> {
  let scratch: string | undefined;
  try {
    const [{ createOverlay, mountOverlay, unmount }, { mountTable }] = await Promise.all([
      import("@dorian/linux/mount"),
      import("@dorian/linux/mount-table"),
    ]);
    scratch = await mkdtemp(join(directory, ".dorian-doctor-"));
    const at = (name: string) => join(scratch ?? "", name);
    for (const name of ["lower", "upper1", "work1", "upper2", "work2", "target"]) await mkdir(at(name));
    try {
      mountOverlay(at("target"), { lower: [at("lower")], upper: at("upper1"), work: at("work1") });
      using next = createOverlay({
        lower: [at("lower"), at("upper1")],
        upper: at("upper2"),
        work: at("work2"),
      });
      next.replaceAt(at("target"));
      const left = (await mountTable()).filter(({ target }) => target === at("target")).length;
      return { kind: "works", replace: left === 1 ? "beneath" : "on top" };
    } finally {
      while (unmount(at("target")));
    }
  } catch (error) {
    return { kind: "fails", reason: messageOf(error) };
  } finally {
    if (scratch !== undefined) await rm(scratch, { recursive: true, force: true });
  }
}
