import { request } from "node:http";
import {
  AppState,
  ClassParameterInfo_ParameterSerializationFormat as Format,
  Function_FunctionType as FunctionType,
  ParameterType,
} from "@dorian/protocol/modal";
import { onTestFinished, expect, test } from "vitest";
import {
  BuildWorker,
  buildImage,
  CatalogServer,
  defineFunction,
  publishApp,
  temporaryDirectory,
  type ModalCaller,
} from "../../test/catalog-server.ts";
import type { WebSettings } from "./web-front.ts";

const anyPort: WebSettings = { ports: { first: 0, last: 0 } };
const webhookConfig = { type: 2, method: "GET" };
const functionType = FunctionType.FUNCTION;

async function open(directory: string, web: WebSettings = anyPort): Promise<CatalogServer> {
  return await CatalogServer.open(directory, { web });
}

async function makeApp(modal: ModalCaller, name: string): Promise<string> {
  const known = await modal.appGetByDeploymentName({ name });
  if (known.appId) return known.appId;
  return (await modal.appCreate({ description: name, appState: AppState.INITIALIZING })).appId;
}

/** The page of an app, as it is after `deploy` of any client. */
async function deployPage(
  modal: ModalCaller,
  imageId: string,
  name = "shop",
  config: object = webhookConfig,
  tag = "page",
) {
  const appId = await makeApp(modal, name);
  const made = await modal.functionPrecreate({
    appId,
    functionName: tag,
    functionType,
    webhookConfig: config,
  });
  const early = made.handleMetadata?.webUrl ?? "";
  const created = await modal.functionCreate({
    appId,
    existingFunctionId: made.functionId,
    function: {
      functionName: tag,
      imageId,
      functionType,
      webhookConfig: config,
      nodeEntrypoint: { modulePath: "/a.mjs" },
    },
  });
  const definitionId = created.handleMetadata?.definitionId ?? "";
  return {
    appId,
    early,
    created,
    functionId: made.functionId,
    publish: () => publishApp(modal, { appId, name }, [{ tag, functionId: made.functionId, definitionId }]),
  };
}

test("a web function has its address before it is defined, and keeps it over publishing, redeploys and restarts", async () => {
  const directory = await temporaryDirectory();
  let url: string;
  let imageId: string;
  {
    await using server = await open(directory);
    await using _worker = await BuildWorker.join(server);
    ({ imageId } = await buildImage(server.modal, { dockerfileCommands: ["FROM debian:bookworm-slim"] }));
    const page = await deployPage(server.modal, imageId);
    url = page.early;
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect(page.created.function?.webUrl).toBe(url);
    expect(page.created.DeprecatedWebUrl).toBe(url);
    expect((await fetch(url)).status).toBe(404);
    await page.publish();
    const found = await server.modal.functionGet({ appName: "shop", objectTag: "page" });
    expect(found.handleMetadata?.webUrl).toBe(url);
  }
  await using server = await open(directory);
  await using worker = await BuildWorker.join(server);
  const again = await deployPage(server.modal, imageId);
  expect(again.early).toBe(url);
  await again.publish();
  // Its container ends without a response.
  expect((await fetch(url)).status).toBe(500);
  expect(worker.tasks[0]?.arguments?.functionId).toBe(again.functionId);
  await server.modal.appStop({ appId: again.appId });
  expect((await fetch(url)).status).toBe(404);
  expect((await deployPage(server.modal, imageId)).early).toBe(url);
});

