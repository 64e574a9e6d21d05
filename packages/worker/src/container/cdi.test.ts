import { expect, test } from "vitest";
import { applyCdiEdits, type CdiSpec, cdiEditsOf } from "./cdi.ts";
import type { OciConfig } from "./runc/oci-config.ts";
import { runcConfig } from "./runc/runc-config.ts";

const spec: CdiSpec = {
  kind: "nvidia.com/gpu",
  devices: [
    {
      name: "0",
      containerEdits: { deviceNodes: [{ path: "/dev/nvidia0", type: "c", major: 195, minor: 0 }] },
    },
    { name: "all", containerEdits: { deviceNodes: [{ path: "/dev/nvidia0" }, { path: "/dev/nvidia1" }] } },
  ],
  containerEdits: {
    env: ["NVIDIA_VISIBLE_DEVICES=void", "EXTRA=1"],
    mounts: [
      {
        hostPath: "/lib/libcuda.so.1",
        containerPath: "/lib/libcuda.so.1",
        options: ["ro", "nosuid", "bind"],
      },
    ],
    hooks: [
      {
        hookName: "createContainer",
        path: "/usr/bin/nvidia-cdi-hook",
        args: ["nvidia-cdi-hook", "update-ldcache"],
      },
    ],
    additionalGids: [44],
  },
};

function config(): OciConfig {
  return runcConfig(
    {
      id: "x",
      rootfs: "/r",
      args: ["/bin/true"],
      env: { NVIDIA_VISIBLE_DEVICES: "all", PATH: "/bin" },
      cwd: "/",
      user: { uid: 0, gid: 0 },
      hostname: "h",
      mounts: [],
      network: { kind: "none" },
      limits: { pids: 1 },
      devices: [],
    },
    {
      layout: { kind: "v2", hierarchies: ["/c"], processes: "/c", swapAccounting: false },
      cgroup: "/dorian-1/x",
      architecture: "x64",
      init: "/usr/bin/tini-static",
    },
  );
}

const numbersOf = (path: string) => ({ type: "c" as const, major: 195, minor: Number(path.at(-1)) });

test("a device brings its nodes, what its file asks for as a whole, and leave to use them", () => {
  const edited = applyCdiEdits(config(), cdiEditsOf("nvidia.com/gpu=0", [spec]), numbersOf);
  expect(edited.linux.devices).toEqual([{ path: "/dev/nvidia0", type: "c", major: 195, minor: 0 }]);
  expect(edited.linux.resources.devices.at(-1)).toEqual({
    allow: true,
    type: "c",
    major: 195,
    minor: 0,
    access: "rw",
  });
  expect(edited.process.env).toEqual(["PATH=/bin", "NVIDIA_VISIBLE_DEVICES=void", "EXTRA=1"]);
  expect(edited.process.user.additionalGids).toEqual([44]);
  expect(edited.mounts.at(-1)).toEqual({
    destination: "/lib/libcuda.so.1",
    source: "/lib/libcuda.so.1",
    type: "bind",
    options: ["ro", "nosuid", "bind"],
  });
  expect(edited.hooks?.createContainer).toEqual([
    { path: "/usr/bin/nvidia-cdi-hook", args: ["nvidia-cdi-hook", "update-ldcache"] },
  ]);
});

test("a node without numbers takes those of the host's device", () => {
  const edited = applyCdiEdits(config(), cdiEditsOf("nvidia.com/gpu=all", [spec]), numbersOf);
  expect(edited.linux.devices.map((device) => device.minor)).toEqual([0, 1]);
});

test("the configuration given is not changed", () => {
  const before = config();
  applyCdiEdits(before, cdiEditsOf("nvidia.com/gpu=0", [spec]), numbersOf);
  expect(before).toEqual(config());
});

test("an unknown device is answered with the known ones", () => {
  expect(() => cdiEditsOf("nvidia.com/gpu=7", [spec])).toThrow(
    "no device nvidia.com/gpu=7; it has nvidia.com/gpu=0, nvidia.com/gpu=all",
  );
});
