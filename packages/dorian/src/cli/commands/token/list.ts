import { wallClockMs } from "@dorian/base/wall-clock";
import { defineCommand } from "../../command.ts";
import { formatAgo } from "../../output/duration.ts";
import { isoTime } from "../../output/iso-time.ts";
import { renderTable } from "../../output/table.ts";
import { ServerConnection } from "../../server-connection.ts";
import { connectionOptions } from "../../server-options.ts";

interface TokenRow {
  tokenId: string;
  name: string;
  createdAt: number;
  expiresAt: number;
  /** Empty: all. */
  environmentName: string;
  readOnly: boolean;
  lastUsedAt: number;
  /** Name of the token it was made with. */
  createdBy: string;
}

export const command = defineCommand<TokenRow[]>({
  options: connectionOptions,
  json: (tokens) =>
    tokens.map((token) => ({
      ...token,
      createdAt: isoTime(token.createdAt),
      expiresAt: isoTime(token.expiresAt),
      lastUsedAt: isoTime(token.lastUsedAt),
    })),

  async run(_input, { config, signal }) {
    using server = new ServerConnection(config);
    const { tokens } = await server.operator.tokenList({}, { signal });
    return tokens.map((token) => ({
      tokenId: token.tokenId,
      name: token.name,
      createdAt: token.createdAt,
      expiresAt: token.expiresAt,
      environmentName: token.environmentName,
      readOnly: token.readOnly,
      lastUsedAt: token.lastUsedAt,
      createdBy: token.createdBy,
    }));
  },

  render(tokens, output) {
    const nowMs = wallClockMs();
    output.print(
      renderTable<TokenRow>(
        [
          { title: "Token", value: (token) => token.tokenId },
          { title: "Name", value: (token) => token.name },
          { title: "Environment", value: (token) => token.environmentName || "all" },
          { title: "Allows", value: (token) => (token.readOnly ? "reading" : "everything") },
          { title: "Made with", value: (token) => token.createdBy || "-" },
          { title: "Used", value: (token) => formatAgo(token.lastUsedAt, nowMs) },
          { title: "Created", value: (token) => formatAgo(token.createdAt, nowMs) },
          { title: "Expires", value: (token) => isoTime(token.expiresAt) ?? "never" },
        ],
        tokens,
        output.colors,
      ),
    );
  },
});