test("a function with a domain of its own is reached by it, and keeps it from others while its app is deployed [A23]", async () => {
  await using server = await open(await temporaryDirectory());
  await using worker = await BuildWorker.join(server);
  const { modal } = server;
  const { imageId } = await buildImage(modal, { dockerfileCommands: ["FROM debian:bookworm-slim"] });
  const ofItsOwn = { ...webhookConfig, customDomains: [{ name: "Shop.Example.com" }] };
  const page = await deployPage(modal, imageId, "shop", ofItsOwn);
  const { port } = new URL(page.early);
  const domains = page.created.function?.customDomainInfo.map((each) => each.url);
  expect(domains).toEqual([`http://shop.example.com:${port}`]);
  await page.publish();
  const other = await deployPage(modal, imageId, "other");
  await other.publish();
  // At whichever port: a proxy may lead all domains to one.
  expect(await statusFor(Number(new URL(other.early).port), "shop.example.com:80")).toBe(500);
  expect(worker.tasks.map((task) => task.arguments?.appId)).toEqual([page.appId]);

  const appId = await makeApp(modal, "third");
  const announce = (announced: object) =>
    modal.functionPrecreate({ appId, functionName: "page", functionType, ...announced });
  for (const announced of [
    { webhookConfig: ofItsOwn },
    { methodDefinitions: { page: { webhookConfig: ofItsOwn } } },
  ]) {
    await expect(announce(announced)).rejects.toMatchObject({
      code: "WEB_DOMAIN_TAKEN",
      message: "shop.example.com leads to page of shop already.",
    });
  }
  const noName = { ...webhookConfig, customDomains: [{ name: "https://shop" }] };
  await expect(announce({ webhookConfig: noName })).rejects.toMatchObject({ code: "WEB_DOMAIN_INVALID" });
  const many = {
    ...webhookConfig,
    customDomains: Array.from({ length: 101 }, (_, n) => ({ name: `shop${n}.example.com` })),
  };
  await expect(announce({ webhookConfig: many })).rejects.toMatchObject({ code: "WEB_DOMAIN_INVALID" });
  await modal.appStop({ appId: page.appId });
  await expect(announce({ webhookConfig: ofItsOwn })).resolves.toBeDefined();
  expect(await statusFor(Number(new URL(other.early).port), "shop.example.com")).not.toBe(404);
});

/** How a function at a domain of its own is declared. */
const withDomain = (name: string) => ({ ...webhookConfig, customDomains: [{ name }] });

test.each([
  ["login.web.example.com", { web: { ...anyPort, domain: "web.example.com" } }],
  ["web.example.com", { web: { ...anyPort, domain: "web.example.com" } }],
  ["GPU.example.com", { web: anyPort, publicHost: "gpu.example.com" }],
])("no function takes %s for its own where that is the server's own name", async (name, options) => {
  await using server = await CatalogServer.open(await temporaryDirectory(), options);
  const appId = await makeApp(server.modal, "shop");
  await expect(
    server.modal.functionPrecreate({
      appId,
      functionName: "page",
      functionType,
      webhookConfig: withDomain(name),
    }),
  ).rejects.toMatchObject({ code: "WEB_DOMAIN_INVALID" });
});

test("a name that becomes the server's own leads to the function no more that had it before", async () => {
  const directory = await temporaryDirectory();
  {
    await using server = await open(directory);
    await using _worker = await BuildWorker.join(server);
    const { imageId } = await buildImage(server.modal, {
      dockerfileCommands: ["FROM debian:bookworm-slim"],
    });
    await (await deployPage(server.modal, imageId, "shop", withDomain("gpu.example.com"))).publish();
  }
  await using server = await CatalogServer.open(directory, { web: anyPort, publicHost: "gpu.example.com" });
  await using worker = await BuildWorker.join(server);
  const { imageId } = await buildImage(server.modal, { dockerfileCommands: ["FROM debian:bookworm-slim"] });
  const other = await deployPage(server.modal, imageId, "other");
  await other.publish();
  const { port, host } = new URL(other.early);
  expect(host).toBe(`gpu.example.com:${port}`);
  expect(await statusFor(Number(port), host)).toBe(500);
  expect(worker.tasks.map((task) => task.arguments?.appId)).toEqual([other.appId]);
});

