import { expect, onTestFinished, test } from "vitest";
import { Image } from "../image/image.ts";
import { Secret } from "../secret/secret.ts";
import { Volume } from "../volume/volume.ts";
import { App, forgetApps, registeredApps } from "./app.ts";

const refused = (code: string) => expect.objectContaining({ code, status: "INVALID_ARGUMENT" });

test("apps are registered in the order they were made", () => {
  forgetApps();
  onTestFinished(forgetApps);
  const apps = [new App("b"), new App("a")];
  expect(registeredApps()).toEqual(apps);
});

test("a function gets the app's image, secrets and volumes, and its own count for more", () => {
  const [appSecret, ownSecret] = [Secret.fromName("a"), Secret.fromName("b")];
  const [shared, own, appImage, ownImage] = [
    Volume.fromName("shared"),
    Volume.fromName("own"),
    Image.debianSlim(),
    Image.debianSlim().aptInstall("git"),
  ];
  const app = new App("defaults", { image: appImage, secrets: [appSecret], volumes: { "/shared": shared } });
  app.function({ name: "plain" }, async () => undefined);
  app.function(
    { name: "rich", image: ownImage, secrets: [ownSecret], volumes: { "/own": own } },
    async () => 1,
  );
  expect(app.registered.map(({ options }) => options)).toEqual([
    { image: appImage, secrets: [appSecret], volumes: { "/shared": shared } },
    { image: ownImage, secrets: [appSecret, ownSecret], volumes: { "/shared": shared, "/own": own } },
  ]);
});

test("the app's volumes are checked together with the function's own [K3]", () => {
  const weights = Volume.fromName("weights");
  const twice = new App("twice", { volumes: { "/a": weights } });
  expect(() => twice.function({ name: "f", volumes: { "/b": weights } }, async () => 1)).toThrow(
    refused("VOLUME_MOUNTED_TWICE"),
  );
  const root = new App("root", { volumes: { "/": weights } });
  expect(() =>
    root.cls(
      {},
      class Model {
        load() {}
      },
      {},
    ),
  ).toThrow(refused("VOLUME_PATH_INVALID"));
  expect([...twice.registered, ...root.registered]).toEqual([]);
});

test("names are checked, and stand for one thing", () => {
  expect(() => new App("a/b")).toThrow(refused("NAME_INVALID"));
  const app = new App("names");
  app.function({}, async function train() {});
  expect(() => app.function({ name: "train" }, async () => 1)).toThrow(refused("NAME_TAKEN"));
  expect(() => app.function({}, async () => 1)).toThrow(refused("NAME_INVALID"));
  expect(() => app.function({ name: "a.b" }, async () => 1)).toThrow(refused("NAME_INVALID"));
});

test("a function without options first is refused", () => {
  const app = new App("code");
  const run = async () => 1;
  expect(() => (app.function as unknown as (given: unknown) => void)(run)).toThrow(
    refused("FUNCTION_INVALID"),
  );
});

test("an app takes another's functions and classes along, once each, and leads both to the server's", async () => {
  const gateway = new App("gateway");
  const push = gateway.web({ name: "push" }, () => new Response());
  class Meter {
    read() {}
  }
  gateway.cls({}, Meter, { methods: ["read"] });
  const shop = new App("shop");
  shop.function({ name: "sell" }, async () => 1);
  expect(shop.include(gateway)).toBe(shop);
  expect(shop.registered.map(({ tag }) => tag)).toEqual(["sell", "push", "Meter"]);
  expect(gateway.registered.map(({ tag }) => tag)).toEqual(["push", "Meter"]);
  expect(() => shop.instance(Meter)).not.toThrow();
  await expect(push.url()).rejects.toMatchObject({ code: "APP_NOT_RUNNING" });

  expect(() => shop.function({ name: "push" }, async () => 1)).toThrow(refused("NAME_TAKEN"));
  const other = new App("other");
  other.function({ name: "sell" }, async () => 1);
  expect(() => shop.include(other)).toThrow(refused("NAME_TAKEN"));
  for (const app of [shop, gateway]) expect(() => gateway.include(app)).toThrow(refused("APP_INCLUDED"));
});

test("an app that two included apps include, or that is included twice, is taken along once", () => {
  const common = new App("common");
  const [left, right] = [new App("left").include(common), new App("right").include(common)];
  const shop = new App("shop").include(left).include(right).include(left);
  common.function({ name: "health" }, async () => "well");
  expect(shop.registered.map(({ tag }) => tag)).toEqual(["health"]);
  expect(new App("market").include(left).include(right).registered).toEqual(shop.registered);
});

test("a name that an included app gets later, and that its includer has, is refused", () => {
  const gateway = new App("gateway");
  const shop = new App("shop").include(gateway);
  shop.function({ name: "sell" }, async () => 1);
  gateway.function({ name: "sell" }, async () => 2);
  expect(() => shop.registered).toThrow(refused("NAME_TAKEN"));
});

test("an app has one local entrypoint", () => {
  const app = new App("entrypoint");
  const main = app.localEntrypoint(async () => 1);
  expect(app.entrypoint).toBe(main);
  expect(() => app.localEntrypoint(async () => 2)).toThrow(refused("ENTRYPOINT_TAKEN"));
});

test("a function of an app that does not run can be run here, and not remotely", async () => {
  const app = new App("local");
  const square = app.function({ name: "square" }, async (x: number) => x * x);
  expect(await square.local(3)).toBe(9);
  await expect(square.remote(3)).rejects.toMatchObject({ code: "APP_NOT_RUNNING" });
});

test("a class without decorators names its members", () => {
  class Model {
    modelId = "iris-a";
    load() {}
    predict(x: number) {
      return x + 1;
    }
  }
  const app = new App("plain-class");
  app.cls({}, Model, { enter: ["load"], methods: ["predict"], parameters: ["modelId"] });
  expect(app.registered[0]).toMatchObject({
    tag: "Model",
    marks: {
      marks: [
        { kind: "enter", name: "load" },
        { kind: "method", name: "predict" },
      ],
      parameters: [{ name: "modelId" }],
    },
  });
  const misspelt = { methods: ["preditc"] } as never;
  expect(() => new App("misspelt").cls({}, class Other extends Model {}, misspelt)).toThrow(
    refused("CLASS_SPEC_INVALID"),
  );
});
