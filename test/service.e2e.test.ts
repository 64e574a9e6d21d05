import { dirname } from "node:path";
import { realpathSync } from "node:fs";
import { bootedMachine, type BootedMachine } from "@dorian/testkit/booted-machine";
import { eventually } from "@dorian/testkit/eventually";
import { packedPackage } from "@dorian/testkit/installed-package";
import type { CommandResult } from "@dorian/testkit/run-command";
import { seededData } from "@dorian/testkit/seeded-data";
import { temporaryDirectory } from "@dorian/testkit/temporary-directory";
import { afterAll, beforeAll, expect, test, vi } from "vitest";

const app = `
import { appendFile, readFile } from "node:fs/promises";
import { App, Image, Volume } from "dorian";
const volume = Volume.fromName("notes", { createIfMissing: true });
export const app = new App("served", { image: Image.debianSlim() });
export const note = app.function({ name: "note", volumes: { "/vol": volume } }, async (text: string) => {
  await appendFile("/vol/notes", text + ";");
  return await readFile("/vol/notes", "utf8");
});
`;

const packagePath = "/opt/dorian/node_modules/dorian";
const program = `${packagePath}/bin/dorian.js`;
/** Whole machines boot, and services stop in order: a loaded machine takes minutes for it. */
vi.setConfig({ testTimeout: 600_000 });

const resources = new AsyncDisposableStack();
let machine: BootedMachine;

beforeAll(async () => {
  const { installed } = await packedPackage();
  const data = resources.use(await seededData());
  const project = resources.use(await temporaryDirectory({ "app.ts": app }));
  machine = resources.use(
    await bootedMachine({
      "/opt/dorian": installed,
      "/opt/node": dirname(realpathSync(process.execPath)),
      "/opt/dorian/project": project.path,
      "/var/lib/dorian": data.path,
    }),
  );
  // Where there is no such Debian yet, one is made first.
}, 1_200_000);

afterAll(() => resources.disposeAsync());

function dorian(...args: string[]): Promise<CommandResult> {
  return machine.run(["/opt/node/node", program, ...args]);
}

async function said(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await dorian(...args);
  expect(code, stdout + stderr).toBe(0);
  return stdout + stderr;
}

interface Status {
  installed: boolean;
  active: string;
  enabled: boolean;
  ready: boolean;
  pid: number;
  restarts: number;
  version: string;
  dataDirectory: string;
}

async function status(): Promise<Status> {
  return JSON.parse((await dorian("service", "status", "--json")).stdout) as Status;
}

const untilReady = () => eventually(status, ({ ready }) => ready, 120_000);

const note = (text: string) => said("run", "/opt/dorian/project/app.ts::note", text);

test("a service is installed, works, comes back after a reboot and after a crash, and is removed but for its data", async () => {
  expect(await said("service", "install", "--", "--grace", "5", "--listen", "127.0.0.1:7171")).toMatch(
    /✓ Dorian [\d.]+ is ready at http:\/\/127\.0\.0\.1:7171, keeps its data in \/var\/lib\/dorian, and starts with the machine/,
  );
  expect(await status()).toMatchObject({
    active: "active",
    enabled: true,
    ready: true,
    dataDirectory: "/var/lib/dorian",
  });
  expect(await note("one")).toContain("one;");

  await machine.reboot();
  await untilReady();
  expect(await note("two")).toContain("one;two;");

  const { pid } = await status();
  await machine.run(["kill", "-9", String(pid)]);
  await eventually(status, (now) => now.ready && now.pid !== pid && now.restarts > 0, 120_000);
  expect(await note("three")).toContain("one;two;three;");
  expect(await said("service", "status")).toMatch(
    /^Service {2}active, starts with the machine.*\nServer {3}ready at http/,
  );
  expect(await said("service", "logs", "--since", "1h")).toContain("7171");
  expect((await said("service", "logs", "--tail", "1")).trim().split("\n")).toHaveLength(1);

  expect(await said("service", "upgrade")).toMatch(
    /✓ Dorian [\d.]+ is ready at http:\/\/127\.0\.0\.1:7171\./,
  );
  expect((await status()).pid).not.toBe(pid);

  expect(await said("service", "uninstall")).toContain("/var/lib/dorian stays, with everything in it");
  expect((await dorian("service", "status")).stdout).toContain("No service is installed");
  await said("service", "install");
  expect(await note("four")).toContain("three;four;");
});