test("a run has no domain, and neither waits for that of a deployment nor keeps it from one [A23]", async () => {
  await using server = await open(await temporaryDirectory());
  await using worker = await BuildWorker.join(server);
  const { modal } = server;
  const { imageId } = await buildImage(modal, { dockerfileCommands: ["FROM debian:bookworm-slim"] });
  const domain = withDomain("shop.example.com");
  const run = async () => {
    const { appId } = await modal.appCreate({ description: "shop", appState: AppState.EPHEMERAL });
    const named = { appId, functionName: "page", functionType, webhookConfig: domain };
    const { functionId } = await modal.functionPrecreate(named);
    const created = await modal.functionCreate({
      appId,
      existingFunctionId: functionId,
      function: { ...named, imageId, nodeEntrypoint: { modulePath: "/a.mjs" } },
    });
    const definitionId = created.handleMetadata?.definitionId ?? "";
    await publishApp(modal, { appId }, [{ tag: "page", functionId, definitionId }]);
    return created.function?.customDomainInfo;
  };
  expect(await run()).toEqual([]);
  const page = await deployPage(modal, imageId, "shop", domain);
  await page.publish();
  expect(await run()).toEqual([]);
  expect(await statusFor(Number(new URL(page.early).port), "shop.example.com")).toBe(500);
  expect(worker.tasks.map((task) => task.arguments?.appId)).toEqual([page.appId]);
});

test("a domain follows the newest deployment of its app: to another function, and away [A23]", async () => {
  await using server = await open(await temporaryDirectory());
  await using worker = await BuildWorker.join(server);
  const { modal } = server;
  const { imageId } = await buildImage(modal, { dockerfileCommands: ["FROM debian:bookworm-slim"] });
  const domain = withDomain("shop.example.com");
  const page = await deployPage(modal, imageId, "shop", domain);
  await page.publish();
  const renamed = await deployPage(modal, imageId, "shop", domain, "front");
  await renamed.publish();
  const { port } = new URL(page.early);
  expect(await statusFor(Number(port), "shop.example.com")).toBe(500);
  expect(worker.tasks.map((task) => task.arguments?.functionId)).toEqual([renamed.functionId]);
  const plain = await deployPage(modal, imageId, "shop", webhookConfig, "plain");
  await plain.publish();
  const other = await deployPage(modal, imageId, "other", domain);
  await other.publish();
  // That version had the domain, which another app has got since.
  await expect(modal.appRollback({ appId: page.appId, version: 2 })).rejects.toMatchObject({
    code: "WEB_DOMAIN_TAKEN",
    message: "shop.example.com leads to page of other already.",
  });
  expect(await statusFor(Number(port), "shop.example.com")).toBe(500);
  expect(worker.tasks.at(-1)?.arguments?.appId).toBe(other.appId);
});

test("of two deployments at once one gets the domain, and of two functions of one neither", async () => {
  await using server = await open(await temporaryDirectory());
  await using _worker = await BuildWorker.join(server);
  const { modal } = server;
  const { imageId } = await buildImage(modal, { dockerfileCommands: ["FROM debian:bookworm-slim"] });
  const pages = [];
  for (const name of ["one", "other"])
    pages.push(await deployPage(modal, imageId, name, withDomain("Shop.example.com")));
  const ends = await Promise.allSettled(pages.map((page) => page.publish()));
  expect(ends.filter((end) => end.status === "fulfilled")).toHaveLength(1);
  expect(ends.find((end) => end.status === "rejected")?.reason).toMatchObject({ code: "WEB_DOMAIN_TAKEN" });
  const appId = await makeApp(modal, "twins");
  const twins = [];
  for (const tag of ["left", "right"]) {
    const definition = { functionName: tag, imageId, webhookConfig: withDomain("twins.example.com") };
    twins.push(await defineFunction(modal, appId, definition));
  }
  await expect(publishApp(modal, { appId, name: "twins" }, twins)).rejects.toMatchObject({
    code: "WEB_DOMAIN_TAKEN",
    message: "left and right both have the domain twins.example.com.",
  });
});

test("who deploys in one environment does not hear of the apps of another", async () => {
  await using server = await open(await temporaryDirectory());
  await using _worker = await BuildWorker.join(server);
  const { modal } = server;
  const { imageId } = await buildImage(modal, { dockerfileCommands: ["FROM debian:bookworm-slim"] });
  await (await deployPage(modal, imageId, "secret", withDomain("shop.example.com"))).publish();
  await modal.environmentGetOrCreate({ deploymentName: "staging", objectCreationType: 1 });
  const { appId } = await modal.appCreate({
    description: "shop",
    environmentName: "staging",
    appState: AppState.INITIALIZING,
  });
  const announced = { appId, functionName: "page", functionType };
  await expect(
    modal.functionPrecreate({ ...announced, webhookConfig: withDomain("shop.example.com") }),
  ).rejects.toMatchObject({
    code: "WEB_DOMAIN_TAKEN",
    message: "shop.example.com leads to an app of another environment already.",
  });
});

