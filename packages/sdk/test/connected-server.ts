import { afterAll, beforeAll } from "vitest";
import { setTransport } from "../src/client/current-transport.ts";
import { openServerOfThisProcess, type ServerOfThisProcess } from "./server-of-this-process.ts";

/** A real server without a worker, to which the SDK of this process is connected during the tests of a file or a group. */
export function connectedServer(): Pick<ServerOfThisProcess, "modal" | "operator"> {
  let server: ServerOfThisProcess;
  beforeAll(async () => {
    server = await openServerOfThisProcess();
    setTransport({ url: "", modal: server.modal, inContainer: false });
  });
  afterAll(async () => {
    setTransport(undefined);
    await server[Symbol.asyncDispose]();
  });
  return {
    get modal() {
      return server.modal;
    },
    get operator() {
      return server.operator;
    },
  };
}
