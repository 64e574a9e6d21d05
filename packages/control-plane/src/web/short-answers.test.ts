import { create, fromBinary, toBinary, type MessageInitShape } from "@bufbuild/protobuf";
import { WebMessagesSchema, type WebMessages } from "@dorian/protocol/guest";
import {
  DataFormat,
  GenericResult_GenericStatus as Status,
  type FunctionGetInputsItem,
} from "@dorian/protocol/modal";
import { expect, test } from "vitest";
import { dispatchFixture } from "../../test/dispatch-fixture.ts";
import type { ScriptedContainer } from "../../test/scripted-container.ts";
import { openWeb } from "../../test/web-fixture.ts";

const fixture = dispatchFixture();
type Said = NonNullable<MessageInitShape<typeof WebMessagesSchema>["messages"]>;

/** A TypeScript container: `answer` makes the output of an input from what it brings. */
function container(answer: (brought: WebMessages["messages"]) => Said | Uint8Array) {
  return {
    concurrency: 20,
    async handle(_: unknown[], item: FunctionGetInputsItem, { modal }: ScriptedContainer) {
      expect(item.input?.dataFormat).toBe(DataFormat.ASGI);
      const args = item.input?.argsOneof.case === "args" ? item.input.argsOneof.value : new Uint8Array();
      const said = answer(fromBinary(WebMessagesSchema, args).messages);
      const value =
        said instanceof Uint8Array
          ? Uint8Array.from(said)
          : toBinary(WebMessagesSchema, create(WebMessagesSchema, { messages: said }));
      const result = { status: Status.SUCCESS, dataOneof: { case: "data" as const, value } };
      const { inputId, retryCount } = item;
      await modal.functionPutOutputs({
        outputs: [{ inputId, retryCount, result, dataFormat: DataFormat.ASGI }],
      });
      // The script would answer once more.
      await new Promise(() => undefined);
    },
  };
}

const text = (bytes: Uint8Array = new Uint8Array()) => Buffer.from(bytes).toString();

test("a TypeScript container has scope and body in its input, and its output is the answer", async () => {
  await using web = await openWeb(fixture, {
    isNode: true,
    script: container(([head, body]) => {
      if (head?.type.case !== "http" || body?.type.case !== "httpRequest") throw new Error("no request came");
      const { method, path, queryString, scheme, headers } = head.type.value;
      const named = headers.map(text);
      const type = named[named.indexOf("content-type") + 1];
      const told = [method, scheme, path, text(queryString), type, text(body.type.value.body)].join(" ");
      return [
        {
          type: {
            case: "httpResponseStart",
            value: { status: 201, headers: [Buffer.from("x-a"), Buffer.from("b")] },
          },
        },
        { type: { case: "httpResponseBody", value: { body: Buffer.from(told) } } },
      ];
    }),
  });
  const headers = { "content-type": "text/x" };
  const response = await fetch(`${web.url}/a%2Fb?x=1`, { method: "POST", body: "hello", headers });
  expect([response.status, response.headers.get("x-a")]).toEqual([201, "b"]);
  expect(await response.text()).toBe("POST http /a%2Fb x=1 text/x hello");
});

test("an output that is no answer is told to the client without its bytes", async () => {
  await using web = await openWeb(fixture, {
    isNode: true,
    script: container(() => Buffer.from("\xff\xff\xffsecret of the app", "latin1")),
  });
  const response = await fetch(web.url);
  expect(response.status).toBe(502);
  expect(await response.text()).toBe(
    "The app's answer cannot be sent: it is not HTTP. The app's log has the cause.\n",
  );
});

test("an output with half an answer ends its connection", async () => {
  await using web = await openWeb(fixture, {
    isNode: true,
    script: container(() => [{ type: { case: "httpResponseStart", value: { status: 200, headers: [] } } }]),
  });
  await expect(fetch(web.url).then((response) => response.text())).rejects.toThrow("terminated");
});