test("a method whose client does not say its tag has its domain's address as well", async () => {
  await using server = await open(await temporaryDirectory());
  await using _worker = await BuildWorker.join(server);
  const { modal } = server;
  const { imageId } = await buildImage(modal, { dockerfileCommands: ["FROM debian:bookworm-slim"] });
  const appId = await makeApp(modal, "shop");
  const methodDefinitions = { page: { functionType, webhookConfig: withDomain("shop.example.com") } };
  const named = { functionName: "Model.*", functionType, methodDefinitions };
  const { functionId } = await modal.functionPrecreate({ appId, ...named });
  const created = await modal.functionCreate({
    appId,
    existingFunctionId: functionId,
    function: { ...named, imageId, isClass: true, methodDefinitionsSet: true },
  });
  const page = created.function?.methodDefinitions["page"];
  const { port } = new URL(page?.webUrl ?? "");
  expect(page?.customDomainInfo.map((each) => each.url)).toEqual([`http://shop.example.com:${port}`]);
});

test("web methods have addresses in all layouts of classes, and requests reach the class's function", async () => {
  await using server = await open(await temporaryDirectory());
  await using worker = await BuildWorker.join(server);
  const { modal } = server;
  const { imageId } = await buildImage(modal, { dockerfileCommands: ["FROM debian:bookworm-slim"] });

  // Each method a function of its own.
  const first = await makeApp(modal, "first");
  const alone = await modal.functionPrecreate({
    appId: first,
    functionName: "Model.page",
    functionType,
    webhookConfig,
  });
  const aloneMade = await modal.functionCreate({
    appId: first,
    existingFunctionId: alone.functionId,
    function: { functionName: "Model.page", imageId, functionType, isMethod: true, webhookConfig },
  });

  // Names for methods of the class's function.
  const second = await makeApp(modal, "second");
  const cls = await modal.functionPrecreate({ appId: second, functionName: "Model.*", functionType });
  const alias = await modal.functionPrecreate({
    appId: second,
    functionName: "Model.page",
    functionType,
    useMethodName: "page",
    webhookConfig,
  });
  const clsMade = await modal.functionCreate({
    appId: second,
    existingFunctionId: cls.functionId,
    function: { functionName: "Model.*", imageId, functionType, isClass: true },
  });
  const aliasMade = await modal.functionCreate({
    appId: second,
    existingFunctionId: alias.functionId,
    function: {
      functionName: "Model.page",
      functionType,
      isMethod: true,
      useFunctionId: cls.functionId,
      useMethodName: "page",
      webhookConfig,
    },
  });

  // Methods inside the class's function.
  const third = await makeApp(modal, "third");
  const methodDefinitions = { page: { functionName: "Model.page", functionType, webhookConfig } };
  const inner = await modal.functionPrecreate({
    appId: third,
    functionName: "Model.*",
    functionType,
    methodDefinitions,
  });
  const innerMade = await modal.functionCreate({
    appId: third,
    existingFunctionId: inner.functionId,
    function: {
      functionName: "Model.*",
      imageId,
      functionType,
      isClass: true,
      methodDefinitions,
      methodDefinitionsSet: true,
      classParameterInfo: {
        format: Format.PARAM_SERIALIZATION_FORMAT_PROTO,
        schema: [{ name: "size", type: ParameterType.PARAM_TYPE_INT }],
      },
    },
  });

  const urls = [
    alone.handleMetadata?.webUrl ?? "",
    alias.handleMetadata?.webUrl ?? "",
    inner.handleMetadata?.methodHandleMetadata["page"]?.webUrl ?? "",
  ];
  expect(new Set(urls).size).toBe(3);
  expect([
    aloneMade.function?.webUrl,
    aliasMade.function?.webUrl,
    innerMade.function?.methodDefinitions["page"]?.webUrl,
  ]).toEqual(urls);

  const id = (made: typeof aloneMade) => made.handleMetadata?.definitionId ?? "";
  await publishApp(modal, { appId: first, name: "first" }, [
    { tag: "Model.page", functionId: alone.functionId, definitionId: id(aloneMade) },
  ]);
  await publishApp(modal, { appId: second, name: "second" }, [
    { tag: "Model.*", functionId: cls.functionId, definitionId: id(clsMade) },
    { tag: "Model.page", functionId: alias.functionId, definitionId: id(aliasMade) },
  ]);
  await publishApp(modal, { appId: third, name: "third" }, [
    { tag: "Model.*", functionId: inner.functionId, definitionId: id(innerMade) },
  ]);
  const missing = await fetch(urls[2] ?? "");
  expect(missing.status).toBe(400);
  expect(await missing.text()).toContain('"size"');
  for (const url of [urls[0] ?? "", urls[1] ?? "", `${urls[2]}/?size=3`]) await fetch(url);
  const { boundFunctionId } = await modal.functionBindParams({
    functionId: inner.functionId,
    serializedParams: new Uint8Array(Buffer.from("0a0a0a0473697a6510022003", "hex")),
  });
  expect(worker.tasks.map((task) => task.arguments?.functionId)).toEqual([
    alone.functionId,
    cls.functionId,
    boundFunctionId,
  ]);
});

