import { create, fromBinary, type MessageInitShape } from "@bufbuild/protobuf";
import { ContainerArgumentsSchema, type FunctionSchema$ } from "@dorian/protocol/modal";
import { StartTaskSchema, type ImageConfigSchema } from "@dorian/protocol/worker";
import { expect, test } from "vitest";
import { launchOf } from "./launch.ts";

const directories = { guestLayer: "/guest", homeLayer: "/home-layer" };
const entrypoint = ["python", "/usr/lib/dorian/start.py", "modal._container_entrypoint"];

function launch(
  functionDef: MessageInitShape<typeof FunctionSchema$>,
  config: MessageInitShape<typeof ImageConfigSchema> = {},
) {
  const given = { functionDef, appLayout: { functionIds: { train: "fu-1" } } };
  return launchOf(create(StartTaskSchema, { taskId: "ta-1", arguments: given, config }), directories);
}

test("a Python function runs the client's container process behind the image's entry point", () => {
  const { args, env, layers } = launch(
    { clientVersion: "1.6.4" },
    { entrypoint: ["/entry.sh", "--quiet"], env: { PYTHONPATH: "/opt/lib" } },
  );
  expect(args.slice(0, 2)).toEqual(["/entry.sh", "--quiet"]);
  expect(args.slice(-3)).toEqual(entrypoint);
  expect(env["PYTHONPATH"]).toBe("/root:/pkg:/opt/lib");
  expect(layers).toEqual(["/home-layer", "/guest"]);
});

test("clients before 0.73 find their arguments on the command line, without what they ask for themselves", () => {
  const functionSerialized = new Uint8Array(1_000_000);
  const { args } = launch({ clientVersion: "0.64.57", moduleName: "app", functionSerialized });
  const given = args.at(-1) ?? "";
  expect(args.slice(-4, -1)).toEqual(entrypoint);
  expect(given.length).toBeLessThan(1_000);
  const read = fromBinary(ContainerArgumentsSchema, Buffer.from(given, "base64"));
  expect(read.functionDef?.moduleName).toBe("app");
  expect(read.appLayout).toBeUndefined();
  const later = launch({ clientVersion: "0.72.3" }).args.at(-1) ?? "";
  expect(fromBinary(ContainerArgumentsSchema, Buffer.from(later, "base64")).appLayout).toBeDefined();
});

test("a TypeScript function runs in our guest, and a command as it is", () => {
  const guest = launch({ nodeEntrypoint: { modulePath: "/root/app.mjs" } });
  expect(guest.layers).toEqual(["/home-layer", "/guest"]);
  expect(guest.args.join(" ")).toContain("guest.mjs");
  const command = create(StartTaskSchema, { command: ["sleep", "60"], arguments: { functionDef: {} } });
  expect(launchOf(command, directories)).toMatchObject({ args: ["sleep", "60"], endsBySignal: "never" });
});
