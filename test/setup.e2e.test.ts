import { debianMachine, type DebianMachine } from "@dorian/testkit/debian-machine";
import { debianRoot } from "@dorian/testkit/debian-root";
import { projectWithPackage } from "@dorian/testkit/installed-package";
import { leftoversOf } from "@dorian/testkit/leftovers";
import { runCommand } from "@dorian/testkit/run-command";
import { seededData } from "@dorian/testkit/seeded-data";
import type { TemporaryDirectory } from "@dorian/testkit/temporary-directory";
import { atTerminal } from "@dorian/testkit/terminal-session";
import { chmod } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const releases = [
  ["bookworm", "Debian GNU/Linux 12 (bookworm)"],
  ["trixie", "Debian GNU/Linux 13 (trixie)"],
] as const;

/** A Debian is bootstrapped where there is none yet, and packages are fetched: minutes on a machine that does much else. */
const patienceMs = 900_000;

const app = `
import { App, Image } from "dorian";
export const app = new App("first", { image: Image.debianSlim() });
export const greet = app.function({ name: "greet" }, async (name: string) => \`hello \${name}\`);
app.localEntrypoint(async () => { console.log(await greet.remote("Ann")); });
`;

/** A server, and one call of a function, where nothing else is. */
const serveAndCall = `
set -eu
ip link set lo up
mkfifo /run/ready
dorian up --grace 1 --ready-fd 3 3> /run/ready & up=$!
read -r _ < /run/ready
dorian run app.ts
kill $up
wait $up
`;

const packages = ["runc", "tini", "nftables", "iproute2", "mmdebstrap", "s3fs"];

let project: TemporaryDirectory;

beforeAll(async () => {
  project = await projectWithPackage({ "app.ts": app });
  await chmod(project.path, 0o755);
}, patienceMs);

afterAll(async () => void (await project?.[Symbol.asyncDispose]()));

const bin = () => join(project.path, "node_modules/.bin/dorian");

const dorian = (machine: DebianMachine, args: string[], options: { offline?: boolean; as?: string[] } = {}) =>
  runCommand([...machine.within(options), ...(options.as ?? []), bin(), ...args], {});

describe.each(releases)("on a bare %s", (suite, name) => {
  beforeAll(() => debianRoot(suite).then(() => undefined), patienceMs);

  test(
    "`dorian setup --yes` installs what is missing, once, and then a server runs a function",
    async () => {
      await using data = await seededData();
      await using machine = await debianMachine(suite, [project.path, data.path]);

      const first = await dorian(machine, ["setup", "--yes", "--data", data.path]);
      expect(first.code, first.stdout + first.stderr).toBe(0);
      expect(first.stdout).toContain(`Installed ${packages.join(", ")}. Next: dorian up`);

      const second = await dorian(machine, ["setup", "--yes", "--json", "--data", data.path]);
      expect(JSON.parse(second.stdout)).toMatchObject({
        outcome: "nothing missing",
        distribution: name,
        missing: [],
      });
      expect(second).toMatchObject({ code: 0, stderr: "" });

      const doctor = await dorian(machine, ["doctor", "--json", "--data", data.path]);
      const findings = JSON.parse(doctor.stdout) as { id: string; status: string }[];
      expect(findings.filter(({ status }) => status === "fail")).toEqual([]);
      const works = ["overlay", "user-namespaces", "container-network", "mmdebstrap"];
      for (const id of works) expect(findings).toContainEqual(expect.objectContaining({ id, status: "ok" }));
      expect(doctor.code).toBe(0);

      const used = [
        `PATH=${join(project.path, "node_modules/.bin")}:/usr/local/bin:/usr/sbin:/usr/bin`,
        `DORIAN_DATA=${data.path}`,
      ];
      const inProject = ["env", "-C", project.path, ...used];
      const served = await runCommand(
        [...machine.within({ offline: true }), ...inProject, "sh", "-c", serveAndCall],
        {},
      );
      expect(served.stdout, served.stderr).toContain("hello Ann");
      expect(served.code, served.stderr).toBe(0);
      expect(await leftoversOf(data.path)).toEqual([]);
    },
    patienceMs,
  );

  test(
    "without a way to the packages it says so, and installs nothing",
    async () => {
      await using machine = await debianMachine(suite, [project.path]);
      const { code, stderr } = await dorian(machine, ["setup", "--yes"], { offline: true });
      expect(stderr).toMatch(/The archive of packages could not be reached: .*Nothing was installed\./);
      expect(stderr).toContain("(SETUP_ARCHIVE_UNREACHABLE)");
      expect(code).toBe(1);
    },
    patienceMs,
  );
});

describe("before anything is installed", () => {
  let machine: DebianMachine;

  beforeAll(async () => void (machine = await debianMachine("bookworm", [project.path])), patienceMs);
  afterAll(async () => void (await machine?.[Symbol.asyncDispose]()));

  const lines = ["apt-get update", `apt-get install --no-install-recommends ${packages.join(" ")}`];

  test("who cannot be asked is told what would be done, and how", async () => {
    const { code, stdout } = await dorian(machine, ["setup"]);
    expect(stdout).toContain("Debian GNU/Linux 12 (bookworm) lacks what Dorian uses:");
    expect(stdout).toMatch(/tini +is the first process of each container/);
    for (const line of lines) expect(stdout).toContain(`\n  ${line}\n`);
    expect(stdout).toContain("To go ahead: dorian setup --yes");
    expect(code).toBe(1);
  });

  test("a dry run says the same, also as JSON", async () => {
    const { code, stdout } = await dorian(machine, ["setup", "--yes", "--dry-run", "--json"]);
    expect(JSON.parse(stdout)).toMatchObject({ outcome: "dry run", packages, commands: lines });
    expect(code).toBe(0);
  });

  test("who is not root is told what to type", async () => {
    const as = [
      "setpriv",
      "--reuid=65534",
      "--regid=65534",
      "--clear-groups",
      "env",
      "HOME=/tmp",
      "http_proxy=http://proxy",
    ];
    const { code, stdout } = await dorian(machine, ["setup", "--yes"], { as });
    expect(stdout).toContain("Nothing was installed: that takes root. Type:");
    expect(stdout).toContain(`sudo --preserve-env=http_proxy /usr/local/bin/node ${bin()} setup --yes`);
    expect(code).toBe(1);
  });

  test("a no at the terminal is a no", async () => {
    const [program = "", ...args] = machine.within();
    await atTerminal(
      [program, ...args, bin(), "setup"],
      async (session) => {
        await session.see("apt-get install");
        await session.see("Install them? [y/N]");
        session.type("n\r");
        await session.see("Nothing was installed.");
        expect(await session.ended).toBe(1);
      },
      { env: process.env },
    );
  });

  test("`dorian doctor` names the same things, and who installs them", async () => {
    const { code, stdout } = await dorian(machine, ["doctor", "--json"]);
    const findings = JSON.parse(stdout) as { id: string; status: string; advice: string }[];
    const advised = findings.filter(({ advice }) => advice.startsWith("`dorian setup` installs it"));
    expect(advised.map(({ id }) => id)).toEqual(["runc", "tini-static", "nft", "ip", "mmdebstrap", "s3fs"]);
    expect(code).toBe(1);
  });
});
