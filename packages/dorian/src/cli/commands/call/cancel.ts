import { defineCommand } from "../../command.ts";
import { ServerConnection } from "../../server-connection.ts";
import { serverOptions } from "../../server-options.ts";

interface Cancelled {
  callId: string;
  /** Inputs that had no output when they were cancelled; none when the call was over. */
  cancelled: number;
}

export const command = defineCommand<Cancelled>({
  arguments: [{ name: "call", description: "Id of the call (fc-…)" }],
  options: [
    ...serverOptions,
    {
      name: "terminate-containers",
      description: "End the containers that work on it, with whatever else they work on",
    },
  ],
  json: (result) => result,

  async run(input, { config, signal }) {
    using server = new ServerConnection(config);
    const callId = input.argument("call");
    const { info } = await server.modal.functionCallGetInfo({ functionCallId: callId }, { signal });
    const cancelled = info?.pendingInputs?.total ?? 0;
    const terminateContainers = input.flag("terminate-containers");
    if (cancelled > 0)
      await server.modal.functionCallCancel({ functionCallId: callId, terminateContainers }, { signal });
    return { callId, cancelled };
  },

  render({ callId, cancelled }, output) {
    const { green } = output.noteColors;
    const what = cancelled === 1 ? "1 input" : `${cancelled} inputs`;
    output.note(
      `${green("✓")} ${cancelled === 0 ? `Call ${callId} was over already.` : `Cancelled call ${callId} (${what}).`}`,
    );
  },
});
