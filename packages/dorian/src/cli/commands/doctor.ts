import { type Finding, judgeMachine } from "../../doctor/checks.ts";
import { probeMachine } from "../../doctor/probe-machine.ts";
import { defineCommand } from "../command.ts";
import { exitCode } from "../exit-code.ts";
import { renderFindings } from "../output/findings.ts";
import { StatusLine } from "../output/status-line.ts";

export const command = defineCommand<Finding[]>({
  options: [
    {
      name: "data",
      value: "directory",
      description: "Data directory to look at (or set DORIAN_DATA; else /var/lib/dorian)",
    },
  ],
  json: (findings) => findings,

  async run(_input, { config, output, signal }) {
    using status = await StatusLine.open(output);
    if (output.isAnimated) status.set("Looking at this machine");
    return judgeMachine(
      await probeMachine({ dataDirectory: config.dataDirectory, searchPath: process.env.PATH ?? "", signal }),
    );
  },

  render(findings, output) {
    output.print(renderFindings(findings, output.colors));
  },

  exitCode: (findings) => (findings.some(({ status }) => status === "fail") ? exitCode.failure : exitCode.ok),
});
