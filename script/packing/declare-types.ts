import { publicDeclarations } from "@dorian/testkit/public-declarations";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";

/**
 * Writes what users see of the SDK's types into `directory`, once for each module system. Whatever a signature names is exported, so
 * that the exported declarations are all there is.
 */
export async function declareTypes(directory: string): Promise<void> {
  const declarations = await publicDeclarations();
  const texts = declarations.map(({ text }) =>
    // Only what the last line names is offered, under the names that it has there.
    text.replaceAll(/^export /gm, "").replaceAll(/\bimport\("\.[^"]*"\)\./g, ""),
  );
  const names = declarations.map(({ name, as, text }) => {
    const isValue = /^export (declare )?(abstract )?(class|function|const) /m.test(text);
    return `${isValue ? "" : "type "}${as === name ? name : `${name} as ${as}`}`;
  });
  const page = [
    // Streams and signals are Node's, and TypeScript looks for its types only where somebody refers to them.
    '/// <reference types="node" />',
    ...imports(
      declarations.map(({ file }) => file),
      texts.join("\n"),
    ),
    ...texts,
    `export { ${names.join(", ")} };`,
  ].join("\n\n");
  for (const extension of ["d.ts", "d.cts"])
    await writeFile(join(directory, `index.${extension}`), `${page}\n`);
}

/** Import lines for what `text` takes from Node's modules. */
function imports(files: string[], text: string): Iterable<string> {
  const all = files.flatMap((file) => [
    ...file.matchAll(/^import (?:type )?\{([^}]*)\} from "(node:[^"]+)";$/gm),
  ]);
  return new Set(
    all.flatMap(([, names = "", from]) =>
      [...names.matchAll(/(?:type )?(\w+)/g)]
        .map(([, name = ""]) => name)
        .filter((name) => new RegExp(`\\b${name}\\b`).test(text))
        .map((name) => `import type { ${name} } from "${from}";`),
    ),
  );
}
