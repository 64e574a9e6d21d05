import {
  type AutoscalerSettings,
  type Function as FunctionDefinition,
  type FunctionOptions,
  type FunctionPrecreateRequest,
} from "@dorian/protocol/modal";

/** A function, or a variant of one bound to parameters and options. Never changed in place. */
export interface FunctionRecord {
  functionId: string;
  appId: string;
  /** As published: "train", or "Model.*" for a class. */
  tag: string;
  /** For a bound variant: what it follows. */
  baseFunctionId: string | undefined;
  serializedParams: Uint8Array;
  options: FunctionOptions | undefined;
  isBuilder: boolean;
  precreated: FunctionPrecreateRequest | undefined;
  /** What containers run; undefined until published, and for bound variants but pins. */
  definition: FunctionDefinition | undefined;
  definitionId: string;
  /** What the next publish makes live. */
  pending: FunctionDefinition | undefined;
  pendingId: string;
  revision: number;
  scheduling: AutoscalerSettings | undefined;
  createdAtMs: number;
}

/** Whether it is a variant that stays with one version of its app, and so has a definition of its own. */
export function isPin(record: FunctionRecord): boolean {
  return record.baseFunctionId !== undefined && record.definition !== undefined;
}

export function newFunctionRecord(
  fields: Pick<FunctionRecord, "functionId" | "appId" | "tag" | "createdAtMs"> & Partial<FunctionRecord>,
): FunctionRecord {
  return {
    baseFunctionId: undefined,
    serializedParams: new Uint8Array(),
    options: undefined,
    isBuilder: false,
    precreated: undefined,
    definition: undefined,
    definitionId: "",
    pending: undefined,
    pendingId: "",
    revision: 0,
    scheduling: undefined,
    ...fields,
  };
}

/** The parts of a function that change, each on its own. */
export type FunctionChange = Partial<
  Pick<
    FunctionRecord,
    "precreated" | "definition" | "definitionId" | "pending" | "pendingId" | "revision" | "scheduling"
  >
>;
