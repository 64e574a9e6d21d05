import { expect, test } from "vitest";
import { App } from "../app/app.ts";
import type { StandardSchema } from "../schema/standard-schema.ts";

const app = new App("answers");
const at = (path: string, init?: RequestInit) => new Request(`http://localhost${path}`, init);
const post = (path: string, body: string, type = "application/json") =>
  at(path, { method: "POST", body, headers: { "content-type": type } });

/** A schema as libraries make them: an object with these fields, each of which `read` takes or refuses. */
function fields<T>(read: { [K in keyof T]: (value: unknown) => T[K] | undefined }): StandardSchema<T, T> {
  const names = Object.keys(read) as (keyof T & string)[];
  const properties = {
    properties: Object.fromEntries(names.map((name) => [name, { type: "string" }])),
    required: names,
  };
  const standard = {
    version: 1 as const,
    vendor: "test",
    validate(value: unknown) {
      const given = value as Record<string, unknown>;
      const found = names.map((name) => [name, read[name](given[name])] as const);
      const issues = found.flatMap(([name, each]) =>
        each === undefined ? [{ message: "does not fit", path: [{ key: name }] }] : [],
      );
      return issues.length > 0 ? { issues } : { value: Object.fromEntries(found) as T };
    },
    jsonSchema: { input: () => properties, output: () => ({ type: "object" }) },
  };
  return { "~standard": standard };
}

const number = (value: unknown) => (Number.isFinite(Number(value ?? "x")) ? Number(value) : undefined);

const multiply = app.web(
  {
    name: "multiply",
    query: fields({ count: number }),
    body: fields({ by: number }),
    response: fields({ product: number }),
    docs: true,
  },
  (_, { query, body }) => ({ product: query.count * body.by }),
);

test("values of a request are checked by their schemas, and the answer is sent as JSON", async () => {
  const response = await multiply.local(post("/?count=6", '{"by": 7}'));
  expect([response.status, await response.json()]).toEqual([200, { product: 42 }]);
  const form = await multiply.local(post("/?count=6", "by=7", "application/x-www-form-urlencoded"));
  expect(await form.json()).toEqual({ product: 42 });
});

test("a request that does not fit is told where", async () => {
  const query = await multiply.local(post("/", '{"by": 7}'));
  expect([query.status, await query.json()]).toMatchObject([
    422,
    { issues: [{ in: "query", path: "count", message: "does not fit" }] },
  ]);
  const body = await multiply.local(post("/?count=6", "{}"));
  expect([body.status, await body.json()]).toMatchObject([422, { issues: [{ in: "body", path: "by" }] }]);
  const broken = await multiply.local(post("/?count=6", "{"));
  expect([broken.status, await broken.json()]).toMatchObject([
    422,
    { issues: [{ message: "The body is not JSON." }] },
  ]);
  expect((await multiply.local(post("/?count=6", "by 7", "text/plain"))).status).toBe(415);
});

test("a body with a schema is not read beyond its limit", async () => {
  let pulled = 0;
  const body = new ReadableStream({
    pull: (controller) => {
      pulled += 1;
      controller.enqueue(new Uint8Array(1024 * 1024));
    },
  });
  const endless = at("/?count=6", { method: "POST", body, duplex: "half" });
  expect((await multiply.local(endless)).status).toBe(413);
  expect(pulled).toBeLessThan(20);
});

test("a function with docs describes itself in OpenAPI, and on a page that shows texts as they are", async () => {
  const document = (await (await multiply.local(at("/openapi.json"))).json()) as {
    paths: { "/": { post: { parameters: unknown[]; requestBody: unknown } } };
  };
  expect(document).toMatchObject({ openapi: "3.1.0", info: { title: "multiply" } });
  expect(document.paths["/"].post.parameters).toEqual([
    { name: "count", in: "query", required: true, schema: { type: "string" } },
  ]);
  const page = await multiply.local(at("/docs"));
  expect(page.headers.get("content-type")).toBe("text/html; charset=utf-8");
  expect(page.headers.get("content-security-policy")).toContain("default-src 'none'");
  expect(await page.text()).toContain("POST http://localhost/");
  const script = "<script>alert(1)</script>";
  const hostile = app.web({ name: "hostile", query: fields({ [script]: number }), docs: true }, () =>
    Response.json({}),
  );
  const html = await (await hostile.local(at("/docs"))).text();
  expect(html).toContain("&#60;script&#62;alert(1)&#60;/script&#62;");
  expect(html).not.toContain("<script");
});

