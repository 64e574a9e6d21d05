import { clone, create } from "@bufbuild/protobuf";
import {
  FunctionDataSchema,
  FunctionSchema$,
  type Function as FunctionDefinition,
  type FunctionData,
} from "@dorian/protocol/modal";

/** The definition without the code in it, which nobody needs back. */
export function withoutCode(definition: FunctionDefinition): FunctionDefinition {
  const rest = clone(FunctionSchema$, definition);
  rest.functionSerialized = new Uint8Array();
  rest.classSerialized = new Uint8Array();
  return rest;
}

/** A definition in the form that has one function for each choice of GPU. */
export function functionDataOf(definition: FunctionDefinition): FunctionData {
  const function_ = withoutCode(definition);
  const { ExperimentalTaskTemplates: templates } = definition;
  const ranked =
    templates.length === 0
      ? [{ rank: 0, function: function_ }]
      : templates.map(({ rank, resources }) => ({
          rank,
          function: create(FunctionSchema$, { ...function_, ...(resources ? { resources } : {}) }),
        }));
  const { $typeName: _name, $unknown: _unknown, ...fields } = function_;
  const known = new Set(FunctionDataSchema.fields.map((field) => field.localName));
  const shared = Object.entries(fields).filter(([name]) => known.has(name));
  return create(FunctionDataSchema, { ...Object.fromEntries(shared), rankedFunctions: ranked });
}
