import { FunctionCallType } from "@dorian/protocol/modal";
import { expect, test } from "vitest";
import { dispatchFixture, double } from "../../../test/dispatch-fixture.ts";
import { pipelined } from "../../../test/scripted-caller.ts";
import { ScriptedWorker } from "../../../test/scripted-worker.ts";

const fixture = dispatchFixture();
const { openServer } = fixture;

const total = 10_000;
/** What clients send at once, and how many inputs they have out. */
const atOnce = 49;
const outstanding = 1_000;

test(
  "a map of 10,000 inputs over four containers gives each output once, while little of it is in memory",
  { timeout: 180_000 },
  async () => {
    const memoryBytes = 64 * 1024;
    await using server = await openServer({ memoryBytes });
    const script = { ...double, concurrency: 4 };
    await using worker = await new ScriptedWorker(server.dispatch, { script }).join();
    const functionId = fixture.catalog.add({
      maxConcurrentInputs: 4,
      autoscalerSettings: { maxContainers: 4 },
    });
    const { functionCallId, maxInputsOutstanding } = await server.modal.functionMap({
      functionId,
      functionCallType: FunctionCallType.MAP,
    });
    expect(maxInputsOutstanding).toBe(outstanding);
    const seen = new Set<number>();
    let [sent, lastEntryId, reads] = [0, "0-0", 0];
    while (seen.size < total) {
      while (sent < total && sent - seen.size <= outstanding - atOnce) {
        const count = Math.min(atOnce, total - sent);
        const inputs = Array.from({ length: count }, (_, offset) =>
          pipelined(sent + offset, [sent + offset]),
        );
        const accepted = await server.modal.functionPutInputs({ functionId, functionCallId, inputs });
        expect(accepted.inputs).toHaveLength(count);
        sent += count;
      }
      const page = await server.modal.functionGetOutputs({ functionCallId, timeout: 20, lastEntryId });
      for (const { idx } of page.outputs) {
        expect(seen.has(idx)).toBe(false);
        seen.add(idx);
      }
      reads++;
      ({ lastEntryId } = page);
    }
    expect(reads).toBeLessThan(1_000);
    expect(worker.containers).toHaveLength(4);
    const { info } = await server.modal.functionCallGetInfo({ functionId, functionCallId });
    expect(info?.succeededInputs?.total).toBe(total);
  },
);