test("a handler that returns no Response is told so by name", async () => {
  const wrong = app.web({ name: "wrong" }, () => ({ a: 1 }) as never);
  await expect(wrong.local(at("/"))).rejects.toMatchObject({
    code: "WEB_ANSWER_NOT_A_RESPONSE",
    message: "wrong returned an object of Object, not a Response.",
  });
  const refused = app.web({ name: "refused", response: fields({ product: number }) }, () => ({}) as never);
  await expect(refused.local(at("/"))).rejects.toMatchObject({
    code: "WEB_ANSWER_REFUSED",
    message: "What refused returned does not pass its schema at product: does not fit",
  });
});

test("a function of one method refuses the others, and one without schemas gets the query as it is", async () => {
  const put = app.web({ name: "put", method: "PUT" }, (_, { query }) => Response.json(query));
  const refused = await put.local(at("/"));
  expect([refused.status, refused.headers.get("allow")]).toEqual([405, "PUT"]);
  const answer = await put.local(at("/?a=1&b=2&b=3&__proto__=4", { method: "PUT" }));
  expect(await answer.text()).toBe('{"a":"1","b":["2","3"],"__proto__":"4"}');
});

test("whatever has fetch is an app, and gets the request alone", async () => {
  const received: unknown[][] = [];
  const site = app.web(
    { name: "site" },
    {
      fetch: (...args: unknown[]) => {
        received.push(args);
        return new Response("from fetch");
      },
    },
  );
  expect(await (await site.local(at("/"))).text()).toBe("from fetch");
  expect(received.map((args) => args.length)).toEqual([1]);
});

test("options of the web that cannot be are refused at once, with what they may be", () => {
  const handler = () => new Response();
  const refused = (options: object) => {
    try {
      app.web({ name: "options", ...options }, handler);
      return "taken";
    } catch (error) {
      return (error as Error).message;
    }
  };
  expect(refused({ label: "Mine" })).toBe('Function "options" has label: "Mine".');
  expect(refused({ customDomains: ["localhost"] })).toBe(
    'Function "options" has customDomains: "localhost".',
  );
  expect(refused({ method: "get" })).toBe('Function "options" has method: "get".');
  expect(refused({ method: "GET", body: fields({}) })).toBe('Function "options" has method: "GET".');
  expect(refused({ body: {} })).toBe('Function "options" has body: {}.');
  expect(refused({ lable: "mine" })).toBe('Function "options" has no option "lable".');
  expect(() => app.webServer({ name: "port", port: 0 }, handler)).toThrow('Function "port" has port: 0.');
  expect(() => app.web({ name: "none" }, undefined as never)).toThrow("without its code");
});

test("a query of very many names is read in one pass, and an answer names 100 reasons at most", async () => {
  const many = 100_000;
  const names = Array.from({ length: many }, (_, index) => `n${index}=1`).join("&");
  const count = app.web({ name: "count" }, (_, { query }) => Response.json(Object.keys(query).length));
  expect(await (await count.local(at(`/?${names}`))).json()).toBe(many);
  const form = app.web({ name: "form", body: each }, (_, { body }) =>
    Response.json(Object.keys(body).length),
  );
  const answer = await form.local(post("/", names, "application/x-www-form-urlencoded"));
  expect(await answer.json()).toBe(many);
  const strict = app.web({ name: "strict", query: none }, () => new Response());
  const refused = (await (await strict.local(at(`/?${names}`))).json()) as { issues: unknown[] };
  expect(refused.issues.length).toBe(100);
});

/** Takes every object. */
const each: StandardSchema<object, object> = {
  "~standard": { version: 1, vendor: "test", validate: (value) => ({ value: value as object }) },
};

/** Takes no names. */
const none: StandardSchema = {
  "~standard": {
    version: 1,
    vendor: "test",
    validate: (value) => ({
      issues: Object.keys(value as object).map((key) => ({ message: "unknown", path: [key] })),
    }),
  },
};

test("a body that was checked can be read again, also by an app with fetch", async () => {
  const site = app.web(
    { name: "read-again", body: fields({ by: number }) },
    { fetch: async (request: Request) => new Response(await request.text()) },
  );
  expect(await (await site.local(post("/", '{"by": 7}'))).text()).toBe('{"by": 7}');
});

test("a value that JSON does not have is named with the function", async () => {
  for (const [value, kind] of [
    [undefined, "undefined"],
    [7n, "a bigint"],
  ] as const) {
    const name = `json-${typeof value}`;
    const wrong = app.web({ name, response: any }, () => value);
    await expect(wrong.local(at("/"))).rejects.toMatchObject({
      code: "WEB_ANSWER_REFUSED",
      message: expect.stringContaining(`${name} returned, ${kind}, cannot be sent as JSON`) as string,
    });
  }
});

const any: StandardSchema = {
  "~standard": { version: 1, vendor: "test", validate: (value) => ({ value }) },
};
