import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { deployApp } from "@dorian/testkit/deployed-app";
import { leftoversOf } from "@dorian/testkit/leftovers";
import { dorian, type CommandOptions, type CommandResult } from "@dorian/testkit/run-command";
import { runningServer, type RunningServer } from "@dorian/testkit/running-server";
import { seededData } from "@dorian/testkit/seeded-data";
import { SplitDorian } from "@dorian/testkit/split-dorian";
import { temporaryDirectory } from "@dorian/testkit/temporary-directory";
import { withTerminal } from "@dorian/testkit/terminal-session";
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";

const source = `
import { setTimeout as delay } from "node:timers/promises";
import { App, exit, method } from "dorian";
export const app = new App("cli-operate");
@app.cls({ minContainers: 1 })
export class Keeper {
  @method() async hello() { return "hello"; }
  @exit() async bye() { console.log("leaving"); await delay(3000); console.log("left"); }
}
if (process.env.MODAL_TASK_ID) { console.log("kept out"); console.error("kept err"); }
`;

interface ContainerRow {
  taskId: string;
  app: string;
  function: string;
  state: string;
}

let server: RunningServer<SplitDorian>;

/** Server and worker apart: what works here works in one process, too, which the other files show. */
beforeAll(async () => {
  server = await runningServer({
    apps: [source],
    start: (dataDirectory) => SplitDorian.start({ dataDirectory }),
  });
});

afterAll(() => server[Symbol.asyncDispose]());

function cli(args: string[], options: CommandOptions = {}): Promise<CommandResult> {
  return dorian(server.dataDirectory, args, options);
}

/** The app's container, once it runs. */
async function keeper(except = ""): Promise<ContainerRow> {
  return await vi.waitFor(
    async () => {
      const { stdout } = await cli(["container", "list", "--app", "cli-operate", "--json"]);
      const rows = JSON.parse(stdout) as ContainerRow[];
      const found = rows.find(({ taskId, state }) => taskId !== except && /^(idle|running)$/.test(state));
      expect(found, stdout).toBeDefined();
      return found as ContainerRow;
    },
    { timeout: 30_000, interval: 200 },
  );
}

describe("containers", () => {
  test("are listed with what they run, and their logs can be read while they run and after", async () => {
    const { taskId, app, function: tag } = await keeper();
    expect([app, tag]).toEqual(["cli-operate", "Keeper"]);
    const logs = await cli(["container", "logs", taskId]);
    expect([logs.code, logs.stdout]).toEqual([0, "kept out\n"]);
    expect(logs.stderr).toContain("kept err\n");
    let stopping = Promise.resolve<CommandResult | undefined>(undefined);
    const followed = await cli(["container", "logs", "--follow", taskId], {
      onOutput: (text) => {
        if (text.includes("kept out")) stopping = cli(["container", "stop", taskId]);
      },
    });
    expect([followed.code, followed.stdout]).toEqual([0, "kept out\nleaving\nleft\n"]);
    const stopped = await stopping;
    expect([stopped?.code, stopped?.stderr]).toEqual([0, `✓ Stopping container ${taskId}.\n`]);
    const again = await cli(["container", "stop", taskId]);
    expect([again.code, again.stderr]).toEqual([0, `✓ Already stopped container ${taskId}.\n`]);
    expect((await cli(["container", "logs", taskId])).stdout).toBe("kept out\nleaving\nleft\n");
  });

  test("stop --kill does not wait for exit hooks", async () => {
    const { taskId } = await keeper();
    let killed = false;
    const followed = await cli(["container", "logs", "--follow", taskId], {
      onOutput: () => {
        if (!killed) void cli(["container", "stop", "--kill", taskId]);
        killed = true;
      },
    });
    expect(followed.stdout).toContain("kept out\n");
    expect(followed.stdout).not.toContain("left");
  });

  test("exec passes input, output, errors and the exit code through pipes, byte for byte", async () => {
    const { taskId } = await keeper();
    const script = "echo err >&2; cat | tr a-z A-Z; exit 7";
    const piped = await cli(["container", "exec", taskId, "--", "sh", "-c", script], { input: "weights\n" });
    expect([piped.code, piped.stdout, piped.stderr]).toEqual([7, "WEIGHTS\n", "err\n"]);
    const inside = await cli(["container", "exec", taskId], { input: "echo $MODAL_TASK_ID; tty; exit 0\n" });
    expect([inside.code, inside.stdout]).toEqual([0, `${taskId}\nnot a tty\n`]);
    const large = await cli(["container", "exec", taskId, "--", "head", "-c", "3000000", "/dev/zero"]);
    expect([large.code, large.stderr, large.stdout.length]).toEqual([0, "", 3_000_000]);
    const missing = await cli(["container", "exec", taskId, "--", "no-such-program"]);
    expect(missing.code).toBe(1);
    expect(missing.stderr).toMatch(/(^|\n)Error: .*no-such-program.*\n {2}Why: .+\n {2}Fix: .+\n$/);
  });

  test("exec at a terminal gives a shell with a terminal of the same size, in which Ctrl-C is a key", async () => {
    const { taskId } = await keeper();
    await withTerminal(
      server.dataDirectory,
      ["container", "exec", taskId],
      async (session) => {
        await session.see("# ");
        session.type("tty; stty size\n");
        await session.see("/dev/pts/");
        await session.see("33 111");
        session.resize({ rows: 44, columns: 122 });
        session.type("sleep 0.5; stty size\n");
        await session.see("44 122");
        session.type("sleep 300\n");
        await session.see("sleep 300");
        session.type("\u0003");
        await session.see("# ");
        session.type("exit 5\n");
        expect(await session.ended).toBe(5);
      },
      { size: { rows: 33, columns: 111 } },
    );
  });

  test("an exec whose caller is gone ends in the container, too", async () => {
    const { taskId } = await keeper();
    const command = ["container", "exec", taskId, "--", "sh", "-c", "echo begun; sleep 4321"];
    const result = await cli(command, { onOutput: (text, send) => text.includes("begun") && send("SIGINT") });
    expect(result.code).toBe(130);
    await vi.waitFor(
      async () => {
        const ps = "cat /proc/[0-9]*/cmdline | tr '\\0' ' '";
        const { stdout } = await cli(["container", "exec", taskId, "--", "sh", "-c", ps]);
        expect(stdout).not.toContain("sleep 4321 ");
      },
      { timeout: 30_000, interval: 300 },
    );
  });
});

