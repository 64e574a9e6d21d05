/** Codes of the protocol. */
export const [normalClosure, abnormalClosure, internalError] = [1000, 1006, 1011] as const;

/** Those that say how a connection ended, and cannot be sent: nothing, no code, a broken connection. */
const unsendable: readonly number[] = [1004, 1005, abnormalClosure];

/** What fits into the frame beside its code. */
const maxReasonBytes = 123;

/** The code itself where it can be sent. */
export function sendableCode(code: number = normalClosure): number {
  return (code >= 1000 && code <= 1014 && !unsendable.includes(code)) || (code >= 3000 && code <= 4999)
    ? code
    : normalClosure;
}

/** As much of a reason as can be sent, without a part of a character at its end. */
export function sendableReason(reason: string): string {
  return new TextDecoder().decode(Buffer.from(reason).subarray(0, maxReasonBytes), { stream: true });
}
