import { ObjectCreationType } from "@dorian/protocol/modal";

/** What a look-up by name does where there is nothing of that name. */
export function creationType({
  createIfMissing,
}: {
  createIfMissing?: boolean | undefined;
}): ObjectCreationType {
  return createIfMissing ? ObjectCreationType.CREATE_IF_MISSING : ObjectCreationType.UNSPECIFIED;
}
