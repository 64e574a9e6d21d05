import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";

test("the first errno that a process asks for is that of its call", () => {
  const program = `
    import { lastErrno, libc } from ${JSON.stringify(import.meta.resolve("./libc.ts"))};
    if (Number(libc.umount2("/nowhere/at/all", 0)) !== -1) throw new Error("unmounted");
    console.log(lastErrno());`;
  const output = execFileSync(process.execPath, ["--input-type=module", "-e", program], { encoding: "utf8" });
  expect(output.trim()).toBe("ENOENT");
});
