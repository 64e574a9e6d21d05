import { publicDeclarations, type Door, type PublicDeclaration } from "@dorian/testkit/public-declarations";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";

/** Files that the types of each door stand in. */
const files: Record<Door, string> = {
  dorian: "index",
  "dorian/testing": "testing",
  "dorian/testing/vite": "testing-vite",
};

/**
 * Writes what users see of the types into `directory`, a file for each door and module system. Whatever a signature names is exported,
 * so that the exported declarations are all there is.
 */
export async function declareTypes(directory: string): Promise<void> {
  const declarations = await publicDeclarations();
  for (const [door, file] of Object.entries(files)) {
    const page = pageOf(declarations.filter((declaration) => declaration.door === door));
    for (const extension of ["d.ts", "d.cts"])
      await writeFile(join(directory, `${file}.${extension}`), `${page}\n`);
  }
  // What is imported for its effect alone.
  for (const extension of ["d.ts", "d.cts"])
    await writeFile(join(directory, `testing-register.${extension}`), "export {};\n");
}

function pageOf(declarations: PublicDeclaration[]): string {
  const texts = declarations.map(({ text }) =>
    // Only what the last line names is offered, under the names that it has there.
    text.replaceAll(/^export /gm, "").replaceAll(/\bimport\("\.[^"]*"\)\./g, ""),
  );
  const names = declarations.map(({ name, as, text }) => {
    const isValue = /^export (declare )?(abstract )?(class|function|const) /m.test(text);
    return `${isValue ? "" : "type "}${as === name ? name : `${name} as ${as}`}`;
  });
  return [
    // Streams and signals are Node's, and TypeScript looks for its types only where somebody refers to them.
    '/// <reference types="node" />',
    ...imports(
      declarations.map(({ file }) => file),
      texts.join("\n"),
    ),
    ...texts,
    `export { ${names.join(", ")} };`,
  ].join("\n\n");
}

/** Import lines for what `text` takes from Node's modules, and from the SDK. */
function imports(files: string[], text: string): Iterable<string> {
  const all = files.flatMap((file) => [
    ...file.matchAll(/^import (?:type )?\{([^}]*)\} from "(node:[^"]+|@dorian\/sdk)";$/gm),
  ]);
  return new Set(
    all.flatMap(([, names = "", from]) =>
      [...names.matchAll(/(?:type )?(\w+)/g)]
        .map(([, name = ""]) => name)
        .filter((name) => new RegExp(`\\b${name}\\b`).test(text))
        .map((name) => `import type { ${name} } from "${from === "@dorian/sdk" ? "dorian" : from}";`),
    ),
  );
}
