import { connect } from "node:net";
import { expect, test } from "vitest";
import { dispatchFixture } from "../../test/dispatch-fixture.ts";
import { eventually } from "../../test/scripted-caller.ts";
import { bytes, webScript, type WebConnection } from "../../test/scripted-web-app.ts";
import { openWeb, type WebFixture } from "../../test/web-fixture.ts";

const fixture = dispatchFixture();

const next = "HTTP/1.1 200 OK\r\nx-answer: next\r\n";

/** Asks for `first`, and on the same connection, once something came, for what is answered rightly. */
async function twoAnswers(web: WebFixture, first: string): Promise<string> {
  const socket = connect({ host: "127.0.0.1", port: web.port });
  let answer = "";
  socket.setEncoding("latin1").on("data", (text) => (answer += String(text)));
  socket.on("error", () => undefined);
  socket.write(first);
  const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
  const begun = eventually(() => answer.includes("\r\n\r\n"), "the head of an answer");
  await Promise.race([closed, begun]);
  socket.write("GET /next HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  await closed;
  return answer.replaceAll(/^(?:date|connection|keep-alive): .*\r\n/gim, "");
}

/** An app that says `faulty` unless it is asked for what comes next. */
async function serve(faulty: (connection: WebConnection) => Promise<void>) {
  const notes: string[] = [];
  const web = await openWeb(fixture, {
    script: webScript(async (connection) => {
      if (Buffer.from(connection.args).includes("/next")) {
        await connection.respond(200, "", [
          ["x-answer", "next"],
          ["content-length", "0"],
        ]);
      } else await faulty(connection);
    }),
    gateway: { note: (_appId, _functionId, text) => notes.push(text) },
  });
  return Object.assign(web, { notes });
}

/** What an app says: a head, and each part of a body. */
function answering(
  headers: [string, string][],
  parts: string[],
  options: { status?: number; trailers?: [string, string][] } = {},
) {
  const { status = 200, trailers } = options;
  return async ({ send }: WebConnection) => {
    await send({
      case: "httpResponseStart",
      value: { status, headers: headers.flat().map(bytes), trailers: trailers !== undefined },
    });
    for (const [index, part] of parts.entries()) {
      await send({
        case: "httpResponseBody",
        value: { body: bytes(part), moreBody: index < parts.length - 1 },
      });
    }
    if (trailers) {
      await send({ case: "httpResponseTrailers", value: { headers: trailers.flat().map(bytes) } });
    }
  };
}

const get = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
const length = (count: number): [string, string] => ["content-length", String(count)];

test.each([
  ["more than it says", 3, ["1234567890"], "123"],
  ["more than it says, in parts", 3, ["12", "345", "6789", ""], "123"],
  ["more after all that it said", 3, ["123", "surplus"], "123"],
  ["something where it says nothing", 0, ["surplus"], ""],
  [
    "the head of an answer behind what it says",
    3,
    ["123HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfake"],
    "123",
  ],
  ["less than it says", 10, ["123"], "123"],
  ["less than it says, in parts", 10, ["1", "2", "3", ""], "123"],
  ["nothing where it says something", 10, [""], ""],
])(
  "an app that answers %s: nobody takes something for the next answer, and the app's log has it [A2]",
  async (_what, said, parts, arrives) => {
    await using web = await serve(answering([length(said)], parts));
    const answer = await twoAnswers(web, get);
    expect(answer).toBe(`HTTP/1.1 200 OK\r\ncontent-length: ${said}\r\n\r\n${arrives}`);
    expect(web.notes).toHaveLength(1);
    expect(web.notes[0]).toContain(`content-length of ${said}`);
  },
);

test("a short answer ends its connection when others are answered before it on it, and those arrive whole [A2]", async () => {
  const go = Promise.withResolvers<void>();
  let isShortSaid = false;
  await using web = await serve(async (connection) => {
    if (Buffer.from(connection.args).includes("/slow")) {
      await go.promise;
      await connection.respond(200, "slow", [length(4)]);
    } else {
      await answering([length(10)], ["123"])(connection);
      isShortSaid = true;
    }
  });
  const answered = twoAnswers(web, `${get.replace("/ ", "/slow ")}${get}`);
  await expect.poll(() => isShortSaid).toBe(true);
  go.resolve();
  expect(await answered).toBe(
    "HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nslowHTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n123",
  );
});

test.each([
  ["HEAD / HTTP/1.1", 200, [length(5)], ["12345"], "content-length: 5\r\n"],
  ["HEAD / HTTP/1.1", 200, [length(5)], [""], "content-length: 5\r\n"],
  ["HEAD / HTTP/1.1", 200, [length(5)], ["longer than that"], "content-length: 5\r\n"],
  ["HEAD / HTTP/1.1", 200, [], ["a body"], ""],
  ["GET / HTTP/1.1", 304, [length(5)], [""], "content-length: 5\r\n"],
  ["GET / HTTP/1.1", 304, [length(5)], ["a body"], "content-length: 5\r\n"],
  ["GET / HTTP/1.1", 204, [], ["a body"], ""],
  ["GET / HTTP/1.1", 204, [length(6)], ["a body"], ""],
  ["GET / HTTP/1.1", 204, [length(6)], [""], ""],
  ["GET / HTTP/1.1", 205, [], ["a body"], "Content-Length: 0\r\n"],
  ["GET / HTTP/1.1", 205, [length(6)], ["a body"], "Content-Length: 0\r\n"],
] satisfies [string, number, [string, string][], string[], string][])(
  "%s answered with %i has no body, whatever the app says (%j, %j), and the next answer follows [A2]",
  async (request, status, headers, parts, lines) => {
    await using web = await serve(answering(headers, parts, { status }));
    const answer = await twoAnswers(web, `${request}\r\nHost: x\r\n\r\n`);
    expect(answer).toMatch(/^HTTP\/1\.1 \d+ [\w ]+\r\n/);
    const [head, rest] = [
      answer.slice(0, answer.indexOf("\r\n") + 2),
      answer.slice(answer.indexOf("\r\n") + 2),
    ];
    expect(head).toContain(` ${status} `);
    expect(rest).toBe(`${lines}\r\n${next}content-length: 0\r\n\r\n`);
  },
);

test.each([
  [[["transfer-encoding", "chunked"], length(3)], "content-length: 3\r\n\r\n123"],
  [[["Transfer-Encoding", "gzip, chunked"], length(3)], "content-length: 3\r\n\r\n123"],
  [[["connection", "x-private, close"], ["x-private", "1"], length(3)], "content-length: 3\r\n\r\n123"],
  [
    [
      ["keep-alive", "timeout=1"],
      ["upgrade", "h2c"],
      ["proxy-connection", "close"],
      ["te", "trailers"],
      length(3),
    ],
    "content-length: 3\r\n\r\n123",
  ],
  [[["trailer", "x-digest"], length(3)], "content-length: 3\r\n\r\n123"],
  [[["transfer-encoding", "chunked"]], "Transfer-Encoding: chunked\r\n\r\n3\r\n123\r\n0\r\n\r\n"],
] satisfies [[string, string][], string][])(
  "what an app says of its connection is not said to the client: %j [A2]",
  async (headers, arrives) => {
    await using web = await serve(answering(headers, ["123"]));
    expect(await twoAnswers(web, get)).toBe(`HTTP/1.1 200 OK\r\n${arrives}${next}content-length: 0\r\n\r\n`);
    expect(web.notes).toEqual([]);
  },
);

const trailers: [string, string][] = [
  ["x-digest", "1"],
  ["content-length", "99"],
  ["transfer-encoding", "chunked"],
  ["set-cookie", "a=1"],
];

test("trailers follow a body whose length was told, which is not said then, and cannot tell of lengths themselves [A2]", async () => {
  await using web = await serve(answering([length(3), ["trailer", "x-digest"]], ["123"], { trailers }));
  expect(await twoAnswers(web, get)).toBe(
    `HTTP/1.1 200 OK\r\ntrailer: x-digest\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n123\r\n0\r\nx-digest: 1\r\n\r\n${next}content-length: 0\r\n\r\n`,
  );
});

test("an answer with trailers that is shorter than it says has no end [A2]", async () => {
  await using short = await serve(answering([length(5)], ["123"], { trailers }));
  expect(await twoAnswers(short, get)).not.toContain("0\r\n\r\n");
  expect(short.notes).toHaveLength(1);
});

test("trailers of an answer to HEAD, or to HTTP/1.0, are left out [A2]", async () => {
  const app = answering([["trailer", "x-digest"]], ["123"], { trailers: [["x-digest", "1"]] });
  await using web = await serve(app);
  expect(await twoAnswers(web, "HEAD / HTTP/1.1\r\nHost: x\r\n\r\n")).toBe(
    `HTTP/1.1 200 OK\r\n\r\n${next}content-length: 0\r\n\r\n`,
  );
  expect(await twoAnswers(web, "GET / HTTP/1.0\r\n\r\n")).toBe("HTTP/1.1 200 OK\r\n\r\n123");
});

test("what an app says twice, too late or too early changes nothing of the answer that it began [A2]", async () => {
  await using web = await serve(async (connection) => {
    await connection.send({ case: "httpResponseBody", value: { body: bytes("early"), moreBody: true } });
    await answering([length(3)], ["123"])(connection);
    await connection.respond(500, "late", [["set-cookie", "late=1"]]);
    await connection.send({ case: "httpResponseTrailers", value: { headers: ["x-late", "1"].map(bytes) } });
  });
  expect(await twoAnswers(web, get)).toBe(
    `HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\n123${next}content-length: 0\r\n\r\n`,
  );
});

test("an app is not ended for an answer that it misjudged, and its log says the same only now and then [A2]", async () => {
  let ended = 0;
  await using web = await serve(async (connection) => {
    await answering([length(10)], ["123"])(connection);
    await new Promise((resolve) => setTimeout(resolve, 100));
    ended += 1;
  });
  for (let time = 0; time < 5; time += 1) await twoAnswers(web, get);
  await expect.poll(() => ended).toBe(5);
  expect(web.notes).toHaveLength(1);
});

test("an answer that its app leaves without an end ends the connection, and the log says why [A2]", async () => {
  await using web = await serve(({ send }) =>
    send({ case: "httpResponseStart", value: { status: 200, headers: [] } }),
  );
  expect(await twoAnswers(web, get)).not.toContain("0\r\n\r\n");
  expect(web.notes).toEqual([expect.stringContaining("has no end: its app returned before it.")]);
});
