import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, onTestFinished, test } from "vitest";
import { pythonInit } from "./python-init.ts";

/** Runs a shell script below the init, which is the first process of a namespace of its own, as in a container. */
function underInit(script: string) {
  const program = ["/usr/bin/python3", "-ISc", pythonInit, "sh", "-c", script];
  const child = spawn("unshare", ["--pid", "--fork", "--kill-child", "--mount-proc", ...program], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (output += text));
  return {
    child,
    async ended() {
      const [code] = (await once(child, "close")) as [number | null];
      return { code, output };
    },
    async said(text: string) {
      await expect.poll(() => output).toContain(text);
    },
  };
}

test("it ends as its process ends, also one that kills itself", async () => {
  expect((await underInit("exit 7").ended()).code).toBe(7);
  expect((await underInit("kill -9 $$; sleep 10; echo survived").ended()).code).toBe(128 + 9);
});

test("processes that nobody waits for do not stay behind as dead ones", async () => {
  const script = `(sleep 0.1 &); sleep 0.5; cat /proc/[0-9]*/stat | awk '$3 == "Z"' | wc -l`;
  expect((await underInit(script).ended()).output.trim()).toBe("0");
});

test("signals reach its process", async () => {
  const run = underInit("trap 'echo interrupted; exit 3' INT; echo ready; while true; do sleep 0.05; done");
  await run.said("ready");
  const ended = run.ended();
  // The namespace's first process is the child of unshare.
  const init = spawn("sh", ["-c", `kill -INT $(cat /proc/${run.child.pid}/task/${run.child.pid}/children)`]);
  await once(init, "close");
  expect(await ended).toEqual({ code: 3, output: "ready\ninterrupted\n" });
});
