import { createHash } from "node:crypto";

const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/** Id of the variant of a function with these parameters and options: the same for the same three, for ever. */
export function boundFunctionId(functionId: string, params: Uint8Array, options: Uint8Array): string {
  const digest = createHash("sha256")
    .update(`${functionId} ${params.length} ${options.length} `)
    .update(params)
    .update(options)
    .digest("hex");
  let rest = BigInt(`0x${digest}`);
  let text = "";
  for (let i = 0; i < 22; i++) {
    text += alphabet.charAt(Number(rest % 62n));
    rest /= 62n;
  }
  return `fu-${text}`;
}
