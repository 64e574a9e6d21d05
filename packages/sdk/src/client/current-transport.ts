import { AppError } from "@dorian/base/app-error";
import type { Transport } from "./transport.ts";

// User code calls functions from anywhere without handing a client around, so this one thing is per process.
let current: Transport | Promise<Transport> | undefined;

/** Sets what carries this process's calls. Replaces any other. */
export function setTransport(transport: Transport | undefined): void {
  current = transport;
}

/** The process's transport; outside containers it is connected at its first use. */
export async function transport(): Promise<Transport> {
  current ??= connect();
  try {
    return await current;
  } catch (error) {
    current = undefined;
    throw error;
  }
}

async function connect(): Promise<Transport> {
  // In containers the guest sets a transport: this import, and the weight it brings, is for the outside.
  const { connectToServer } = await import("./connect.ts");
  return connectToServer();
}

/** The transport of a container. Throws for what only a container can do. */
export async function containerTransport(what: string): Promise<Transport> {
  const found = current === undefined ? undefined : await current;
  if (found?.inContainer) return found;
  throw new AppError("NOT_IN_CONTAINER", `${what} works only inside a container.`, {
    remedy: "Call it in a function or method that mounts the volume; from outside use `dorian volume`.",
  });
}
