import { defineCommand } from "../../command.ts";
import { formatAgo } from "../../output/duration.ts";
import { isoTime } from "../../output/iso-time.ts";
import { renderTable } from "../../output/table.ts";
import { ServerConnection } from "../../server-connection.ts";
import { serverOptions } from "../../server-options.ts";

interface TokenRow {
  tokenId: string;
  name: string;
  createdAt: number;
  expiresAt: number;
}

export const command = defineCommand<TokenRow[]>({
  options: serverOptions,
  json: (tokens) =>
    tokens.map((token) => ({
      ...token,
      createdAt: isoTime(token.createdAt),
      expiresAt: isoTime(token.expiresAt),
    })),

  async run(_input, { config, signal }) {
    using server = new ServerConnection(config);
    const { tokens } = await server.operator.tokenList({}, { signal });
    return tokens.map(({ tokenId, name, createdAt, expiresAt }) => ({ tokenId, name, createdAt, expiresAt }));
  },

  render(tokens, output) {
    const now = Date.now();
    output.print(
      renderTable<TokenRow>(
        [
          { title: "Token", value: (token) => token.tokenId },
          { title: "Name", value: (token) => token.name },
          { title: "Created", value: (token) => formatAgo(token.createdAt, now) },
          { title: "Expires", value: (token) => isoTime(token.expiresAt) ?? "never" },
        ],
        tokens,
        output.colors,
      ),
    );
  },
});
