import type { OptionDefinition } from "../command.ts";
import type { Input } from "../input.ts";

export const partitionOption: OptionDefinition = {
  name: "partition",
  value: "key",
  description: "Partition of the queue; the one without a key when left out",
};

/** The key of the partition that was named. */
export function givenPartition(input: Input): Uint8Array {
  return Buffer.from(input.option("partition") ?? "");
}
