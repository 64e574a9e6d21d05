import { stripVTControlCharacters } from "node:util";
import type { DeployProgress } from "@dorian/publish/deploy/progress";
import { type TaskLogs, TaskState } from "@dorian/protocol/modal";
import type { TransferProgress } from "@dorian/sdk";
import { Stopwatch } from "@dorian/base/stopwatch";
import { assertNever } from "@dorian/base/must";
import { formatDuration } from "../output/duration.ts";
import type { Output } from "../output/output.ts";
import type { StatusLine } from "../output/status-line.ts";
import { TransferView } from "../output/transfer-view.ts";
import { renderTree } from "../output/tree.ts";

const drawnEveryMs = 10_000;

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
  #transfer: TransferView;
  #sinceDrawn = new Stopwatch();

  constructor(output: Output, status: StatusLine) {
    this.#output = output;
    this.#status = status;
    this.#transfer = new TransferView(output, status);
  }

  readonly onProgress = (progress: DeployProgress): void => {
    const { green, yellow, dim } = this.#output.noteColors;
    switch (progress.kind) {
      case "app-created":
        this.#output.progress(
          `${green("✓")} Initialized app ${progress.name} ${dim(`(${progress.appId})`)}.`,
        );
        this.#status.set("Creating objects");
        return;
      case "files-reading":
      case "files-uploading":
        this.#files(progress);
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
        this.#created.push(
          progress.url === undefined
            ? `🔨 Created function ${progress.tag}.`
            : `🔨 Created web function ${progress.tag} => ${progress.url}`,
        );
        return;
      case "class-created":
        this.#created.push(`🔨 Created class ${progress.tag.replace(/\.\*$/, "")}.`);
        return;
      case "warning":
        this.#output.note(`${yellow("Warning:")} ${progress.message}`);
        return;
      case "published":
        this.#status.clear();
        this.#output.progress(`${green("✓")} Created objects.`);
        for (const line of renderTree(this.#created)) this.#output.progress(line);
        this.#created = [];
        return;
      default:
        assertNever(progress);
    }
  };

  #files(progress: TransferProgress): void {
    if (progress.filesTotal === 0) return;
    if (progress.filesDone < progress.filesTotal) return this.#transfer.onProgress(progress);
    this.#transfer.end();
    this.#status.set("Creating objects");
  }

  #imageReady(progress: DeployProgress & { kind: "image-ready" }): void {
    const { imageId, built, seconds, description } = progress;
    this.#flush(imageId);
    this.#building.delete(imageId);
    if (built) {
      const { green } = this.#output.noteColors;
      this.#output.progress(
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
    this.#output.progress(`${bold(`Building image ${imageId}:`)} ${this.#building.get(imageId) ?? ""}${why}`);
  }

  #log(imageId: string, data: string): void {
    const text = (this.#unfinishedLine.get(imageId) ?? "") + data;
    const end = text.lastIndexOf("\n");
    if (end >= 0) this.#lines(imageId, text.slice(0, end));
    const rest = text.slice(end + 1);
    // A bar is drawn over itself any number of times before its line ends.
    this.#unfinishedLine.set(imageId, rest.slice(Math.max(0, rest.lastIndexOf("\r", rest.length - 2))));
    this.#showDrawn();
  }

  /** Shows lines that steps draw over, such as bars: in place, or now and then where lines stay. */
  #showDrawn(): void {
    const drawn = [...this.#unfinishedLine].filter(([, line]) => line.includes("\r"));
    const { isAnimated, noteColumns } = this.#output;
    if (isAnimated) {
      const lines = drawn.map(([, line]) => stripVTControlCharacters(lastOverwrite(line)));
      this.#status.setBelow(
        "build",
        lines.map((line) => line.slice(0, noteColumns - 1)),
      );
    } else if (drawn.length > 0 && this.#sinceDrawn.ms >= drawnEveryMs) {
      this.#sinceDrawn.restart();
      for (const [imageId, line] of drawn) this.#lines(imageId, line);
    }
  }

  #flush(imageId: string): void {
    const rest = this.#unfinishedLine.get(imageId);
    this.#unfinishedLine.delete(imageId);
    this.#showDrawn();
    if (rest) this.#lines(imageId, rest);
  }

  #lines(imageId: string, text: string): void {
    if (this.#shown !== imageId) this.#header(imageId, "");
    for (const line of text.split("\n"))
      this.#output.progress(this.#output.noteColors.dim(lastOverwrite(line)));
  }
}

// A progress bar rewrites its line; what stands there at the end is what counts.
function lastOverwrite(line: string): string {
  const text = line.replace(/\r+$/, "");
  return text.slice(text.lastIndexOf("\r") + 1);
}
