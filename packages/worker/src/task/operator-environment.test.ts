import { expect, test } from "vitest";
import { testBuilder } from "../../test/test-builder.ts";

const certificates = "-----BEGIN CERTIFICATE-----\nA\n-----END CERTIFICATE-----\n";
const proxy = { HTTPS_PROXY: "http://proxy.example:3128" };
const operator = { runtimeEnv: proxy, proxyEnv: proxy, certificates };
const look = `env | grep -E 'PROXY|CERT|BUNDLE|CA' | sort; cat "$SSL_CERT_FILE"; echo x > "$SSL_CERT_FILE"`;

test("a task gets the operator's proxies and certificates, as a build step does, and cannot change them", async () => {
  await using machine = await testBuilder({ operator });
  const layerIds = [await machine.busybox()];
  const { printed } = await machine.task({ layerIds, config: {}, command: ["sh", "-c", look] });
  for (const name of ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS", "CURL_CA_BUNDLE"])
    expect(printed).toContain(`${name}=/run/dorian/operator/certificates.crt\n`);
  expect(printed).toContain(`HTTPS_PROXY=${proxy.HTTPS_PROXY}\n`);
  expect(printed).toContain(certificates);
  expect(printed).toContain("Read-only file system");
});

test("what an image or a secret says about certificates stays", async () => {
  await using machine = await testBuilder({ operator });
  const layerIds = [await machine.busybox()];
  const { printed } = await machine.task({
    layerIds,
    config: { env: { SSL_CERT_FILE: "/image.crt" } },
    command: ["sh", "-c", look],
    secretEnv: { REQUESTS_CA_BUNDLE: "/user.crt" },
  });
  expect(printed).toContain("SSL_CERT_FILE=/image.crt\n");
  expect(printed).toContain("REQUESTS_CA_BUNDLE=/user.crt\n");
  expect(printed).toContain("NODE_EXTRA_CA_CERTS=/run/dorian/operator/certificates.crt\n");
});
