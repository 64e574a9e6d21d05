import { expect, test } from "vitest";
import { markerHolds } from "./marker.ts";
import { parseRequirement, parseRequirements } from "./requirement.ts";

const target = { pythonMinor: "3.11", libc: "manylinux", arch: "x86_64" } as const;

test("requirements are read in the forms that METADATA and requirements files use", () => {
  expect(parseRequirement("Typing_Extensions.x")).toEqual({
    name: "typing-extensions-x",
    extras: [],
    specifier: "",
  });
  expect(parseRequirement("protobuf!=4.24.0,<7.0, >=3.19")).toMatchObject({
    name: "protobuf",
    specifier: "!=4.24.0,<7.0,>=3.19",
  });
  expect(parseRequirement("synchronicity (~=0.7.5)")).toMatchObject({ specifier: "~=0.7.5" });
  expect(parseRequirement('pyjwt[crypto, x]>=2.7; extra == "oauth"')).toEqual({
    name: "pyjwt",
    extras: ["crypto", "x"],
    specifier: ">=2.7",
    marker: 'extra == "oauth"',
  });
  const file =
    "# the list\n\naiohttp==3.12.7 # why\n--find-links x\nyarl==1.20.0 ; python_version < '3.15'\n";
  expect(parseRequirements(file).map(({ name }) => name)).toEqual(["aiohttp", "yarl"]);
});

test.each(["", "a b", "x==", "x>=abc", "pip @ https://x.example/pip.whl", "../x", "x=1"])(
  'a line like "%s" is refused',
  (line) => {
    expect(() => parseRequirement(line)).toThrow(expect.objectContaining({ code: "REQUIREMENT_INVALID" }));
  },
);

test("a line that was made to take long is refused at once [B11]", () => {
  const blanks = "\t".repeat(400);
  for (const line of [`00${blanks};${blanks}`, `a${blanks}b${blanks}(`, "a ".repeat(1_000_000)])
    expect(() => parseRequirement(line)).toThrow(expect.objectContaining({ code: "REQUIREMENT_INVALID" }));
});

test.each([
  ['python_version < "3.12"', true],
  ['python_version < "3.9"', false],
  ["python_version >= '3.10' and sys_platform == 'linux'", true],
  ["sys_platform == 'win32' or (python_version == '3.11' and os_name != 'nt')", true],
  ["python_version == '3.*'", true],
  ["platform_machine not in 'arm64 aarch64'", true],
  ["'linux' in sys_platform", true],
  ['extra == "oauth"', false],
  ["implementation_name == 'pypy' or platform_python_implementation == 'PyPy'", false],
])("the marker %s is %s for Python 3.11 on Linux", (marker, holds) => {
  expect(markerHolds(marker, target)).toBe(holds);
});

test.each([
  "python_version",
  "python_version < ",
  "what == 'x'",
  "(os_name == 'posix'",
  "os_name == 'posix' $",
])("the marker %s is refused", (marker) => {
  expect(() => markerHolds(marker, target)).toThrow(expect.objectContaining({ code: "MARKER_INVALID" }));
});
