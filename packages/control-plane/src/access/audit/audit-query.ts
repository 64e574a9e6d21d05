/** What is looked for in the audit log. */
export interface AuditQuery {
  /** All must hold. A word stands for itself wherever it is, `key:value` for a field that has that value. */
  terms: { field: AuditField | undefined; text: string }[];
}

const fields = ["action", "actor", "target", "status", "address"] as const;
export type AuditField = (typeof fields)[number];

const mostTerms = 16;
/** Letters that are looked at. */
const mostLetters = 10_000;

/** Reads a query: words with spaces between them, in quotation marks when they hold some. */
export function parseAuditQuery(text: string): AuditQuery {
  const words = text.slice(0, mostLetters).match(/(?:[^\s"]|"[^"]*")+/g) ?? [];
  const terms = words.slice(0, mostTerms).map((word) => {
    const plain = word.replaceAll('"', "");
    const colon = plain.indexOf(":");
    const field = fields.find((each) => each === plain.slice(0, colon));
    return field ? { field, text: plain.slice(colon + 1) } : { field: undefined, text: plain };
  });
  return { terms };
}
