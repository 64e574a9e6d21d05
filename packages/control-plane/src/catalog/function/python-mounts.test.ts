import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { FunctionSchema$ } from "@dorian/protocol/modal";
import { expect, test } from "vitest";
import type { ImageContents } from "../image/image-contents.ts";
import { pythonMounts, type PythonMountSources } from "./python-mounts.ts";

const python311: ImageContents = { pythonVersion: "3.11.2", packages: {} };

async function mountsOf(
  definition: MessageInitShape<typeof FunctionSchema$>,
  contents: ImageContents | undefined = python311,
  builderVersion = "2025.06",
) {
  const asked: unknown[] = [];
  const sources: PythonMountSources = {
    mountNames: {
      lookup: (scope, name) =>
        name === "modal-client-mount-1.6.4"
          ? { scope, name, mountId: "mo-client", madeBy: "platform" }
          : undefined,
    },
    platformMounts: {
      async dependencyMount(wanted) {
        asked.push(wanted);
        return "mo-dependencies";
      },
      bytecodeMount: async () => "mo-bytecode",
    },
  };
  const image = { imageId: "im-1", contents, components: { builderVersion } };
  const mountIds = await pythonMounts(sources, create(FunctionSchema$, definition), image);
  return { mountIds, asked };
}

test("a function that asks for the client's dependencies gets those for its image's Python", async () => {
  const { mountIds, asked } = await mountsOf({ clientVersion: "1.6.4", mountClientDependencies: true });
  expect(mountIds).toEqual(["mo-dependencies"]);
  expect(asked).toEqual([
    { clientVersion: "1.6.4", builderVersion: "2025.06", pythonMinor: "3.11", libc: "manylinux" },
  ]);
});

test("a function gets them by its image, too, of which the client may know nothing but the name", async () => {
  const dependencies = async (builderVersion: string) =>
    (await mountsOf({ clientVersion: "1.6.4" }, python311, builderVersion)).mountIds;
  for (const without of ["2025.06", "PREVIEW"])
    expect(await dependencies(without)).toEqual(["mo-dependencies"]);
  for (const itself of ["", "2023.12", "2024.04", "2024.10"]) expect(await dependencies(itself)).toEqual([]);
});

test("what is compiled ahead comes with the platform's client, not with one that the user brings", async () => {
  const own = { clientVersion: "1.6.4", mountIds: ["mo-source", "mo-own-client"] };
  expect((await mountsOf(own, python311, "2024.10")).mountIds).toEqual([]);
  const platform = { clientVersion: "1.6.4", mountIds: ["mo-source", "mo-client"] };
  expect((await mountsOf(platform, python311, "2024.10")).mountIds).toEqual(["mo-bytecode"]);
});

test("an image without Python cannot have the dependencies, and that is said", async () => {
  const wanting = mountsOf({ clientVersion: "1.6.4", mountClientDependencies: true }, { packages: {} });
  await expect(wanting).rejects.toMatchObject({
    code: "IMAGE_PYTHON_MISSING",
    remedy: expect.stringContaining("add_python"),
  });
});

test("TypeScript functions get none", async () => {
  const { mountIds } = await mountsOf({
    clientVersion: "0.1.0",
    nodeEntrypoint: {},
    mountIds: ["mo-client"],
  });
  expect(mountIds).toEqual([]);
});
