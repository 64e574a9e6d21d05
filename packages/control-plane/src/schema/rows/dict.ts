export interface DictEntryRow {
  dict_id: string;
  /** As the client has serialised it: equal keys are equal bytes. */
  key: Uint8Array;
  value: Uint8Array;
}
