import { wallClockMs } from "@dorian/base/wall-clock";
import { type AppDeploymentHistory, DeploymentType } from "@dorian/protocol/modal";
import { defineCommand } from "../../command.ts";
import { formatAgo } from "../../output/duration.ts";
import { isoTime } from "../../output/iso-time.ts";
import { renderTable } from "../../output/table.ts";
import { ServerConnection } from "../../server-connection.ts";
import { serverOptions } from "../../server-options.ts";
import { requireApp } from "../../lookup/require-app.ts";

interface VersionRow {
  version: number;
  /** "running", "kept" (a rollback can go back to it), "staged" or "gone". */
  state: string;
  deployedAt: number;
  /** Name of the token. */
  by: string;
  /** How it came about: "deploy", "rollback to 3", "rollover". */
  how: string;
  client: string;
  tag: string;
  commit: Commit | null;
}

interface Commit {
  hash: string;
  branch: string;
  /** Files had been changed since. */
  dirty: boolean;
  author: string;
  repository: string;
}

export const command = defineCommand<VersionRow[]>({
  arguments: [{ name: "app", description: "Name or id of the app" }],
  options: serverOptions,
  json: (versions) => versions.map((row) => ({ ...row, deployedAt: isoTime(row.deployedAt) })),

  async run(input, { config, signal }) {
    using server = new ServerConnection(config);
    const appId = await requireApp(server, input.argument("app"), { signal, stopped: true });
    const history = await server.modal.appDeploymentHistory({ appId }, { signal });
    const running = history.productionAppVersion;
    return history.appDeploymentHistories.map((each) => rowOf(each, running));
  },

  render(versions, output) {
    if (versions.length === 0) {
      output.note("This app has never been deployed. Deploy it with `dorian deploy app.ts`.");
      return;
    }
    const nowMs = wallClockMs();
    output.print(
      renderTable<VersionRow>(
        [
          { title: "Version", value: (row) => String(row.version), align: "right" },
          { title: "State", value: (row) => row.state },
          { title: "Deployed", value: (row) => formatAgo(row.deployedAt, nowMs) },
          { title: "By", value: (row) => row.by },
          { title: "How", value: (row) => row.how },
          { title: "Client", value: (row) => row.client },
          { title: "Tag", value: (row) => row.tag },
          { title: "Commit", value: (row) => commitText(row.commit) },
        ],
        versions,
        output.colors,
      ),
    );
  },
});

function rowOf(each: AppDeploymentHistory, running: number): VersionRow {
  const { commitInfo } = each;
  return {
    version: each.version,
    state: stateOf(each, running),
    deployedAt: each.deployedAt,
    by: each.deployedBy,
    how: howOf(each),
    client: each.clientVersion,
    tag: each.tag,
    commit: commitInfo
      ? {
          hash: commitInfo.commitHash,
          branch: commitInfo.branch,
          dirty: commitInfo.dirty,
          author: commitInfo.authorName,
          repository: commitInfo.repoUrl,
        }
      : null,
  };
}

function stateOf(each: AppDeploymentHistory, running: number): string {
  if (each.version === running) return "running";
  if (each.deploymentType === DeploymentType.STAGED) return "staged";
  return each.rollbackAllowed ? "kept" : "gone";
}

function howOf({ deploymentType, rollbackVersion }: AppDeploymentHistory): string {
  switch (deploymentType) {
    case DeploymentType.ROLLBACK:
      return `rollback to ${rollbackVersion}`;
    case DeploymentType.PROMOTION:
      return `promotion of ${rollbackVersion}`;
    case DeploymentType.ROLLOVER:
      return "rollover";
    default:
      return "deploy";
  }
}

function commitText(commit: Commit | null): string {
  return commit ? `${commit.hash.slice(0, 7)}${commit.dirty ? "*" : ""} ${commit.branch}` : "";
}
