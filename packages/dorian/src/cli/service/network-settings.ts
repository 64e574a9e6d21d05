import { resolve } from "node:path";
import { AppError } from "@dorian/base/app-error";
import type { TlsSettings } from "@dorian/control-plane/access/tls/server-tls";
import { isHostName } from "@dorian/control-plane/access/tls/server-names";
import type { OptionDefinition } from "../command.ts";
import { type Input, UsageError } from "../input.ts";

/** How a server is reached. */
export interface NetworkSettings {
  /** `127.0.0.1:7070` */
  listen: string;
  tls?: TlsSettings;
  /** With TLS: take plain text from other machines as well. */
  plaintextFromElsewhere: boolean;
  /** Under which clients reach this machine. */
  publicHost?: string;
}

export const networkOptions: readonly OptionDefinition[] = [
  {
    name: "listen",
    value: "address",
    description: "Address to listen on (127.0.0.1:7070)",
  },
  {
    name: "public-host",
    value: "host",
    description: "Name or address under which clients reach this machine (else the one it listens on)",
  },
  { name: "tls", description: "Speak TLS, with a certificate that the server makes for itself" },
  { name: "tls-cert", value: "file", description: "Speak TLS with this certificate and its chain, in PEM" },
  { name: "tls-key", value: "file", description: "The key of that certificate, in PEM" },
  {
    name: "plaintext",
    description: "Take calls in plain text from other machines: on a private network, or behind a proxy",
  },
];

const defaultListen = "127.0.0.1:7070";

/**
 * What the options say together.
 *
 * @throws UsageError for options that make no sense
 * @throws AppError PLAINTEXT_UNGUARDED for an address of a network without TLS, unless that is said to be meant
 */
export function readNetworkSettings(input: Input): NetworkSettings {
  const listen = readListen(input);
  const tls = readTls(input);
  const plaintext = input.flag("plaintext");
  const publicHost = input.option("public-host");
  if (publicHost !== undefined && !isHostName(publicHost)) {
    throw new UsageError(
      `--public-host takes a host name or an address, not "${publicHost}".`,
      "e.g. --public-host dorian.example.com; the port is that of --listen.",
    );
  }
  if (!tls && !plaintext && !isThisMachineAlone(listen)) throw unguarded(listen);
  return {
    listen,
    ...(tls === undefined ? {} : { tls }),
    plaintextFromElsewhere: plaintext,
    ...(publicHost === undefined ? {} : { publicHost }),
  };
}

function readListen(input: Input): string {
  const listen = input.option("listen") ?? defaultListen;
  const port = /^(?:[^:\s]+|\[[0-9a-f:]+\]):(\d{1,5})$/i.exec(listen)?.[1];
  if (port === undefined || Number(port) > 65_535) {
    throw new UsageError(`--listen takes host:port, not "${listen}".`, `e.g. --listen ${defaultListen}.`);
  }
  return listen;
}

function readTls(input: Input): TlsSettings | undefined {
  const certPath = input.option("tls-cert");
  const keyPath = input.option("tls-key");
  if (certPath !== undefined && keyPath !== undefined) {
    return { kind: "files", certPath: resolve(certPath), keyPath: resolve(keyPath) };
  }
  if (certPath !== undefined || keyPath !== undefined) {
    throw new UsageError(
      `--tls-cert and --tls-key go together, and --tls-${certPath === undefined ? "cert" : "key"} is missing.`,
      "Name the certificate with its chain and its key, or use --tls alone for a certificate made here.",
    );
  }
  return input.flag("tls") ? { kind: "own" } : undefined;
}

function isThisMachineAlone(listen: string): boolean {
  const host = listen.slice(0, listen.lastIndexOf(":"));
  return /^(?:127\.\d+\.\d+\.\d+|localhost|\[::1\])$/i.test(host);
}

function unguarded(listen: string): AppError {
  return new AppError(
    "PLAINTEXT_UNGUARDED",
    `${listen} can be reached from other machines, and without TLS everybody on the way can read tokens and data.`,
    {
      status: "INVALID_ARGUMENT",
      remedy:
        "Add --tls, or --tls-cert and --tls-key for a certificate of yours; or --plaintext, where the network is private or a proxy speaks TLS.",
    },
  );
}
