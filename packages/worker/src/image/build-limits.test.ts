import { expect, test } from "vitest";
import { testBuilder } from "../../test/test-builder.ts";

const mebibyte = 2 ** 20;

async function builtWith(
  step: string,
  limits: { diskLimitBytes?: number; pidsLimit?: number } = { diskLimitBytes: 16 * mebibyte },
): Promise<unknown> {
  await using builder = await testBuilder(limits);
  const base = await builder.busybox();
  const request = { baseLayerIds: [base], baseConfig: {}, dockerfile: `FROM base\nRUN ${step}` };
  const outcome = await builder.build(request).then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(await builder.leftovers([base])).toEqual([]);
  return outcome;
}

test.each([
  ["a file", "dd if=/dev/zero of=/large bs=1M count=48 && sleep 60"],
  [
    "a file that has no name any more",
    "exec 3>/hidden && rm /hidden && dd if=/dev/zero bs=1M count=48 >&3 && sleep 60",
  ],
])(
  "a build that fills the disk with %s is ended with the reason and leaves nothing [B16]",
  async (_, step) => {
    expect(await builtWith(step)).toMatchObject({
      code: "DISK_LIMIT_REACHED",
      message: expect.stringMatching(/ MiB, with a limit of 16 MiB/),
      remedy: expect.stringContaining("--container-disk"),
    });
  },
);

test("a build step that multiplies without end is ended with the reason and leaves nothing [B15]", async () => {
  // A shell ends when it is refused a child; awk goes on.
  const forks = `awk 'BEGIN { for (;;) system("sleep 100 &") }' 2>/dev/null`;
  expect(await builtWith(forks, { pidsLimit: 60 })).toMatchObject({
    code: "PROCESS_LIMIT_REACHED",
    message: expect.stringContaining("limit of 60 processes and threads"),
    remedy: expect.stringContaining("--container-pids"),
  });
});

test("stages count together: a build does not fill the disk a stage at a time [B16]", async () => {
  const step = (name: string) => `RUN dd if=/dev/urandom of=/${name} bs=1M count=10`;
  // The third writes when the first two are layers: a count while one becomes a layer may miss it.
  const last = "RUN sleep 1; dd if=/dev/urandom of=/more bs=1M count=3; sleep 50";
  expect(
    await builtWith(`true\nFROM base\n${step("one")}\nFROM base\n${step("two")}\nFROM base\n${last}`),
  ).toMatchObject({
    code: "DISK_LIMIT_REACHED",
  });
});
