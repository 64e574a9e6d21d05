export interface FunctionRow {
  function_id: string;
  app_id: string;
  tag: string;
  /** For a variant bound to parameters or options: the function it follows. */
  base_function_id: string | null;
  serialized_params: Uint8Array | null;
  /** Bytes of FunctionOptions. */
  options: Uint8Array | null;
  is_builder: number;
  /** Bytes of FunctionPrecreateRequest: what is known before the definition. */
  precreated: Uint8Array | null;
  /** Bytes of the Function that containers run; null until published. */
  definition: Uint8Array | null;
  definition_id: string;
  /** Bytes of the Function that the next publish makes live. */
  pending: Uint8Array | null;
  pending_id: string;
  revision: number;
  /** Bytes of AutoscalerSettings set from outside since the last publish. */
  scheduling: Uint8Array | null;
  created_at: number;
}
