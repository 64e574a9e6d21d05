import { connect, type Socket } from "node:net";
import type { LocalServer } from "./local-server.ts";

type Written = (error?: Error | null) => void;

/**
 * A connection that is not given up when it cannot be written to: a server that answers early and closes breaks what is written,
 * and its answer is still there to be read. That it has ended is seen behind the answer.
 */
export function patientSocket(server: LocalServer): Socket {
  const socket = connect(server);
  const { _write: write, _writev: writev } = socket;
  const unlessBroken =
    (written: Written): Written =>
    (error) => {
      if (!error) written();
    };
  socket._write = (chunk, encoding, written) => write.call(socket, chunk, encoding, unlessBroken(written));
  if (writev) socket._writev = (chunks, written) => writev.call(socket, chunks, unlessBroken(written));
  return socket;
}
