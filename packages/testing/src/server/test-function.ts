import type { Function as FunctionDefinition } from "@dorian/protocol/modal";
import type { Registered } from "@dorian/sdk/class/registered";

/** A function of an app under test, or one of its variants: a class for one set of parameters, other options. */
export interface TestFunction {
  functionId: string;
  appId: string;
  appName: string;
  /** "train", "Model.*" */
  tag: string;
  definition: FunctionDefinition;
  /** Of a class, the parameters that it is bound to; empty for its defaults. */
  serializedParams: Uint8Array;
  /** What its containers run. */
  registered: Registered;
}
