import { expect, test } from "vitest";
import { forgetShell } from "./forget-shell.ts";

test("tests know nothing of the servers and tokens of the shell that runs them, but where the machine gets packages", () => {
  const env: Record<string, string | undefined> = {
    PATH: "/bin",
    MODAL_SERVER_URL: "http://production:7070",
    MODAL_TOKEN_ID: "ak-1",
    MODAL_PROFILE: "work",
    DORIAN_DATA: "/var/lib/dorian",
    DORIAN_FETCH_FROM: "127.0.0.1:5000",
    DORIAN_APT_MIRROR: "http://mirror",
    DORIAN_EVIDENCE: "/tmp/evidence",
  };
  forgetShell(env);
  expect(env).toEqual({
    PATH: "/bin",
    DORIAN_APT_MIRROR: "http://mirror",
    DORIAN_EVIDENCE: "/tmp/evidence",
  });
});

test("the tests of this run do so", () => {
  const left = Object.keys(process.env).filter((name) => /^(MODAL_|DORIAN_(DATA|DEBUG|WORKER))/.test(name));
  expect(left).toEqual([]);
});
