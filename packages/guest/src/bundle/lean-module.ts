import { ScalarType, type DescField, type DescMessage, type DescService } from "@bufbuild/protobuf";
import { must } from "@dorian/base/must";
import { leanType, type LeanShape } from "./lean-messages.ts";

const explicitPresence = 1;
const supportedTypes: ReadonlySet<number> = new Set(Object.values(leanType));

/**
 * Source of a module with the same exports as a generated one, made of tables for `lean-messages.ts`, which it imports as protobuf-es. `exports` is the generated
 * module; its file and enum descriptors are left out.
 */
export function leanModuleSource(exports: Record<string, unknown>): string {
  const tables = new Tables(exports);
  const lines: string[] = ['import { table } from "@bufbuild/protobuf";'];
  for (const [name, value] of Object.entries(exports)) {
    const kind = kindOf(value);
    if (kind === "message") lines.push(`export ${tables.message(name, value as DescMessage)}`);
    else if (kind === "service") lines.push(`export ${tables.service(name, value as DescService)}`);
    else if (kind === undefined) lines.push(`export const ${name} = ${JSON.stringify(value)};`);
  }
  return [...lines, ...tables.foreign].join("\n");
}

class Tables {
  /** Messages of other modules that this one refers to. */
  readonly foreign: string[] = [];
  #names = new Map<string, string>();

  constructor(exports: Record<string, unknown>) {
    for (const [name, value] of Object.entries(exports)) {
      if (kindOf(value) === "message") this.#names.set((value as DescMessage).typeName, name);
    }
  }

  // Text is all but free to load, whatever it holds: functions and literals are not.
  message(name: string, message: DescMessage): string {
    const nested: string[] = [];
    const fields = message.fields.map((field) => this.#field(field, nested));
    const text = JSON.stringify(fields.join(";"));
    const references = nested.length === 0 ? "" : `, () => [${nested.join(", ")}]`;
    return `const ${name} = /*@__PURE__*/ table(${JSON.stringify(message.typeName)}, ${text}${references});`;
  }

  service(name: string, service: DescService): string {
    const methods = service.methods.map((method) => {
      const { localName, methodKind, input, output } = method;
      const head = `${localName}: { name: ${JSON.stringify(method.name)}, methodKind: ${JSON.stringify(methodKind)}`;
      // Getters, because a message may be declared further down.
      return `${head}, get input() { return ${this.#nameOf(input)}; }, get output() { return ${this.#nameOf(output)}; } }`;
    });
    const typeName = JSON.stringify(service.typeName);
    return `const ${name} = { typeName: ${typeName}, method: { ${methods.join(",\n")} } };`;
  }

  #field(field: DescField, nested: string[]): string {
    const { type, message } = typeOf(field);
    if (!supportedTypes.has(type)) {
      throw new Error(
        `Bug: ${field.toString()} has type ${ScalarType[type] ?? type}, which lean-messages.ts lacks.`,
      );
    }
    const { shape, detail } = shapeOf(field);
    if (message) nested.push(this.#nameOf(message));
    return [field.localName, field.number, type, shape, detail].join(",");
  }

  #nameOf(message: DescMessage): string {
    const known = this.#names.get(message.typeName);
    if (known !== undefined) return known;
    const name = `foreign_${message.typeName.replaceAll(".", "_")}`;
    this.#names.set(message.typeName, name);
    this.foreign.push(this.message(name, message));
    return name;
  }
}

function shapeOf(field: DescField): { shape: LeanShape; detail: string } {
  if (field.oneof) return { shape: "oneof", detail: field.oneof.localName };
  if (field.fieldKind === "list") return { shape: "list", detail: "" };
  if (field.fieldKind === "map") return { shape: "map", detail: String(field.mapKey) };
  return { shape: field.presence === explicitPresence ? "optional" : "implicit", detail: "" };
}

function typeOf(field: DescField): { type: number; message?: DescMessage } {
  if (field.message) return { type: leanType.message, message: field.message };
  if (field.enum) return { type: leanType.enum };
  return { type: must(field.scalar, `the type of ${field.name}`) };
}

function kindOf(value: unknown): string | undefined {
  if (typeof value !== "object" || value === null || !("kind" in value)) return undefined;
  return String(value.kind);
}
