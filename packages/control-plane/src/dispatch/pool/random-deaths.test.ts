import * as fc from "fast-check";
import { GenericResult_GenericStatus as Status } from "@dorian/protocol/modal";
import { expect, test } from "vitest";
import { dispatchFixture, pause } from "../../../test/dispatch-fixture.ts";
import { outputOf, spawn, valueOf } from "../../../test/scripted-caller.ts";
import type { ScriptedContainer, Script } from "../../../test/scripted-container.ts";
import { ScriptedWorker } from "../../../test/scripted-worker.ts";

const fixture = dispatchFixture();
const { openServer } = fixture;

/** What an input does to its container: nothing, end it whenever it runs, or see it killed from outside so many times. */
type Fate = "innocent" | "guilty" | { killed: number };

const fate: fc.Arbitrary<Fate> = fc.oneof(
  { weight: 4, arbitrary: fc.constant<Fate>("innocent") },
  { weight: 1, arbitrary: fc.constant<Fate>("guilty") },
  { weight: 1, arbitrary: fc.record({ killed: fc.integer({ min: 1, max: 2 }) }) },
);

const plan = fc.record({
  fates: fc.array(fate, { minLength: 1, maxLength: 8 }),
  concurrency: fc.integer({ min: 1, max: 4 }),
  maxContainers: fc.integer({ min: 1, max: 3 }),
  maxInputs: fc.constantFrom(0, 0, 1, 3),
  startsKilled: fc.integer({ min: 0, max: 2 }),
});

test("whatever containers die of, the guilty are told, all others get their results, and what was done is done once or on purpose [L5] [L16]", async () => {
  await using server = await openServer();
  await fc.assert(
    fc.asyncProperty(plan, async ({ fates, concurrency, maxContainers, maxInputs, startsKilled }) => {
      const kills = fates.map((each) => (typeof each === "object" ? each.killed : 0));
      const guiltyRuns: { inCompany: boolean }[] = [];
      const running = new Map<ScriptedContainer, number>();
      let starts = 0;
      const script: Script = {
        concurrency,
        enter: (container) => {
          if (starts++ < startsKilled) container.die({ exitCode: 137, signal: "SIGKILL" });
        },
        async handle([place], _item, container) {
          const n = Number(place);
          running.set(container, (running.get(container) ?? 0) + 1);
          await pause(1 + (n % 3) * 4);
          if (container.dead) return undefined;
          const inCompany = (running.get(container) ?? 0) > 1;
          if (fates[n] === "guilty") {
            guiltyRuns.push({ inCompany });
            container.die({ exitCode: 3 });
          } else if ((kills[n] ?? 0) > 0) {
            kills[n] = (kills[n] ?? 0) - 1;
            container.die({ exitCode: 137, signal: "SIGKILL" });
          }
          running.set(container, (running.get(container) ?? 0) - 1);
          return n * 2;
        },
      };
      await using _worker = await new ScriptedWorker(server.dispatch, { script }).join();
      const functionId = fixture.catalog.add({
        maxConcurrentInputs: concurrency,
        maxInputs,
        autoscalerSettings: { maxContainers },
      });
      const calls = await Promise.all(fates.map((_, n) => spawn(server.modal, functionId, n)));
      const outputs = await Promise.all(calls.map((call) => outputOf(server.modal, call)));
      for (const [n, output] of outputs.entries()) {
        if (fates[n] === "guilty") {
          expect(output.result?.exception).toBe("The container exited with code 3.");
          expect(output.result?.status).toBe(Status.FAILURE);
        } else expect(valueOf(output)).toBe(n * 2);
      }
      // A guilty input runs once where it is alone, and again only when it might have been another.
      const guilty = fates.filter((each) => each === "guilty").length;
      expect(guiltyRuns.filter(({ inCompany }) => !inCompany).length).toBe(guilty);
      fixture.catalog.update(functionId, { active: false });
    }),
    { numRuns: 25, endOnFailure: true },
  );
}, 120_000);
