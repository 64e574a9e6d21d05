import { AppError } from "@dorian/base/app-error";
import type { Identity } from "@dorian/protocol/service";
import type { WorkerHello, WorkerMessage } from "@dorian/protocol/worker";

/**
 * Takes the first message of a connection, by which a worker joins, and gives what comes after it.
 *
 * @throws AppError WORKER_CREDENTIALS_MISSING, WORKER_HELLO_MISSING, WORKER_DATA_DIRECTORY_DIFFERS
 */
export async function receiveHello(
  requests: AsyncIterable<WorkerMessage>,
  expected: { identity: Identity; dataDirectoryId: string | undefined },
): Promise<{ hello: WorkerHello; rest: AsyncIterator<WorkerMessage> }> {
  if (expected.identity.kind !== "worker") {
    throw new AppError("WORKER_CREDENTIALS_MISSING", "Only workers may join.", {
      status: "PERMISSION_DENIED",
      remedy: "Start workers with `dorian worker`.",
    });
  }
  const rest = requests[Symbol.asyncIterator]();
  const first = await rest.next();
  const message = first.done ? undefined : first.value.message;
  if (message?.case !== "hello") {
    throw new AppError("WORKER_HELLO_MISSING", "A worker's first message must be its hello.", {
      status: "INVALID_ARGUMENT",
      remedy: "Run the worker in the version of the server.",
    });
  }
  const hello = message.value;
  const { dataDirectoryId } = expected;
  if (dataDirectoryId !== undefined && hello.dataDirectoryId !== dataDirectoryId) {
    throw new AppError(
      "WORKER_DATA_DIRECTORY_DIFFERS",
      `Worker ${hello.name} uses another data directory than the server.`,
      { remedy: "Give both the same --data directory: the layers of images and volumes are read from it." },
    );
  }
  return { hello, rest };
}
