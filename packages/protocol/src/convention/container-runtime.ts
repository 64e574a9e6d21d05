/** The programs that may run a container: `runsc` is gVisor's. */
export const containerRuntimes = ["runc", "runsc"] as const;
export type ContainerRuntimeName = (typeof containerRuntimes)[number];

/** What a function asks for on the wire, where official clients say "gvisor". Undefined: whatever the worker takes. */
export function askedRuntime(definition: { runtime?: string }): string | undefined {
  const { runtime = "" } = definition;
  if (runtime === "") return undefined;
  return runtime === "gvisor" ? "runsc" : runtime;
}

export function isContainerRuntime(name: string): name is ContainerRuntimeName {
  return containerRuntimes.some((each) => each === name);
}
