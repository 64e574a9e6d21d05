import { expect, test } from "vitest";
import { commandUrl } from "./command-access.ts";

test.for([
  "http://localhost:7070",
  "http://127.0.0.1:7070",
  "http://172.21.0.1:80",
  "https://dorian.example",
])("a client at %s finds commands where it found the server", (calledUrl) => {
  for (const speaksTls of [false, true]) expect(commandUrl({ calledUrl }, { speaksTls })).toBe(calledUrl);
});

const refusedAddresses = [
  "http://10.0.0.5:7070",
  "http://dorian.lan:7070",
  "http://127.1:7070",
  "http://localhost.lan:7070",
];

test.for(refusedAddresses)(
  "a client at %s, which would refuse the address, is told of the ways there are",
  (calledUrl) => {
    expect(() => commandUrl({ calledUrl }, { speaksTls: false })).toThrow(
      expect.objectContaining({
        code: "EXEC_NEEDS_TLS",
        status: "FAILED_PRECONDITION",
        remedy: expect.stringMatching(/--tls.*ssh -L 7070:localhost:7070/) as unknown,
      }),
    );
  },
);

test.for(refusedAddresses)(
  "a client at %s is led to the same port by https where the server speaks it [B20]",
  (calledUrl) => {
    expect(commandUrl({ calledUrl }, { speaksTls: true })).toBe(calledUrl.replace("http:", "https:"));
  },
);

test.for([false, true])(
  "a client for JavaScript has https on localhost too, whether TLS is on (%s) [B20]",
  (speaksTls) => {
    const called = { calledUrl: "http://localhost:7070", isLibmodal: true };
    expect(commandUrl(called, { speaksTls })).toBe("https://localhost:7070");
  },
);
