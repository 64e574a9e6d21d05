/**
 * What zod, Valibot, ArkType and others have in common, by https://standardschema.dev: it checks a value, and says its
 * type before (`Input`) and after (`Output`) that.
 *
 * @example
 * const positive: StandardSchema<unknown, number> = {
 *   "~standard": {
 *     version: 1,
 *     vendor: "mine",
 *     validate: (value) =>
 *       typeof value === "number" && value > 0 ? { value } : { issues: [{ message: "must be a number above 0" }] },
 *   },
 * };
 */
export interface StandardSchema<Input = unknown, Output = Input> {
  /** The standard's own place, which no other property of a schema collides with. */
  readonly "~standard": {
    readonly version: 1;
    /** Name of the library. */
    readonly vendor: string;
    readonly validate: (value: unknown) => SchemaResult<Output> | Promise<SchemaResult<Output>>;
    /** Types alone: nothing at run time. */
    readonly types?: { readonly input: Input; readonly output: Output } | undefined;
  };
}

/** What became of a value: as it is to be used, or what is wrong with it. */
export type SchemaResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly SchemaIssue[] };

/** One thing that is wrong with a value. */
export interface SchemaIssue {
  /** In the words of the schema's library. */
  readonly message: string;
  /** Where in the value; absent for the whole. */
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** The type that a schema takes: of a default, for example, with `undefined`. */
export type SchemaInput<S extends StandardSchema> = NonNullable<S["~standard"]["types"]>["input"];

/** The type that a schema gives. */
export type SchemaOutput<S extends StandardSchema> = NonNullable<S["~standard"]["types"]>["output"];

/** Where an issue is, as people write it: `items.0.name`; empty for the whole value. */
export function issuePath({ path = [] }: SchemaIssue): string {
  return path.map((step) => String(typeof step === "object" ? step.key : step)).join(".");
}
