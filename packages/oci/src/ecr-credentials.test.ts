import { expect, test } from "vitest";
import { signedHeaders } from "./ecr-credentials.ts";

// A request signed by Amazon's own library for the same keys, time and content.
test("requests are signed as Amazon's own tools sign them", () => {
  const headers = signedHeaders({
    keys: {
      accessKeyId: "AKIDEXAMPLE",
      secretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
      sessionToken: undefined,
      region: "us-east-1",
    },
    host: "api.ecr.us-east-1.amazonaws.com",
    body: "{}",
    service: "ecr",
    target: "AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken",
    now: new Date("2026-01-02T03:04:05.678Z"),
  });
  expect(headers["x-amz-date"]).toBe("20260102T030405Z");
  expect(headers["authorization"]).toBe(
    "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260102/us-east-1/ecr/aws4_request, SignedHeaders=content-type;host;x-amz-date;x-amz-target, Signature=997b80552554e08571a650063d23958ffe90e86d094fff42c53be7649d3432f7",
  );
});
