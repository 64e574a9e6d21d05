import { create } from "@bufbuild/protobuf";
import { GenericResult_GenericStatus, GenericResultSchema } from "@dorian/protocol/modal";
import { expect, test } from "vitest";
import { cutBecause } from "./failure-answer.ts";

test.each([
  ["Error: no more.", "no more. The"],
  ["Error: no more", "no more. The"],
  ["", "its call ended. The"],
])("the log says why an answer has no end, in sentences: %j", (exception, words) => {
  const result = create(GenericResultSchema, { status: GenericResult_GenericStatus.FAILURE, exception });
  expect(cutBecause(result)).toContain(`has no end: ${exception === "" ? "" : "Error: "}${words} client's`);
});
