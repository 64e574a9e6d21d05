import { TaskState } from "@dorian/protocol/modal";
import { expect, test } from "vitest";
import { Output, type TextStream } from "../output/output.ts";
import { StatusLine } from "../output/status-line.ts";
import { DeployView } from "./deploy-view.ts";

async function view({ isQuiet = false } = {}) {
  let text = "";
  const sink: TextStream = { write: (chunk) => ((text += String(chunk)), true) };
  const output = new Output({ stdout: sink, stderr: sink, env: {} });
  output.isQuiet = isQuiet;
  const { onProgress } = new DeployView(output, await StatusLine.open(output));
  return { onProgress, text: () => text };
}

const log = (imageId: string, data: string) =>
  ({ kind: "image-log", imageId, items: [{ data, fileDescriptor: 1 }] }) as never;

test("what a deployment creates ends up in a tree", async () => {
  const { onProgress, text } = await view();
  onProgress({ kind: "app-created", appId: "ap-1", name: "quickstart" });
  const uploading = { kind: "files-uploading", stage: "sending", bytesTotal: 8e6, filesTotal: 2 } as const;
  onProgress({ ...uploading, file: "/a", bytesDone: 3e6, filesDone: 1 });
  onProgress({ ...uploading, file: "/b", bytesDone: 8e6, filesDone: 2 });
  onProgress({ kind: "mount-created", description: "/root/app.mjs" });
  onProgress({ kind: "image-ready", imageId: "im-1", description: "RUN true", built: false, seconds: 0 });
  onProgress({ kind: "function-created", tag: "train", functionId: "fu-1" });
  onProgress({ kind: "class-created", tag: "Model.*", functionId: "fu-2" });
  onProgress({ kind: "published", url: "" });
  expect(text().split("\n")).toEqual([
    "✓ Initialized app quickstart (ap-1).",
    "Creating objects …",
    "Uploading 2 files (7.6 MiB) …",
    "Creating objects …",
    "✓ Created objects.",
    "├── 🔨 Created mount /root/app.mjs",
    "├── 🔨 Created function train.",
    "└── 🔨 Created class Model.",
    "",
  ]);
});

test("one that is to be quiet tells warnings alone", async () => {
  const { onProgress, text } = await view({ isQuiet: true });
  onProgress({ kind: "app-created", appId: "ap-1", name: "quickstart" });
  onProgress({ kind: "image-building", imageId: "im-1", description: "RUN true", reason: "" });
  onProgress(log("im-1", "10%\n"));
  onProgress({ kind: "warning", message: "Left out: a link that leads nowhere." });
  onProgress({ kind: "published", url: "" });
  expect(text()).toBe("Warning: Left out: a link that leads nowhere.\n");
});

test("build logs appear live by whole lines, each under the header of its image [B7]", async () => {
  const { onProgress, text } = await view();
  onProgress({
    kind: "image-building",
    imageId: "im-1",
    description: "RUN npm install",
    reason: "never built before",
  });
  onProgress(log("im-1", "added 3 pack"));
  expect(text()).not.toContain("added");
  onProgress(log("im-1", "ages\n10%\r50%\r100%\n"));
  expect(text()).toContain("added 3 packages\n100%\n");
  onProgress({ kind: "image-building", imageId: "im-2", description: "RUN true", reason: "" });
  onProgress(log("im-1", "more\n"));
  onProgress(log("im-1", "no line end"));
  onProgress({
    kind: "image-ready",
    imageId: "im-1",
    description: "RUN npm install",
    built: true,
    seconds: 2,
  });
  const headers = text()
    .split("\n")
    .filter((line) => line.startsWith("Building image im-"));
  expect(headers).toEqual([
    "Building image im-1: RUN npm install (never built before)",
    "Building image im-2: RUN true",
    "Building image im-1: RUN npm install",
  ]);
  expect(text()).toContain("no line end\n✓ Built image im-1 in 2 s: RUN npm install\n");
});

test("while a build function waits for a place, the reason is the status", async () => {
  const { onProgress, text } = await view();
  const state = (taskState: TaskState, description: string) =>
    onProgress({
      kind: "image-log",
      imageId: "im-1",
      items: [{ data: "", taskState, taskProgress: { description } }],
    } as never);
  onProgress({ kind: "image-building", imageId: "im-1", description: "build function load", reason: "" });
  state(TaskState.QUEUED, "no worker has a GPU");
  expect(text()).toContain("Queued: no worker has a GPU (build function load) …\n");
  state(TaskState.CREATING_CONTAINER, "loading the image on w1");
  expect(text()).toMatch(/Building image: build function load …\n$/);
});
