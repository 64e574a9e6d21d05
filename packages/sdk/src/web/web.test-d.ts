import { createServer } from "node:http";
import { expectTypeOf } from "vitest";
import {
  App,
  Cls,
  method,
  web,
  webServer,
  type StandardSchema,
  type WebApp,
  type WebMethod,
  type WebPort,
} from "@dorian/sdk";

declare const named: StandardSchema<{ name?: string }, { name: string }>;
declare const paged: StandardSchema<unknown, { page: number }>;
const app = new App("types");

// Values of a request have the types that their schemas give, and the answer the one that its schema takes.
app.web({ name: "checked", query: paged, body: named, response: named }, (request, { query, body }) => {
  expectTypeOf(request).toEqualTypeOf<Request>();
  expectTypeOf(query).toEqualTypeOf<{ page: number }>();
  expectTypeOf(body).toEqualTypeOf<{ name: string }>();
  return { name: body.name };
});
app.web({ name: "plain" }, async (_, { query, body }) => {
  expectTypeOf(query).toEqualTypeOf<Record<string, string | string[] | undefined>>();
  expectTypeOf(body).toEqualTypeOf<undefined>();
  return new Response();
});
// @ts-expect-error a value needs a schema
app.web({ name: "value" }, () => ({ name: "you" }));
// @ts-expect-error this is not what the schema takes
app.web({ name: "wrong", response: named }, () => ({ name: 7 }));
// @ts-expect-error options are known by name
app.web({ name: "unknown", lable: "mine" }, () => new Response());
// @ts-expect-error a server has a port
app.webServer({ name: "server" }, () => undefined);

declare const hono: WebApp;
const site = app.web({ name: "site" }, hono);
expectTypeOf(site.url()).toEqualTypeOf<Promise<string>>();
// @ts-expect-error it is reached by its address
site.remote();

class Model {
  modelId = "a";
  @web({ body: named }) async predict(_: Request, { body }: { body: { name: string } }) {
    return new Response(`${this.modelId} ${body.name}`);
  }
  @web() health() {
    return new Response();
  }
  @web() async healthLater() {
    return Response.json({});
  }
  @method() fail(): never {
    throw new Error("never");
  }
  @method() untyped() {
    return JSON.parse("1");
  }
  @webServer(8000) serve(port: WebPort) {
    void createServer().listen(port);
  }
  // @ts-expect-error without the port the compiler would take it for a method that is called
  @webServer(8001) serveBlindly() {}
  // @ts-expect-error a method that serves the web takes a request
  @web() count(by: number) {
    return new Response(String(by));
  }
  // @ts-expect-error and answers with a response
  @web() name(request: Request) {
    return request.url;
  }
}

const model = Cls.fromName<typeof Model>("types", "Model").instance({ modelId: "b" });
expectTypeOf(model.predict).toEqualTypeOf<WebMethod>();
expectTypeOf(model.health).toEqualTypeOf<WebMethod>();
expectTypeOf(model.healthLater).toEqualTypeOf<WebMethod>();
// What gives no response is called.
expectTypeOf(model.fail.remote).toBeFunction();
expectTypeOf(model.untyped.remote).toBeFunction();
expectTypeOf(model.serve).toEqualTypeOf<WebMethod>();
// @ts-expect-error what starts a server is reached by its address
void model.serve.remote;
new Model().serve(8000);
// @ts-expect-error it is reached by its address
void model.predict.remote;
app.cls({}, Model, { web: { predict: { method: "POST" } }, webServers: { serve: { port: 8000 } } });
// @ts-expect-error a method that takes no port starts no server on one
app.cls({}, Model, { webServers: { predict: { port: 8000 } } });
// @ts-expect-error it has no such method
app.cls({}, Model, { web: { modelId: {} } });
