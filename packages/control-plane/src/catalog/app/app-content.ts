import type { Function as FunctionDefinition } from "@dorian/protocol/modal";

/** A definition with the id under which the function's callers know it. */
export interface IdentifiedDefinition {
  definitionId: string;
  definition: FunctionDefinition;
}

/** What one version of an app consists of. */
export interface AppContent {
  /** By tag: "train", "Model.*". */
  functionIds: ReadonlyMap<string, string>;
  /** By tag: "Model". */
  classIds: ReadonlyMap<string, string>;
  /** By tag: what else it has. */
  objectIds: ReadonlyMap<string, string>;
  /** By function id. */
  definitions: ReadonlyMap<string, IdentifiedDefinition>;
  tags: Record<string, string>;
}
