import { expect, test } from "vitest";
import { commandIndex } from "../command-index.ts";
import { completions } from "./completions.ts";

const asked: unknown[] = [];

async function words(line: string): Promise<string[]> {
  const found = await completions(line.split(" "), {
    index: commandIndex,
    namesOf: async (noun, options) => {
      asked.push([noun, Object.fromEntries(options)]);
      return [`${noun}-1`, `${noun}-2`, "other"];
    },
  });
  return found.map(({ word }) => word);
}

test("commands, and those of a group, complete by what they begin with", async () => {
  expect(await words("vol")).toEqual(["volume"]);
  expect(await words("volume ")).toEqual(expect.arrayContaining(["create", "ls", "versions"]));
  expect(await words("volume ve")).toEqual(["versions"]);
  expect(await words("worker ")).toEqual(["list", "drain"]);
  expect(await words("nonsense ")).toEqual([]);
  expect(await words("volume --")).toEqual(["--help"]);
});

test("options of a command complete, those that were given not again", async () => {
  expect(await words("volume list --")).toEqual(["--server", "--data", "--environment", "--json", "--help"]);
  expect(await words("volume list --json --j")).toEqual([]);
  expect(await words("volume ls weights --re")).toEqual(["--recursive"]);
});

test("names complete where arguments and options want them, in the environment that was named", async () => {
  expect(await words("volume ls vol")).toEqual(["volume-1", "volume-2"]);
  expect(await words("app stop app-2")).toEqual(["app-2"]);
  expect(await words("secret delete --environment staging o")).toEqual(["other"]);
  expect(asked.at(-1)).toEqual(["secret", { environment: "staging" }]);
  expect(await words("container list --app app")).toEqual(["app-1", "app-2"]);
  expect(await words("volume list --environment env")).toEqual(["environment-1", "environment-2"]);
  expect(await words("completion ")).toEqual(["shell-1", "shell-2", "other"]);
  expect(await words("volume ls weights ")).toEqual([]);
  expect(await words("volume create vol")).toEqual([]);
});
