import { AppError } from "@dorian/base/app-error";
import type { ModalClient } from "@dorian/protocol/modal";
import type { ServiceHandlers } from "@dorian/protocol/service";

/** What a run in this process does not have, said in a sentence. */
export function absentHandlers() {
  const logs = absent(
    "Logs are not kept in a test: what code prints is printed.",
    "Look at run.log for errors, or have the code write what the test is to see.",
  );
  const environments = absent(
    "A test has no environments to make, rename, delete or list: each that is named is there.",
    "Name the environment where things are looked up; make environments by `dorian environment`.",
  );
  return {
    // eslint-disable-next-line require-yield
    appGetLogs: async function* () {
      logs();
    },
    appFetchLogs: logs,
    environmentGetOrCreate: environments,
    environmentUpdate: environments,
    environmentDelete: environments,
    environmentList: environments,
    imagePublish: absent(
      "A test builds no images, so it has none to publish.",
      "Publish from a program that is connected to a server.",
    ),
  } satisfies ServiceHandlers<typeof ModalClient>;
}

function absent(what: string, remedy: string): () => never {
  return () => {
    throw new AppError("TESTING_ABSENT", what, { status: "UNIMPLEMENTED", remedy });
  };
}
