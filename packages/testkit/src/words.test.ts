import { inWordsOf } from "@dorian/protocol/error/words";
import { expect, test } from "vitest";
import { errorsIn, productSources, sentencesIn } from "./source-texts.ts";

/** What the server and its workers say may reach any client. The command line and the SDK have users of one language. */
const texts = productSources(
  "{base,protocol,linux,storage,operator,python,oci,control-plane,worker}",
).flatMap((path) => [
  ...sentencesIn(path),
  ...errorsIn(path).flatMap(({ messages, remedies }) => [...messages, ...remedies]),
]);

/** Code of things that only Python's clients have, or that both languages write the same. */
const alone = [
  /^modal (shell|launch|environment|dict|queue|token|secret|app (history|rollback)|workspace proxy-tokens|image names)\b/,
  /^@modal\.web_server$/,
  /^modal\.Function\.get_current_stats\(\)$/,
  /^modal\.Image\.debian_slim\(\)\.pip_install\(…\)$/,
  /^(add_python|enable_memory_snapshot|experimental_options|routing_region)$/,
  /^modal( run|\.Queue)$/,
  /^PIP_INDEX_URL=/,
  /^experimental_options=/,
  /^python_version < /,
];

test("no message says in another language's words what its reader has words for [A23]", () => {
  expect(texts.length).toBeGreaterThan(500);
  const wrong: string[] = [];
  for (const text of texts) {
    const plain = text.replaceAll(/"[^"]*"|‹[^›]*›/g, '""');
    const python = inWordsOf("python", plain);
    if (foreignToPython(python) || outsideOfCode(plain) || foreignToTypeScript(plain)) wrong.push(text);
  }
  expect([...new Set(wrong)]).toEqual([]);
});

const camelCase = /(?<![\w/.-])(?!gVisor|gRPC)[a-z]{2,}[A-Z][a-z]\w*/;
const snakeCase = /(?<![\w/.-])[a-z]+_[a-z_]+/;
const moduleName = /(?<!modal\.)\b(App|Function|FunctionCall|Image|Secret|Volume|Dict|Queue|Cls)\.[a-z]/;

function codeOf(text: string): string[] {
  return [...text.matchAll(/`([^`]+)`/g)].map(([, code = ""]) => code);
}

function foreignToPython(text: string): boolean {
  return codeOf(text).some(
    (code) =>
      camelCase.test(code) ||
      moduleName.test(code) ||
      /dorian (run|deploy|serve|app|container|volume)\b/.test(code) ||
      /\w: \w|(?<!\w)@(?!modal)\w/.test(code),
  );
}

function foreignToTypeScript(text: string): boolean {
  return codeOf(text).some(
    (code) =>
      !alone.some((pattern) => pattern.test(code)) &&
      (snakeCase.test(code) || /\bmodal[ .]/.test(code) || /=(True|None)/.test(code)),
  );
}

function outsideOfCode(text: string): boolean {
  const prose = text.replaceAll(/`[^`]*`/g, "");
  return (
    camelCase.test(prose) ||
    snakeCase.test(prose) ||
    moduleName.test(prose) ||
    /\b(modal|dorian) [a-z]|@[a-z]+\b/.test(prose)
  );
}
