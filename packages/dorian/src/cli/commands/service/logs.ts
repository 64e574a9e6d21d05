import { wallClockMs } from "@dorian/base/wall-clock";
import { requireService } from "../../../systemd/installed-service.ts";
import { requireSystemd, showLog } from "../../../systemd/systemctl.ts";
import { defineCommand } from "../../command.ts";

const usualLines = 200;

export const command = defineCommand<number>({
  options: [
    { name: "follow", short: "f", description: "Keep showing what is written" },
    { name: "since", value: "time", description: "From then on: 12h (ago), 2026-11-30 or 2026-11-30T08:15" },
    {
      name: "tail",
      value: "n",
      description: `The last n lines (${usualLines} unless --since says from when)`,
    },
  ],
  notes: ["It is the journal's, which keeps it within its own limits: SystemMaxUse in journald.conf."],

  async run(input, { signal }) {
    const since = input.moment("since", wallClockMs());
    const lines = input.wholeNumber("tail", 1) ?? (since === undefined ? usualLines : undefined);
    requireSystemd();
    await requireService();
    return await showLog(
      [
        ...(since === undefined ? [] : ["--since", `@${Math.floor(since / 1000)}`]),
        ...(lines === undefined ? [] : ["--lines", String(lines)]),
        ...(input.flag("follow") ? ["--follow"] : []),
      ],
      { signal },
    );
  },

  render() {},

  exitCode: (code) => code,
});
