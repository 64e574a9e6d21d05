import { join } from "node:path";
import type { Plugin } from "rolldown";

const standIn = join(import.meta.dirname, "stand-in.ts");

/** A descriptor, as generated code has it: its name, and the call that makes it. */
const descriptor =
  /^export const ([\w$]+) = \/\*@__PURE__\*\/\s+((?:boot|fileDesc|messageDesc|enumDesc|serviceDesc|extDesc)\([\s\S]*?\));$/gm;
const enumeration = /^export const ([\w$]+) = \/\*@__PURE__\*\/\s+tsEnum\([\w$]+\);$/gm;

/**
 * Has descriptors of messages read at their first use. Generated code reads those of all messages when it is imported, which takes
 * longer than all else that an import of the SDK does. Enumerations become what they are: an import looks at some.
 */
export function lazyDescriptors(): Plugin {
  return {
    name: "lazy-descriptors",
    transform: {
      filter: { id: /_pb\.js$/ },
      async handler(code, id) {
        const values = (await import(id)) as Record<string, unknown>;
        const lazy = code
          .replaceAll(
            enumeration,
            (_, name: string) => `export const ${name} = ${JSON.stringify(values[name])};`,
          )
          .replaceAll(
            descriptor,
            (_, name: string, call: string) => `export const ${name} = /*#__PURE__*/ standIn(() => ${call});`,
          );
        if (lazy.includes("/*@__PURE__*/"))
          throw new Error(`${id} has a descriptor that is made in an unknown way.`);
        // Nobody steps through generated code.
        return {
          code: `import { standIn } from ${JSON.stringify(standIn)};\n${lazy}`,
          map: { mappings: "" },
        };
      },
    },
  };
}
