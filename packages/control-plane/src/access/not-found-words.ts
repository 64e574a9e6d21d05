/** How somebody asked for an object. */
export type ObjectReference = { name: string } | { id: string };

/** Says that there is no such object. Official clients show this as it is, and their users' programs look for words in it. */
export function notFoundWords(noun: string, reference: ObjectReference): string {
  return "name" in reference
    ? `${noun} '${reference.name}' not found.`
    : `No ${noun} with ID '${reference.id}' found.`;
}
