import { create, toBinary } from "@bufbuild/protobuf";
import { AppError } from "@dorian/base/app-error";
import { onAbort } from "@dorian/base/on-abort";
import { GrpcServer, mountService } from "@dorian/protocol/server/grpc-server";
import { GuestService } from "@dorian/protocol/guest";
import { ContainerArgumentsSchema, DataFormat, ModalClient } from "@dorian/protocol/modal";
import { encodeArguments } from "@dorian/protocol/value/payload";
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { guestFile, guestFiles } from "./guest-file.ts";

const limitMs = 30_000;

/** Lets the guest live a whole container's life, with one input, and returns the code that V8 made of it on the way. */
export async function rehearseGuest(guest: { body: string; sdkExports: readonly string[] }): Promise<Buffer> {
  const directory = await mkdtemp(join(tmpdir(), "dorian-guest-"));
  const at = (name: string) => join(directory, name);
  let log = "";
  await using server = await GrpcServer.listen({
    address: `unix:${at("s")}`,
    services: [
      mountService(ModalClient, oneInput()),
      mountService(GuestService, { reportPhase: async () => ({}) }),
    ],
    authenticate: () => ({ identity: { kind: "task", taskId: "" } }),
    onInternalError: (error) => (log += String(error)),
  });
  void server;
  try {
    await writeFile(at(guestFiles.body), guest.body);
    await writeFile(
      at(guestFiles.module),
      guestFile({ sdkExports: guest.sdkExports, recordTo: at("cache") }),
    );
    await writeFile(at("app.mjs"), rehearsedModule);
    const task = create(ContainerArgumentsSchema, {
      functionDef: { functionName: "f", nodeEntrypoint: { modulePath: at("app.mjs"), objectTag: "f" } },
    });
    await writeFile(at("arguments"), toBinary(ContainerArgumentsSchema, task));
    const env = { MODAL_SERVER_URL: `unix://${at("s")}`, MODAL_CONTAINER_ARGUMENTS_PATH: at("arguments") };
    log += await new Promise<string>((resolve, reject) => {
      execFile(
        process.execPath,
        [at(guestFiles.module)],
        { env, timeout: limitMs },
        (error, stdout, stderr) => {
          if (error) reject(error);
          else resolve(`${stdout}${stderr}`);
        },
      );
    });
    if (log === "") return await readFile(at("cache"));
    throw new AppError("GUEST_BROKEN", `The guest complained on its rehearsal: ${log}`, {
      status: "INTERNAL",
      remedy: "Reinstall Dorian: its own sources do not fit together.",
    });
  } finally {
    await rm(directory, { recursive: true });
  }
}

const rehearsedModule = `import { App } from "./${guestFiles.module}";
new App("rehearsal").function({ name: "f" }, async (value) => value);
`;

function oneInput(): Parameters<typeof mountService<typeof ModalClient>>[1] {
  let sent = false;
  return {
    containerHello: async () => ({}),
    containerHeartbeat: (_request, { signal }) =>
      new Promise((resolve) => onAbort(signal, () => resolve({}))),
    functionPutOutputs: async () => ({}),
    async functionGetInputs() {
      if (sent) return { inputs: [{ killSwitch: true }] };
      sent = true;
      const value = encodeArguments([{ text: "a", number: 1, list: [true, null] }]);
      return {
        inputs: [
          {
            inputId: "in-1",
            functionCallId: "fc-1",
            input: { argsOneof: { case: "args", value }, dataFormat: DataFormat.CBOR },
          },
        ],
      };
    },
  };
}
