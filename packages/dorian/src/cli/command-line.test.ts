import { AppError } from "@dorian/base/app-error";
import { AppState, FileDescriptor } from "@dorian/protocol/modal";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { commandIndex } from "./command-index.ts";
import type { IndexEntry } from "./index-entry.ts";
import { parseCommandLine } from "./program.ts";
import { dorian } from "./test-command.ts";
import { testServer } from "./test-server.ts";

const oldNode = ["/usr/bin/node", "/usr/local/bin/node"].find((path) => existsSync(path)) ?? "";

function leaves(entries: IndexEntry[], path: string[] = []): string[][] {
  return entries.flatMap((entry) => [
    ...(entry.kind === "command" ? [[...path, entry.name]] : []),
    ...leaves(entry.entries ?? [], [...path, entry.name]),
  ]);
}

/** Names of commands that show several things, or all about one. */
const lists = new Set(["list", "ls", "versions", "history", "items", "peek", "show", "timeline"]);

describe("help", () => {
  test("the command alone lists every command and ends well", async () => {
    const { code, stdout, stderr } = await dorian(["--help"]);
    expect(code).toBe(0);
    expect(stderr).toBe("");
    for (const { name } of commandIndex) expect(stdout).toContain(`  ${name}`);
    expect(stdout).not.toContain("\u001B");
  });

  test.each(leaves(commandIndex).map((path) => [path.join(" "), path] as const))(
    "`%s` explains itself",
    async (_name, path) => {
      const parsed = await parseCommandLine([...path, "--help"], {
        index: commandIndex,
        version: "0",
        columns: 80,
      });
      expect(parsed).toMatchObject({
        kind: "text",
        text: expect.stringContaining(`Usage: dorian ${path.join(" ")}`) as string,
      });
    },
  );

  test.each(
    leaves(commandIndex)
      .filter((path) => lists.has(path.at(-1) ?? ""))
      .map((path) => [path.join(" "), path] as const),
  )("`%s` prints JSON when asked", async (_name, path) => {
    const parsed = await parseCommandLine([...path, "--help"], {
      index: commandIndex,
      version: "0",
      columns: 80,
    });
    expect(parsed).toMatchObject({ text: expect.stringMatching(/--json +Print JSON/) as string });
  });

  test("the version is the package's", async () => {
    expect((await dorian(["--version"])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});

describe("mistakes on the command line end with exit code 2 and three lines", () => {
  test.each([
    [["volume"], "`dorian volume` needs a command: create, list,"],
    [["volume", "mount"], '`dorian volume` has no command "mount"'],
    [["frobnicate"], '`dorian` has no command "frobnicate"'],
    [[], "`dorian` needs a command"],
    [["volume", "rm", "weights"], "Missing required argument 'path'"],
    [["volume", "list", "--jason"], "Unknown option '--jason'"],
    [["volume", "list", "extra"], "Too many arguments"],
    [["volume", "cp", "weights", "a"], "Both a path to copy"],
    [["up", "--listen", "here"], '--listen takes host:port, not "here"'],
    [["worker", "drain"], "Missing required argument 'worker'"],
    [["worker", "empty"], "Too many arguments"],
    [["up", "--grace", "soon"], "--grace takes a whole number of at least 0"],
    [["up", "--memory", "lots"], "--memory takes an amount such as 512m or 16g"],
    [["up", "--cpus", "0"], "--cpus takes a number above 0"],
    [["up", "--simulate-gpus", "0"], "--simulate-gpus takes a whole number of at least 1"],
    [["app", "logs", "x", "--since", "yesterday"], "--since takes how long ago, such as 12h or 90m"],
    [["app", "logs", "x", "--source", "disk"], '--source takes stdout, stderr, system, not "disk"'],
    [["app", "logs", "x", "--tail", "20000"], "--tail takes at most 10000 lines"],
    [["app", "logs", "x", "-f", "--until", "1h"], "--follow waits for what is to come"],
    [["container", "logs", "ta-1", "--since", "1h", "--until", "2h"], "--since is not before --until"],
    [["app", "rollback", "x", "newest"], '"newest" is no version.'],
    [["call", "list", "--status", "bad"], "--status takes waiting, running, succeeded, failed,"],
    [["call", "list", "--function", "f"], "--function names a function of an app."],
    [["run", "--watch", "--detach", "app.ts"], "--watch ends its runs, and --detach lets them go on"],
    [["run", "app.ts::"], '"app.ts::" names nothing that can run.'],
  ])("%j", async (args, message) => {
    const { code, stdout, stderr } = await dorian(args);
    expect(stderr).toContain(message);
    expect(stderr).toMatch(/^Error: .+\n {2}Why: .+\n {2}Fix: .+\n$/);
    expect(stdout).toBe("");
    expect(code).toBe(2);
  });
});

describe("without a server", () => {
  test("a command says that it knows of none, and how to get one", async () => {
    const { code, stderr } = await dorian(["volume", "list"]);
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^Error: There is no token for a Dorian server\.\n.*client\.json does not exist.*\n.*`dorian up`/,
    );
  });

  test("a server that cannot be reached is one clear error", async () => {
    const env = { MODAL_SERVER_URL: "http://127.0.0.1:1", MODAL_TOKEN_ID: "ak", MODAL_TOKEN_SECRET: "as" };
    const { code, stderr } = await dorian(["volume", "list"], { env });
    expect(code).toBe(1);
    expect(stderr).toMatch(/^Error: Could not reach a Dorian server at http:\/\/127\.0\.0\.1:1/);
    expect(stderr.split("\n")).toHaveLength(4);
  });

  test("an address that is none is refused", async () => {
    const env = { MODAL_TOKEN_ID: "ak", MODAL_TOKEN_SECRET: "as" };
    const { code, stderr } = await dorian(["volume", "list", "--server", "localhost"], { env });
    expect(code).toBe(1);
    expect(stderr).toContain('"localhost" is not a server address');
  });
});

describe("lists", () => {
  const createdAt = 1_700_000_000;

  test("volumes are a table for people and JSON for programs [J6]", async () => {
    const { env } = await testServer({
      modal: { volumeList: async () => ({ items: [{ label: "weights", volumeId: "vo-1", createdAt }] }) },
    });
    const table = await dorian(["volume", "list"], { env });
    expect(table.stdout.split("\n")[2]).toMatch(/^weights {2}vo-1 .* ago$/);
    const json = await dorian(["volume", "list", "--json"], { env });
    expect(JSON.parse(json.stdout)).toEqual([
      { name: "weights", volumeId: "vo-1", createdAt: "2023-11-14T22:13:20.000Z" },
    ]);
  });

  test("an empty list says so on stderr, and is an empty array as JSON", async () => {
    const { env } = await testServer({ modal: { volumeList: async () => ({ items: [] }) } });
    const people = await dorian(["volume", "list"], { env });
    expect(people.stdout).toBe("");
    expect(people.stderr).toContain("dorian volume create");
    expect((await dorian(["volume", "list", "--json"], { env })).stdout).toBe("[]\n");
  });

  test("many volumes are fetched page by page", async () => {
    const all = Array.from({ length: 250 }, (_, index) => ({
      label: `v${index}`,
      volumeId: `vo-${index}`,
      createdAt: createdAt - index,
    }));
    const { env } = await testServer({
      modal: {
        volumeList: async ({ pagination }) => ({
          items: all
            .filter((item) => item.createdAt < (pagination?.createdBefore ?? 0))
            .slice(0, pagination?.maxObjects),
        }),
      },
    });
    const { stdout } = await dorian(["volume", "list", "--json"], { env });
    expect((JSON.parse(stdout) as unknown[]).length).toBe(250);
  });

  test("stopped apps are left out unless asked for", async () => {
    const { env } = await testServer({
      modal: {
        appList: async () => ({
          apps: [
            { appId: "ap-1", name: "quickstart", state: AppState.DEPLOYED, createdAt, nRunningTasks: 2 },
            {
              appId: "ap-2",
              description: "old",
              state: AppState.STOPPED,
              createdAt,
              stoppedAt: createdAt + 1,
            },
          ],
        }),
      },
    });
    expect(JSON.parse((await dorian(["app", "list", "--json"], { env })).stdout)).toMatchObject([
      { appId: "ap-1", name: "quickstart", state: "deployed", tasks: 2, stoppedAt: null },
    ]);
    expect((await dorian(["app", "list", "--all"], { env })).stdout).toContain("ap-2");
  });

  test("a container that waits shows why [Q5]", async () => {
    const { env } = await testServer({
      modal: {
        taskList: async () => ({
          tasks: [
            {
              taskId: "ta-1",
              appDescription: "quickstart",
              functionTag: "Model",
              state: 1,
              pendingReason: "no worker has a GPU",
            },
          ],
        }),
      },
    });
    expect((await dorian(["container", "list"], { env })).stdout).toContain("queued: no worker has a GPU");
  });
});

describe("failures and output of the server", () => {
  test("the server's error is shown with its remedy", async () => {
    const { env } = await testServer({
      modal: {
        volumeGetOrCreate: async () => {
          throw new AppError("VOLUME_NOT_FOUND", 'There is no volume named "nope".', {
            status: "NOT_FOUND",
            remedy: "Create it with `dorian volume create nope`.",
          });
        },
      },
    });
    const { code, stderr } = await dorian(["volume", "ls", "nope"], { env });
    expect(code).toBe(1);
    expect(stderr).toBe(
      'Error: There is no volume named "nope".\n  Why: nothing of that name is there (VOLUME_NOT_FOUND)\n  Fix: Create it with `dorian volume create nope`.\n',
    );
  });

  test("deleting a volume without a terminal needs --yes, and nothing happens without it [J6]", async () => {
    const deleted: string[] = [];
    const { env } = await testServer({
      modal: {
        volumeGetOrCreate: async () => ({ volumeId: "vo-1" }),
        volumeDelete: async ({ volumeId }) => {
          deleted.push(volumeId);
          return {};
        },
      },
    });
    const refused = await dorian(["volume", "delete", "weights"], { env, input: "y\n" });
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain("add --yes");
    expect(deleted).toEqual([]);
    expect((await dorian(["volume", "delete", "weights", "--yes"], { env })).code).toBe(0);
    expect(deleted).toEqual(["vo-1"]);
  });

  test("the log of an app keeps stdout and stderr apart and resumes where it broke off", async () => {
    const asked: string[] = [];
    const { env } = await testServer({
      modal: {
        appGetByDeploymentName: async () => ({ appId: "ap-1" }),
        async *appGetLogs({ lastEntryId }) {
          asked.push(lastEntryId);
          if (lastEntryId === "") {
            yield { entryId: "1-0", items: [{ data: "out\n", fileDescriptor: FileDescriptor.STDOUT }] };
            throw new AppError("GONE", "The server restarts.", { status: "UNAVAILABLE", remedy: "" });
          }
          yield { entryId: "2-0", items: [{ data: "err\n", fileDescriptor: FileDescriptor.STDERR }] };
          yield { appDone: true };
        },
      },
    });
    const { code, stdout, stderr } = await dorian(["app", "logs", "quickstart", "--follow"], { env });
    expect([code, stdout, stderr]).toEqual([0, "out\n", "err\n"]);
    expect(asked).toEqual(["", "1-0"]);
  });

  test("Ctrl-C ends a command that waits with exit code 130", async () => {
    const { env } = await testServer({
      modal: {
        appGetByDeploymentName: async () => ({ appId: "ap-1" }),
        async *appGetLogs(_request, { signal }) {
          yield { entryId: "1-0", items: [{ data: "waiting\n", fileDescriptor: FileDescriptor.STDOUT }] };
          await new Promise<void>((resolve) =>
            signal.addEventListener("abort", () => resolve(), { once: true }),
          );
        },
      },
    });
    const { code } = await dorian(["app", "logs", "quickstart", "-f"], {
      env,
      onOutput: (text, child) => text.includes("waiting") && child.kill("SIGINT"),
    });
    expect(code).toBe(130);
  });

  test("nothing of a long output is lost when its reader is slow", async () => {
    const bytes = 4_000_000;
    const { env } = await testServer({
      operator: {
        async *containerExec() {
          yield { stdout: Buffer.alloc(bytes, "x"), exitCode: 0 };
        },
      },
    });
    let paused = false;
    const { code, stdout } = await dorian(["container", "exec", "ta-1", "cat"], {
      env,
      onOutput: (_text, child) => {
        if (paused) return;
        paused = true;
        child.stdout?.pause();
        setTimeout(() => child.stdout?.resume(), 1_500);
      },
    });
    expect([code, stdout.length]).toEqual([0, bytes]);
  });

  test("a command's input, output and exit code pass through container exec", async () => {
    const { env } = await testServer({
      operator: {
        async *containerExec(requests) {
          const input: Buffer[] = [];
          let command = "";
          for await (const request of requests) {
            command ||= request.command.join(" ");
            input.push(Buffer.from(request.stdin));
            if (!request.end) continue;
            yield { stdout: Buffer.from(`${command}: ${Buffer.concat(input).toString()}`) };
            yield { stderr: Buffer.from("oops\n"), exitCode: 7 };
          }
        },
      },
    });
    const { code, stdout, stderr } = await dorian(["container", "exec", "ta-1", "--", "cat", "-A"], {
      env,
      input: "hello",
    });
    expect([code, stdout, stderr]).toEqual([7, "cat -A: hello", "oops\n"]);
  });
});

describe("token new", () => {
  test("prints lines for a shell, and JSON when asked", async () => {
    const directory = mkdtempSync(join(tmpdir(), "dorian-token-"));
    onTestFinished(() => rmSync(directory, { recursive: true }));
    writeFileSync(
      join(directory, "client.json"),
      JSON.stringify({
        url: "http://127.0.0.1:7070",
        tokenId: "ak-1",
        tokenSecret: "as-1",
        workerToken: "wt-1",
      }),
    );
    const { stdout } = await dorian(["token", "new", "--data", directory]);
    expect(stdout).toBe(
      "export MODAL_SERVER_URL=http://127.0.0.1:7070\nexport MODAL_TOKEN_ID=ak-1\nexport MODAL_TOKEN_SECRET=as-1\n",
    );
    const json = await dorian(["token", "new", "--data", directory, "--json", "--server", "http://box:1"]);
    expect(JSON.parse(json.stdout)).toEqual({
      MODAL_SERVER_URL: "http://box:1",
      MODAL_TOKEN_ID: "ak-1",
      MODAL_TOKEN_SECRET: "as-1",
    });
  });

  test("says where it looked when there is no server", async () => {
    const { code, stderr } = await dorian(["token", "new", "--data", "/nonexistent"]);
    expect(code).toBe(1);
    expect(stderr).toContain("/nonexistent/client.json does not exist");
  });
});

describe("an older Node", () => {
  test.skipIf(oldNode === "")("starts the one that npm installed, and passes its exit code on", async () => {
    expect((await dorian(["--version"], { node: oldNode })).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
    expect((await dorian(["volume"], { node: oldNode })).code).toBe(2);
  });
});
