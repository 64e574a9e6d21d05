import { messageOf } from "@dorian/base/app-error";
import { FetchGuard } from "@dorian/operator/fetch-guard";
import { RegistryTransport } from "@dorian/oci/registry-transport";
import { type OperatorSettings, readOperatorSettings } from "@dorian/operator/operator-settings";
import type { MachineFacts } from "./machine-facts.ts";

const registryName = "docker.io";
const registryUrl = "https://registry-1.docker.io";
const timeoutMs = 3_000;

/** Addresses that base images are asked from: the operator's mirrors, then the default registry. */
export async function registryUrls(): Promise<{ urls: string[]; operator: OperatorSettings }> {
  const operator = await readOperatorSettings();
  return { urls: [...(operator.registries.mirrors.get(registryName) ?? []), registryUrl], operator };
}

/** Asks each address for its version page, as an image pull would; any answer at all means that it can be reached. */
export async function probeRegistry(options: {
  urls: string[];
  operator: Pick<OperatorSettings, "proxyEnv" | "certificates" | "networkBorder">;
  signal: AbortSignal;
}): Promise<MachineFacts["registry"]> {
  const { urls, operator, signal } = options;
  using transport = new RegistryTransport({
    ...operator,
    guard: new FetchGuard(operator.networkBorder, urls),
    idleTimeoutMs: timeoutMs,
  });
  let reason = "no address is set";
  for (const url of urls) {
    try {
      const response = await transport.get(`${url}/v2/`, { headers: {}, signal, timeoutMs });
      response.destroy();
      return { kind: "reachable", url };
    } catch (error) {
      signal.throwIfAborted();
      reason = causeOf(error);
    }
  }
  return { kind: "unreachable", url: urls.at(-1) ?? registryName, reason };
}

function causeOf(error: unknown): string {
  return messageOf(error instanceof Error && error.cause !== undefined ? error.cause : error);
}
