import * as protobuf from "@bufbuild/protobuf";
import type { DescField, DescMessage } from "@bufbuild/protobuf";
import * as lean from "./lean-messages.ts";
import * as guest from "@dorian/protocol/guest";
import * as modal from "@dorian/protocol/modal";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { leanModuleSource } from "./lean-module.ts";

type Values = Record<string, unknown>;
type LeanModule = Record<string, lean.LeanSchema>;

const runtime = import.meta.resolve("./lean-messages.ts");

const load = async (exports: Record<string, unknown>) =>
  (await import(
    `data:text/javascript,${encodeURIComponent(leanModuleSource(exports).replace("@bufbuild/protobuf", runtime))}`
  )) as unknown as LeanModule;

const messages = (Object.entries(modal) as [string, { kind?: string }][]).filter(
  (entry): entry is [string, DescMessage] => entry[1].kind === "message",
);

function scalar(type: number): fc.Arbitrary<unknown> {
  const { leanType } = lean;
  if (type === leanType.string) return fc.string({ unit: "grapheme", maxLength: 20 });
  if (type === leanType.bytes) return fc.uint8Array({ maxLength: 40 }).map((bytes) => Uint8Array.from(bytes));
  if (type === leanType.bool) return fc.boolean();
  if (type === leanType.int64) return fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
  if (type === leanType.uint64) return fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
  if (type === leanType.double) return fc.double({ noNaN: true });
  if (type === leanType.float) return fc.float({ noNaN: true });
  if (type === leanType.uint32) return fc.nat({ max: 2 ** 32 - 1 });
  return fc.integer();
}

function single(field: DescField, depth: number): fc.Arbitrary<unknown> {
  if (field.message) return init(field.message, depth - 1);
  if (field.enum) return fc.constantFrom(...field.enum.values.map((value) => value.number));
  return scalar(field.scalar as number);
}

function init(message: DescMessage, depth: number): fc.Arbitrary<Values> {
  // What protobuf-es unwraps is sent by no container: the tables leave it as the message it is.
  const members = message.fields.filter(
    ({ message: nested }) => !nested || (depth > 0 && !/^google\.protobuf\.\w+Value$/.test(nested.typeName)),
  );
  const entries = members.map((field): [string, fc.Arbitrary<unknown>] => {
    const value = single(field, depth);
    if (field.oneof) return [`${field.oneof.localName} ${field.localName}`, value];
    if (field.fieldKind === "list") return [field.localName, fc.array(value, { maxLength: 3 })];
    if (field.fieldKind !== "map") return [field.localName, value];
    const key = field.mapKey === lean.leanType.string ? fc.string({ maxLength: 5 }) : fc.nat().map(String);
    const safe = key.filter((text) => text !== "__proto__");
    return [field.localName, fc.dictionary(safe, value, { maxKeys: 3, noNullPrototype: true })];
  });
  return fc.record(Object.fromEntries(entries), { requiredKeys: [] }).map((values) => {
    const out: Values = {};
    for (const [name, value] of Object.entries(values)) {
      const [group, member] = name.split(" ");
      if (member === undefined) out[name] = value;
      else out[group as string] = { case: member, value };
    }
    return out;
  });
}

const plain = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(plain);
  if (value instanceof Uint8Array) return Buffer.from(value).toString("hex");
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key, item]) => key !== "$unknown" && item !== undefined)
      .map(([key, item]) => [key, plain(item)]),
  );
};

test("tables make, write and read every message of the client service as protobuf-es does", async () => {
  const module = await load(modal);
  fc.assert(
    fc.property(
      fc
        .constantFrom(...messages)
        .chain(([name, desc]) => init(desc, 3).map((values) => ({ name, desc, values }))),
      ({ name, desc, values }) => {
        const schema = module[name] as lean.LeanSchema;
        const theirs = protobuf.create(desc, structuredClone(values) as never);
        const ours = lean.create(schema, structuredClone(values));
        expect(plain(ours)).toEqual(plain(theirs));
        const theirBytes = protobuf.toBinary(desc, theirs);
        const ourBytes = lean.toBinary(schema, ours);
        expect(plain(lean.fromBinary(schema, theirBytes))).toEqual(plain(theirs));
        expect(plain(protobuf.fromBinary(desc, ourBytes))).toEqual(plain(theirs));
      },
    ),
    { numRuns: 1_000 },
  );
});

test("fields that a table does not know are passed over", async () => {
  const module = await load(modal);
  const bytes = Buffer.concat([
    protobuf.toBinary(
      modal.AppCreateResponseSchema,
      protobuf.create(modal.AppCreateResponseSchema, { appId: "ap-1" }),
    ),
    Buffer.from("98f50401a2f504026869", "hex"),
  ]);
  expect(plain(lean.fromBinary(module["AppCreateResponseSchema"] as lean.LeanSchema, bytes))).toEqual(
    plain(protobuf.create(modal.AppCreateResponseSchema, { appId: "ap-1" })),
  );
});

test("services keep their names, methods and message types", async () => {
  const service = (await load(guest))["GuestService"] as unknown as typeof guest.GuestService;
  expect(service.typeName).toBe("dorian.guest.GuestService");
  expect(service.method.reportPhase.name).toBe("ReportPhase");
  expect(service.method.reportPhase.methodKind).toBe("unary");
  expect(service.method.reportPhase.output.typeName).toBe("google.protobuf.Empty");
});
