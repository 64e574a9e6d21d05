import type { WebSettings } from "@dorian/control-plane/web/web-front";
import type { OptionDefinition } from "../command.ts";
import { type Input, UsageError } from "../input.ts";

export const webOptions: readonly OptionDefinition[] = [
  {
    name: "web-ports",
    value: "range",
    description: "Ports for web functions, one each; 0 for any (7100-7999)",
  },
  {
    name: "web-domain",
    value: "domain",
    description: "Host names under this domain for web functions, all on the first port",
  },
  {
    name: "web-scheme",
    value: "scheme",
    description: "https when a proxy in front of the domain speaks TLS (http)",
  },
];

/** @throws UsageError when ports, domain and scheme do not make sense, alone or together. */
export function readWebSettings(input: Input): WebSettings {
  const ports = readPortRange(input.option("web-ports"));
  const domain = input.option("web-domain");
  const scheme = input.option("web-scheme");
  if (domain !== undefined && !/^[a-z0-9-]+(\.[a-z0-9-]+)*$/i.test(domain)) {
    throw new UsageError(
      `--web-domain takes a domain, not "${domain}".`,
      "e.g. --web-domain apps.example.com.",
    );
  }
  if (scheme !== undefined && scheme !== "http" && scheme !== "https") {
    throw new UsageError(`--web-scheme takes http or https, not "${scheme}".`, "Leave it out for http.");
  }
  if (scheme !== undefined && domain === undefined) {
    throw new UsageError(
      "--web-scheme goes with --web-domain.",
      "TLS comes from a proxy in front, which tells web functions apart by their host names.",
    );
  }
  return {
    ...(ports === undefined ? {} : { ports }),
    ...(domain === undefined ? {} : { domain }),
    ...(scheme === undefined ? {} : { scheme }),
  };
}

function readPortRange(text: string | undefined): WebSettings["ports"] {
  if (text === undefined) return undefined;
  const [, from, to] = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text) ?? [];
  const first = Number(from);
  const last = to === undefined ? first : Number(to);
  if (from === undefined || last > 65_535 || last < first || (first === 0 && last !== 0)) {
    throw new UsageError(`--web-ports takes a range of ports, not "${text}".`, "e.g. --web-ports 7100-7999.");
  }
  return { first, last };
}
