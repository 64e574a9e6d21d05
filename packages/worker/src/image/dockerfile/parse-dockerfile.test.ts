import { describe, expect, test } from "vitest";
import { parseDockerfile } from "./parse-dockerfile.ts";

const parsed = (lines: string) => parseDockerfile(`FROM base\n${lines}`).instructions.slice(1);

describe("parseDockerfile", () => {
  test("reads lines of any make in time, and nothing that is longer than people write [B11]", () => {
    const blanks = " ".repeat(1_000_000);
    const read = (source: string) => () => parseDockerfile(source);
    expect(read(`# escape=a${blanks}b\nFROM base`)).toThrow("cannot be the escape character");
    expect(read(`FROM base${blanks}x`)).toThrow("is not understood");
    expect(read(`FROM base\nRUN echo${blanks}x`)).not.toThrow();
    expect(read(`FROM base\nRUN ${"x".repeat(2_000_000)}`)).toThrow("of which 1048576 are read");
  });

  test("joins continued lines and drops comments and blank lines among them", () => {
    const [run] = parsed("RUN apt-get install -y \\\n    # the compiler\n    gcc \\\n\n    make\nENV A=1");
    expect(run).toMatchObject({
      line: 2,
      command: { kind: "shell" },
      text: "RUN apt-get install -y gcc make",
    });
  });

  test("reads both forms of RUN, and a bracket test as a shell line", () => {
    expect(
      parsed('RUN ["a", "b c"]\nRUN [ -f x ] && y').map((each) => each.kind === "run" && each.command),
    ).toEqual([
      { kind: "exec", args: ["a", "b c"] },
      { kind: "shell", script: "[ -f x ] && y" },
    ]);
  });

  test("takes a here-document alone as the script and others as input of the command", () => {
    const commands = parsed("RUN <<EOF\necho 1\n# kept\nEOF\nRUN cat <<'X' > /f\nhi $A\nX\nENV A=1");
    expect(commands.map((each) => each.kind === "run" && each.command)).toEqual([
      { kind: "shell", script: "echo 1\n# kept\n" },
      { kind: "shell", script: "cat <<'X' > /f\nhi $A\nX\n" },
      false,
    ]);
  });

  test("does not take a shift operator for a here-document", () => {
    expect(parsed("RUN python -c 'print(1 << 2)'\nRUN echo $((1<<2))")).toHaveLength(2);
  });

  test("reads both forms of ENV", () => {
    const values = parsed(`ENV A=1 B="two words" C='$x'\nENV OLD some value`).map(
      (each) => each.kind === "env" && each.values,
    );
    expect(values).toEqual([
      [
        ["A", "1"],
        ["B", '"two words"'],
        ["C", "'$x'"],
      ],
      [["OLD", "some value"]],
    ]);
  });

  test("reads flags and sources of COPY", () => {
    expect(parsed("COPY --from=uv:latest --chown=1:2 --link /uv /uvx /bin/")[0]).toMatchObject({
      sources: ["/uv", "/uvx"],
      target: "/bin/",
      options: { from: "uv:latest", chown: "1:2", add: false },
    });
  });

  test("reads flags of RUN, and files that are written in the Dockerfile", () => {
    const [run, copy] = parsed(
      "RUN --mount=type=cache,target=/c --mount=type=secret,id=T,env=T make all\nCOPY <<A <<'B' x /d/\nhi $A\nA\n$B\nB\nENV A=1",
    );
    expect(run).toMatchObject({
      command: { kind: "shell", script: "make all" },
      mounts: [
        { type: "cache", target: "/c" },
        { type: "secret", target: undefined },
      ],
    });
    expect(copy).toMatchObject({
      sources: ["x"],
      target: "/d/",
      documents: [
        { name: "A", body: "hi $A\n", isLiteral: false },
        { name: "B", body: "$B\n", isLiteral: true },
      ],
    });
  });

  test.each([
    ["RUN true\nONBUILD RUN x", "Line 3 of the Dockerfile: ONBUILD is not supported."],
    ["RUN --mount=type=ssh y", 'Line 2 of the Dockerfile: RUN --mount of the type "ssh" is not supported.'],
    ["RUN --mount=type=cache y", "Line 2 of the Dockerfile: RUN --mount names no target."],
    ["RUN --security=insecure y", "Line 2 of the Dockerfile: RUN --security is not supported."],
    ["COPY onlyone", "Line 2 of the Dockerfile: COPY needs at least one source and a destination."],
    ["COPY https://x.example/y /y", "Line 2 of the Dockerfile: COPY of an address is not supported."],
    ["ADD git@x.example:y.git /y", "Line 2 of the Dockerfile: ADD of a repository is not supported."],
    ["RUN cat <<EOF\nx", "Line 2 of the Dockerfile: The here-document <<EOF has no end."],
    ["FROBNICATE x", "Line 2 of the Dockerfile: FROBNICATE is not supported."],
  ])("refuses %j with the line number", (lines, message) => {
    expect(() => parsed(lines)).toThrow(message);
  });

  test("wants a FROM first", () => {
    expect(() => parseDockerfile("ARG A=1\nRUN true")).toThrow("Only ARG may stand before FROM.");
  });
});
