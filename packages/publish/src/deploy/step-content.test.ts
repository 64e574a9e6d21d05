import { join } from "node:path";
import { Image } from "@dorian/sdk";
import type { CommandsStep } from "@dorian/sdk/image/image-step";
import { walkLocalTree } from "@dorian/sdk/local/walk-local-tree";
import { temporaryDirectory } from "@dorian/testkit/temporary-directory";
import { expect, test } from "vitest";
import { contentOf, copiedPaths } from "./step-content.ts";

test.each([
  ["FROM x\nRUN true", []],
  ["COPY a b/ /to", ["a", "b/"]],
  ['copy ["a b", "/c"]', ["a b"]],
  ["COPY --chown=1:1 --chmod=755 /run.sh ./x/../y /to", ["run.sh", "y"]],
  ["COPY --from=builder /a /b", []],
  ["COPY <<EOF /to\nCOPY a b\nEOF", []],
  ["COPY package*.json \\\n  # a note\n  src /to/", ["package*.json", "src"]],
  ["ADD https://example.com/x https://example.com/y /to", []],
  ["COPY . /to", ["."]],
  ["COPY ${WHAT} /to", ["."]],
  ["RUN --mount=type=bind,source=a,target=/b true", ["."]],
  ["RUN --network=none --mount=type=cache,target=/c --mount=target=/b true", ["."]],
  ["RUN --mount=type=cache,target=/c --mount=type=secret,id=x true", []],
  ["RUN --mount=target=/c,type=tmpfs --mount=type=bind,from=builder,source=a,target=/b true", []],
  ["RUN echo --mount=type=bind,source=a,target=/b", []],
])("of its directory, %j copies %j", (text, paths) => {
  expect(copiedPaths(text)).toEqual(paths);
});

const files = {
  "docker/Dockerfile": "FROM x\nCOPY src package*.json /to/\n",
  "docker/all.Dockerfile": "FROM x\nCOPY . /to/\n",
  "docker/all.Dockerfile.dockerignore": "*.json\n",
  ".dockerignore": "# not sent\n**/*.log\n",
  "src/a/b.ts": "",
  "src/c.log": "",
  "package.json": "",
  "package-lock.json": "",
  "secret.txt": "",
};

test("a Dockerfile is read when its image is built, and is sent what it copies and no more", async () => {
  await using project = await temporaryDirectory(files);
  const sent = async (image: Image) => {
    const { lines, context } = await contentOf((image.base ?? image).step as CommandsStep);
    const found: string[] = [];
    for (const { localPath, ignore } of context)
      for await (const { inside } of walkLocalTree(localPath, { ignore, onLeftOut: () => undefined }))
        found.push(inside);
    return { lines, found: found.toSorted() };
  };
  const at = (name: string) => join(project.path, name);
  const contextDir = project.path;
  expect(await sent(Image.fromDockerfile(at("docker/Dockerfile"), { contextDir }))).toEqual({
    lines: ["FROM x", "COPY src package*.json /to/", ""],
    found: ["package-lock.json", "package.json", "src/a/b.ts"],
  });
  const all = Image.fromDockerfile(at("docker/all.Dockerfile"), { contextDir });
  expect((await sent(all)).found).toEqual(
    Object.keys(files)
      .filter((name) => !name.startsWith("package"))
      .toSorted(),
  );
  const chosen = Image.fromDockerfile(at("docker/Dockerfile"), { contextDir, ignore: ["src"] });
  expect((await sent(chosen)).found).toEqual(["package-lock.json", "package.json"]);
  const beside = Image.fromDockerfile(at("docker/all.Dockerfile"), { ignore: ["*.Dockerfile*"] });
  expect((await sent(beside)).found).toEqual(["Dockerfile"]);
  await expect(sent(Image.fromDockerfile(at("nowhere")))).rejects.toMatchObject({
    code: "LOCAL_FILE_MISSING",
  });
});
