import type { Parameter } from "./parameters.ts";

/** What can be called in an app, as far as the command line needs to know. */
export interface AppOutline {
  name: string;
  functions: CallableOutline[];
  classes: { name: string; parameters: Parameter[]; methods: CallableOutline[] }[];
  localEntrypoint: { parameters: Parameter[] } | undefined;
}

export interface CallableOutline {
  name: string;
  parameters: Parameter[];
}
