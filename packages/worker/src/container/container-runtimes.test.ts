import { expect, test } from "vitest";
import { ContainerRuntimes } from "./container-runtimes.ts";
import type { ContainerRuntime } from "./runtime.ts";

const runtime: ContainerRuntime = {
  run: () => Promise.reject(new Error("not for this test")),
  restore: () => Promise.reject(new Error("not for this test")),
  [Symbol.asyncDispose]: async () => undefined,
};
const both = { runc: runtime, runsc: runtime };
const plain = { runtime: "", untrusted: false };

test("what a function asks for counts before what the operator chose, and that before nothing", () => {
  const standard = new ContainerRuntimes(both, { standard: "runc", untrusted: "runsc" });
  expect(standard.choose(plain, []).name).toBe("runc");
  expect(standard.choose({ runtime: "", untrusted: true }, []).name).toBe("runsc");
  expect(standard.choose({ runtime: "runsc", untrusted: false }, []).name).toBe("runsc");
  expect(standard.choose({ runtime: "gvisor", untrusted: false }, []).name).toBe("runsc");
  const all = new ContainerRuntimes(both, { standard: "runsc", untrusted: "runsc" });
  expect(all.choose(plain, []).name).toBe("runsc");
});

test("a runtime that is not there is refused with what is, never replaced by another", () => {
  const runtimes = new ContainerRuntimes({ runc: runtime }, { standard: "runc", untrusted: "runc" });
  for (const asked of ["runsc", "gvisor", "kata", "__proto__"]) {
    expect(() => runtimes.choose({ runtime: asked, untrusted: false }, [])).toThrow(
      /cannot run containers with/,
    );
  }
});

test("devices do not come into gVisor", () => {
  const runtimes = new ContainerRuntimes(both, { standard: "runc", untrusted: "runc" });
  expect(runtimes.choose(plain, ["nvidia.com/gpu=0"]).name).toBe("runc");
  expect(() => runtimes.choose({ runtime: "runsc", untrusted: false }, ["nvidia.com/gpu=0"])).toThrow(
    /no GPU/,
  );
});
