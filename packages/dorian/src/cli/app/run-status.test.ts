import { TaskState } from "@dorian/protocol/modal";
import { expect, test } from "vitest";
import { type ContainerStatus, runStatusText } from "./run-status.ts";

const container = (state: TaskState, more: Partial<ContainerStatus> = {}): ContainerStatus => ({
  functionTag: "Model",
  state,
  pendingReason: "",
  phasesDone: [],
  ...more,
});

test("a container without room shows the reason why it waits [Q5]", () => {
  const queued = container(TaskState.QUEUED, { pendingReason: "no worker has a GPU" });
  expect(runStatusText([queued])).toBe("Queued: no worker has a GPU (Model)");
  expect(runStatusText([container(TaskState.QUEUED)])).toBe("Queued: waiting for a worker (Model)");
});

test("a start is shown by how far it has come", () => {
  const at = (...phasesDone: string[]) =>
    runStatusText([container(TaskState.CREATING_CONTAINER, { phasesDone })]);
  expect(at()).toBe("Starting container of Model");
  expect(at("queue", "place", "image", "mount", "boot")).toBe("Importing the code of Model");
  expect(at("queue", "place", "image", "mount", "boot", "import")).toBe("Entering Model");
});

test("running containers are counted against all that are there or coming", () => {
  const containers = [container(TaskState.ACTIVE), container(TaskState.IDLE), container(TaskState.QUEUED)];
  expect(runStatusText(containers)).toBe("Running (2/3 containers active)");
});

test("an app without containers is just running", () => {
  expect(runStatusText([])).toBe("Running");
  expect(runStatusText([container(TaskState.COMPLETED)])).toBe("Running");
});