test("under a domain, requests for a host name reach its function, and others nothing", async () => {
  await using server = await open(await temporaryDirectory(), { ...anyPort, domain: "apps.example" });
  await using worker = await BuildWorker.join(server);
  const { imageId } = await buildImage(server.modal, { dockerfileCommands: ["FROM debian:bookworm-slim"] });
  const page = await deployPage(server.modal, imageId);
  await page.publish();
  const url = new URL(page.early);
  expect(url.hostname).toBe("shop-page.apps.example");
  expect(await statusFor(Number(url.port), url.host)).toBe(500);
  expect(await statusFor(Number(url.port), "other.apps.example")).toBe(404);
  expect(worker.tasks).toHaveLength(1);
});

test("proxy tokens let in where they are good, from when they are made until they are deleted", async () => {
  const directory = await temporaryDirectory();
  const held = await open(directory);
  onTestFinished(() => held[Symbol.asyncDispose]());
  const { modal } = held;
  const all = await modal.webhookTokenCreate({ name: "all" });
  const scoped = await modal.webhookTokenCreate({ name: "scoped", scoped: true });
  expect(all).toMatchObject({
    tokenId: expect.stringMatching(/^wk-\w{22}$/),
    tokenSecret: expect.stringMatching(/^ws-/),
  });
  const staging = await modal.environmentGetOrCreate({ deploymentName: "staging", objectCreationType: 1 });
  const good = async (environmentName: string) =>
    (await modal.webhookTokenListForEnvironment({ environmentName })).tokens.map((token) => token.name);
  expect(await good("staging")).toEqual(["all"]);
  const { environmentId } = staging;
  await modal.webhookTokenEnvironmentAdd({ tokenId: scoped.tokenId, environmentId });
  expect(await good("staging")).toEqual(["all", "scoped"]);
  await modal.webhookTokenEnvironmentRemove({ tokenId: all.tokenId, environmentId });
  expect(await good("staging")).toEqual(["scoped"]);
  expect(await good("main")).toEqual(["all"]);
  await modal.webhookTokenUpdate({ tokenId: all.tokenId, name: "most" });
  await modal.webhookTokenDelete({ tokenId: scoped.tokenId });
  const { tokens } = await modal.webhookTokenList({});
  expect(tokens.map(({ name, scoped: isScoped }) => [name, isScoped])).toEqual([["most", true]]);
  await expect(modal.webhookTokenDelete({ tokenId: scoped.tokenId })).rejects.toMatchObject({
    code: "PROXY_TOKEN_NOT_FOUND",
  });
});

async function statusFor(port: number, host: string): Promise<number | undefined> {
  return await new Promise((resolve, reject) => {
    request({ port, host: "127.0.0.1", headers: { host } }, (response) =>
      resolve(response.resume().statusCode),
    )
      .once("error", reject)
      .end();
  });
}
