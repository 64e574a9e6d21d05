import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { create } from "@bufbuild/protobuf";
import { StartTaskSchema } from "@dorian/protocol/worker";
import { expect, onTestFinished, test } from "vitest";
import { platformEnvironment } from "../task/platform-environment.ts";
import { prepareContainer, type ContainerOrder } from "./prepare-container.ts";

async function prepared(order: Partial<ContainerOrder>, image?: (rootfs: string) => Promise<void>) {
  const directory = await mkdtemp(join(tmpdir(), "prepare-"));
  onTestFinished(() => rm(directory, { recursive: true }));
  const rootfs = join(directory, "rootfs");
  await mkdir(join(rootfs, "etc"), { recursive: true });
  await mkdir(join(rootfs, "data"));
  await symlink("/data", join(rootfs, "vol"));
  await symlink("../../../..", join(rootfs, "up"));
  await image?.(rootfs);
  await writeFile(join(rootfs, "etc/passwd"), "serve:x:1001:1002::/home/serve:/bin/sh\n");
  return await prepareContainer({
    id: "ta-1",
    rootfs,
    directory,
    args: ["true"],
    config: { user: "", workdir: "", env: {} },
    env: { operator: {}, secrets: {} },
    usualDirectory: "/root",
    mounts: [],
    network: undefined,
    userNamespace: undefined,
    limits: {},
    devices: [],
    ...order,
  });
}

test("secrets win over the image, the image over the operator, and the platform over all", async () => {
  const request = create(StartTaskSchema, { taskId: "ta-1" });
  const { env } = await prepared({
    config: { user: "serve", workdir: "", env: { A: "image", B: "image", PATH: "/image/bin", C: "image" } },
    env: {
      operator: { HTTPS_PROXY: "http://proxy", C: "operator" },
      secrets: { B: "secret", MODAL_TASK_ID: "forged", NO_PROXY: "own.example" },
      platform: (chosen) => platformEnvironment(request, chosen),
    },
  });
  expect(env).toMatchObject({
    A: "image",
    B: "secret",
    C: "image",
    PATH: "/image/bin",
    MODAL_TASK_ID: "ta-1",
    MODAL_CLOUD_PROVIDER: "local",
    MODAL_REGION: "local",
    HTTPS_PROXY: "http://proxy",
    NO_PROXY: "own.example,169.254.77.77",
    no_proxy: "169.254.77.77",
    HOME: "/home/serve",
  });
});

test("a container starts as the image says and where, else as root and where its kind does", async () => {
  const usual = await prepared({});
  expect([usual.cwd, usual.user, usual.env["HOME"]]).toEqual([
    "/root",
    { uid: 0, gid: 0, home: "/root" },
    "/root",
  ]);
  const said = await prepared({ config: { user: "serve", workdir: "/srv", env: {} } });
  expect([said.cwd, said.user.uid, said.env["HOME"]]).toEqual(["/srv", 1001, "/home/serve"]);
  const unknown = prepared({ config: { user: "nobody-here", workdir: "", env: {} } });
  await expect(unknown).rejects.toMatchObject({ code: "IMAGE_USER_UNKNOWN" });
});

test("mounts are where the image's links lead, and never outside of it [B3]", async () => {
  const source = "/somewhere";
  const { mounts } = await prepared({
    mounts: ["/vol/models", "/up/tmp/x", "/new/place"].map((target) => ({ source, target, readOnly: true })),
  });
  const own = mounts.filter((mount) => mount.source === source).map((mount) => mount.target);
  expect(own).toEqual(["/data/models", "/tmp/x", "/new/place"]);
});

test("every container finds itself and localhost by name, with and without a network", async () => {
  const network = { path: "/net", address: "10.0.0.7", resolvConf: "nameserver 10.0.0.1\n" };
  for (const [given, address, resolvers] of [
    [network, "10.0.0.7", network.resolvConf],
    [undefined, "127.0.1.1", ""],
  ] as const) {
    const spec = await prepared({ network: given });
    const text = async (target: string) =>
      readFile(spec.mounts.find((mount) => mount.target === target)?.source ?? "", "utf8");
    expect(await text("/etc/hosts")).toMatch(
      new RegExp(String.raw`^127\.0\.0\.1\tlocalhost$[^]*^${address}\t${spec.hostname}$`, "m"),
    );
    expect(await text("/etc/hostname")).toBe(`${spec.hostname}\n`);
    expect(await text("/etc/resolv.conf")).toBe(resolvers);
  }
});

test.each(["/dev", "/proc", "/sys"])(
  "an image with a link or a file at %s, which an engine may follow on the host, is refused [B3]",
  async (place) => {
    const refused = (image: (path: string) => Promise<void>) =>
      prepared({}, (rootfs) => image(join(rootfs, place))).then(
        () => "taken",
        ({ code, message }: { code: string; message: string }) => `${code}: ${message}`,
      );
    expect(await refused((path) => symlink("/root", path))).toBe(
      `IMAGE_ROOT_UNUSABLE: The image has a link at ${place}, where containers have a directory.`,
    );
    expect(await refused((path) => writeFile(path, ""))).toContain(`a file at ${place}`);
    expect(await refused(async (path) => void (await mkdir(path)))).toBe("taken");
  },
);