test("what would not last, or not start, is refused with what to do", async () => {
  await machine.run(["mkdir", "-p", "/root/.npm/_npx/1f/node_modules"]);
  await machine.run([
    "cp",
    "-a",
    "/opt/dorian/node_modules/dorian",
    "/root/.npm/_npx/1f/node_modules/dorian",
  ]);
  await machine.run(["ln", "-sfn", "/opt/dorian/node_modules", "/root/.npm/_npx/node_modules"]);
  const { code, stderr } = await machine.run([
    "/opt/node/node",
    "/root/.npm/_npx/1f/node_modules/dorian/bin/dorian.js",
    "service",
    "install",
  ]);
  expect([code, stderr]).toEqual([1, expect.stringContaining("npm install --prefix /opt/dorian dorian")]);
  const broken = await dorian("service", "install", "--", "--listen", "192.0.2.1:7070", "--plaintext");
  expect([broken.code, broken.stderr]).toEqual([1, expect.stringContaining("SERVICE_NOT_READY")]);
  expect(broken.stderr).toContain("192.0.2.1");
  const nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
  const denied = await machine.run([...nobody, "/opt/node/node", program, "service", "uninstall"]);
  expect([denied.code, denied.stderr]).toEqual([1, expect.stringContaining("sudo")]);
});

test("an upgrade goes on with all that there is; back is refused once the database is newer, by both versions' names [L11]", async () => {
  const own = JSON.parse((await machine.run(["cat", `${packagePath}/package.json`])).stdout) as {
    version: string;
  };
  const older = "/opt/older/node_modules/dorian";
  await machine.run(["mkdir", "-p", "/opt/older"]);
  // The same packages, of which Dorian says to be of another version.
  await machine.run(["cp", "-as", "/opt/dorian/node_modules", "/opt/older/"]);
  await machine.run(["rm", "-rf", older]);
  await machine.run(["cp", "-a", packagePath, older]);
  await machine.run([
    "sed",
    "-i",
    `s/"version": "${own.version}"/"version": "0.0.9"/`,
    `${older}/package.json`,
  ]);
  const olderDorian = (...args: string[]) =>
    machine.run(["/opt/node/node", `${older}/bin/dorian.js`, ...args]);
  const installed = await olderDorian("service", "install");
  expect(installed.stderr).toContain("✓ Dorian 0.0.9 is ready");
  await note("of-before");
  expect(await said("service", "status")).toContain(
    `Version ${own.version} is installed: \`dorian service upgrade\``,
  );
  expect(await said("service", "upgrade", "--backup", "/opt/backup")).toMatch(
    new RegExp(`✓ Dorian ${own.version} is ready at .*, before that 0\\.0\\.9\\.`),
  );
  expect((await status()).version).toBe(own.version);
  expect(await note("of-now")).toContain("of-before;of-now;");

  await machine.run(["systemctl", "stop", "dorian"]);
  const newer = `new (require("node:sqlite").DatabaseSync)("/var/lib/dorian/state.db").exec("insert into kysely_migration (name, timestamp, version) values ('9999-later', '2030', '9.9.9')")`;
  expect(await machine.run(["/opt/node/node", "-e", newer])).toMatchObject({ code: 0 });
  const back = await olderDorian("service", "upgrade", "--yes");
  expect([back.code, back.stderr]).toEqual([1, expect.stringContaining("DATABASE_TOO_NEW")]);
  expect(back.stderr).toMatch(/is of version 9\.9\.9: this one, 0\.0\.9, does not know its 9999-later/);
  const forced = await olderDorian("service", "install");
  expect([forced.code, forced.stderr]).toEqual([
    1,
    expect.stringMatching(/version 9\.9\.9 of Dorian: this one, 0\.0\.9/),
  ]);

  expect(await said("service", "uninstall")).toContain("stays");
  await machine.run(["find", "/var/lib/dorian", "-mindepth", "1", "-delete"]);
  await said("restore", "/opt/backup");
  await said("service", "install");
  expect(await note("restored")).toContain("of-before;restored;");
});

test("all of it is removed on request", async () => {
  if (!(await status()).installed) await said("service", "install");
  const refused = await dorian("service", "uninstall", "--purge");
  expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining("--yes")]);
  expect(await said("service", "uninstall", "--purge", "--yes")).toContain("are gone");
  expect((await machine.run(["ls", "-A", "/var/lib/dorian", "/etc/dorian"])).stdout.trim()).toBe(
    "/var/lib/dorian:",
  );
});
