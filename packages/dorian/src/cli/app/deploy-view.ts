import type { DeployProgress } from "@dorian/publish/deploy/progress";
import { type TaskLogs, TaskState } from "@dorian/protocol/modal";
import { assertNever } from "@dorian/base/must";
import { formatBytes } from "../../format-bytes.ts";
import { formatDuration } from "../output/duration.ts";
import type { Output } from "../output/output.ts";
import type { StatusLine } from "../output/status-line.ts";
import { renderTree } from "../output/tree.ts";

/** Files are read by the thousand in a second. */
const drawEveryMs = 100;
/** Where each state is a line of its own. */
const noteEveryMs = 5_000;

/**
 * Shows how an app comes to be: build logs under a header per image while they run, and a tree of what was created at
 * the end.
 */
export class DeployView {
  #output: Output;
  #status: StatusLine;
  #created: string[] = [];
  #building = new Map<string, string>();
  /** Image whose log was shown last; another one gets its header again. */
  #shown: string | undefined;
  #unfinishedLine = new Map<string, string>();
  #drawnAtMs = Number.NEGATIVE_INFINITY;

  constructor(output: Output, status: StatusLine) {
    this.#output = output;
    this.#status = status;
  }

  readonly onProgress = (progress: DeployProgress): void => {
    const { green, yellow, dim } = this.#output.noteColors;
    switch (progress.kind) {
      case "app-created":
        this.#output.note(`${green("✓")} Initialized app ${progress.name} ${dim(`(${progress.appId})`)}.`);
        this.#status.set("Creating objects");
        return;
      case "files-reading":
        this.#files("Reading", { ...progress, done: progress.filesDone, total: progress.filesTotal });
        return;
      case "files-uploading":
        this.#files("Uploading", progress);
        return;
      case "mount-created":
        this.#created.push(`🔨 Created mount ${progress.description}`);
        return;
      case "image-building":
        this.#building.set(progress.imageId, progress.description);
        this.#header(progress.imageId, progress.reason);
        this.#status.set(`Building image: ${progress.description}`);
        return;
      case "image-log":
        for (const item of progress.items) {
          if (item.data !== "") this.#log(progress.imageId, item.data);
          else if (item.taskProgress) this.#buildState(progress.imageId, item);
        }
        return;
      case "image-ready":
        this.#imageReady(progress);
        return;
      case "function-created":
        this.#created.push(`🔨 Created function ${progress.tag}.`);
        return;
      case "class-created":
        this.#created.push(`🔨 Created class ${progress.tag.replace(/\.\*$/, "")}.`);
        return;
      case "warning":
        this.#output.note(`${yellow("Warning:")} ${progress.message}`);
        return;
      case "published":
        this.#status.clear();
        this.#output.note(`${green("✓")} Created objects.`);
        for (const line of renderTree(this.#created)) this.#output.note(line);
        this.#created = [];
        return;
      default:
        assertNever(progress);
    }
  };

  #files(
    verb: string,
    progress: { done: number; total: number; bytesDone: number; bytesTotal: number },
  ): void {
    const { done, total, bytesDone, bytesTotal } = progress;
    const isDone = done >= total;
    const elapsedMs = performance.now();
    if (!isDone && elapsedMs - this.#drawnAtMs < (this.#output.animated ? drawEveryMs : noteEveryMs)) return;
    this.#drawnAtMs = elapsedMs;
    const bytes = `${formatBytes(bytesDone)} of ${formatBytes(bytesTotal)}`;
    this.#status.set(isDone ? "Creating objects" : `${verb} files (${done}/${total}, ${bytes})`);
  }

  #imageReady(progress: DeployProgress & { kind: "image-ready" }): void {
    const { imageId, built, seconds, description } = progress;
    this.#flush(imageId);
    this.#building.delete(imageId);
    if (built) {
      const { green } = this.#output.noteColors;
      this.#output.note(
        `${green("✓")} Built image ${imageId} in ${formatDuration(seconds * 1000)}: ${description}`,
      );
    }
    const [next] = this.#building.values();
    this.#status.set(next === undefined ? "Creating objects" : `Building image: ${next}`);
  }

  /** A build function's container may have to wait for its place. */
  #buildState(imageId: string, { taskState, taskProgress }: TaskLogs): void {
    const step = this.#building.get(imageId) ?? "";
    const reason = taskState === TaskState.QUEUED ? taskProgress?.description : undefined;
    this.#status.set(reason ? `Queued: ${reason} (${step})` : `Building image: ${step}`);
  }

  #header(imageId: string, reason: string): void {
    const { bold, dim } = this.#output.noteColors;
    this.#shown = imageId;
    const why = reason === "" ? "" : dim(` (${reason})`);
    this.#output.note(`${bold(`Building image ${imageId}:`)} ${this.#building.get(imageId) ?? ""}${why}`);
  }

  #log(imageId: string, data: string): void {
    const text = (this.#unfinishedLine.get(imageId) ?? "") + data;
    const end = text.lastIndexOf("\n");
    this.#unfinishedLine.set(imageId, text.slice(end + 1));
    if (end >= 0) this.#lines(imageId, text.slice(0, end));
  }

  #flush(imageId: string): void {
    const rest = this.#unfinishedLine.get(imageId);
    this.#unfinishedLine.delete(imageId);
    if (rest) this.#lines(imageId, rest);
  }

  #lines(imageId: string, text: string): void {
    if (this.#shown !== imageId) this.#header(imageId, "");
    for (const line of text.split("\n")) this.#output.note(this.#output.noteColors.dim(lastOverwrite(line)));
  }
}

// A progress bar rewrites its line; what stands there at the end is what counts.
function lastOverwrite(line: string): string {
  const text = line.replace(/\r+$/, "");
  return text.slice(text.lastIndexOf("\r") + 1);
}
