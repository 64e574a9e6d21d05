import { execFile } from "node:child_process";
import { mkdirSync } from "node:fs";
import { mkdir, mkdtemp, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { messageOf } from "@dorian/base/app-error";
import { removeTree } from "@dorian/linux/remove-tree";
import { asFileOwner } from "@dorian/linux/file-owner";
import { unmount } from "@dorian/linux/mount";
import { createRuntimeRoot } from "../machine/worker-directories.ts";
import { UserNamespaces } from "./user-namespaces.ts";

const run = promisify(execFile);
const patienceMs = 5_000;

/**
 * Whether containers whose files are in `directory` can have user ids of their own: tries all that they need, on a
 * throw-away file system and network. Undefined when it works, else the reason why not.
 */
export async function whyNoUserNamespaces(directory: string): Promise<string | undefined> {
  await using made = new AsyncDisposableStack();
  try {
    createRuntimeRoot();
    const at = await mkdtemp(join(directory, ".probe-"));
    made.defer(() => removeTree(at));
    for (const name of ["lower", "upper", "work", "root"]) await mkdir(join(at, name));
    const namespaces = new UserNamespaces({ instance: "0", runtimeDirectory: at, dataDirectory: at });
    const networkPath = join(at, "network");
    made.defer(() => void unmount(networkPath));
    const namespace = made.use(await namespaces.create(networkPath));
    await writeFile(join(at, "lower", "file"), "");

    const root = join(at, "root");
    using overlay = namespace.createOverlay({
      lower: [join(at, "lower")],
      upper: join(at, "upper"),
      work: join(at, "work"),
    });
    overlay.placeAt(root);
    made.defer(() => void unmount(root));
    asFileOwner(namespace.ids.first, () => mkdirSync(join(root, "made")));
    const owners = [
      { path: join(root, "file"), owner: namespace.ids.first },
      { path: join(root, "made"), owner: namespace.ids.first },
      { path: join(at, "upper", "made"), owner: 0 },
    ];
    for (const { path, owner } of owners) {
      const { uid } = await stat(path);
      if (uid !== owner) return `${path} belongs to user ${uid} instead of ${owner}`;
    }
    // Hidden parts of this machine's own /proc or /sys, as in a container, forbid it to make new ones.
    const script = "mount -t proc proc /proc && mount -t sysfs sysfs /sys";
    const inNamespaces = [`--user=${namespace.path}`, `--net=${networkPath}`];
    const withOwn = ["unshare", "--mount", "--pid", "--ipc", "--fork"];
    return await failureOf("nsenter", [...inNamespaces, ...withOwn, "sh", "-c", script]);
  } catch (error) {
    return messageOf(error);
  }
}

async function failureOf(program: string, args: string[]): Promise<string | undefined> {
  try {
    await run(program, args, { timeout: patienceMs });
    return undefined;
  } catch (error) {
    const [line = ""] = ((error as { stderr?: string }).stderr ?? "").split("\n");
    return line === "" ? messageOf(error) : line;
  }
}