describe("servers and workers", () => {
  test("a second server, worker or both on a data directory are refused, and say who holds it", async () => {
    const { pid } = server.processes.server;
    const refused =
      /^Error: Another Dorian (server|worker) uses .+\n {2}Why: .+\(DATA_DIRECTORY_IN_USE\)\n {2}Fix: .+\n$/;
    for (const command of ["server", "up"]) {
      const { code, stderr } = await cli([command, "--listen", "127.0.0.1:0"]);
      expect([command, code]).toEqual([command, 1]);
      expect(stderr).toMatch(refused);
      expect(stderr).toContain(`process ${pid} holds it`);
    }
    const worker = await cli(["worker"]);
    expect(worker.code).toBe(1);
    expect(worker.stderr).toMatch(refused);
    expect(worker.stderr).toContain(`process ${server.processes.worker.pid} holds it`);
  });

  test("a worker with another data directory is refused, and leaves nothing behind", async () => {
    await using other = await temporaryDirectory();
    const client = JSON.parse(await readFile(join(server.dataDirectory, "client.json"), "utf8")) as {
      workerToken: string;
    };
    const { code, stderr } = await dorian(other.path, ["worker", "--server", server.processes.url], {
      env: { DORIAN_WORKER_TOKEN: client.workerToken },
    });
    expect(code, stderr).toBe(1);
    expect(stderr).toMatch(/(^|\n)Error: .*data directory.*\n {2}Why: .*\([A-Z_]+\)\n {2}Fix: .+\n$/);
    expect(await leftoversOf(other.path)).toEqual([]);
  });

  test("a worker with a wrong token is refused", async () => {
    await using other = await temporaryDirectory();
    const { code, stderr } = await dorian(other.path, ["worker", "--server", server.processes.url], {
      env: { DORIAN_WORKER_TOKEN: "wt-wrong" },
    });
    expect(code, stderr).toBe(1);
    expect(stderr).toMatch(/(^|\n)Error: .+\n {2}Why: .*\([A-Z_]+\)\n {2}Fix: .+\n$/);
  });

  test("Ctrl-C ends a server and worker in one process well, and a second one kills its containers", async () => {
    await using own = await seededData();
    const ready = Promise.withResolvers<(signal: NodeJS.Signals) => void>();
    const up = dorian(own.path, ["up", "--listen", "127.0.0.1:0"], {
      onOutput: (text, send) => text.includes("is ready") && ready.resolve(send),
    });
    const press = await Promise.race([
      ready.promise,
      up.then(({ stderr }) => {
        throw new Error(stderr);
      }),
    ]);
    onTestFinished(() => press("SIGTERM"));
    await deployApp(own.path, source.replace("delay(3000)", "delay(300_000)"));
    await vi.waitFor(
      async () => {
        const { stdout } = await dorian(own.path, ["container", "list", "--json"]);
        expect(JSON.parse(stdout)).toMatchObject([{ state: "running" }]);
      },
      { timeout: 20_000, interval: 200 },
    );
    const startedAt = performance.now();
    press("SIGINT");
    setTimeout(() => press("SIGINT"), 800);
    expect((await up).code).toBe(0);
    // Of what exit hooks have: 30 s.
    expect(performance.now() - startedAt).toBeLessThan(20_000);
    expect(await leftoversOf(own.path)).toEqual([]);
  });
});

test("doctor finds nothing in the way on a machine that runs these tests", async () => {
  const { code, stdout } = await cli(["doctor", "--json"]);
  const findings = JSON.parse(stdout) as { id: string; status: string; advice: string }[];
  expect(findings.filter(({ status }) => status === "fail")).toEqual([]);
  expect(findings.map(({ id }) => id)).toEqual(
    expect.arrayContaining(["cgroups", "overlay", "runc", "gpu", "space"]),
  );
  expect(code).toBe(0);
});
