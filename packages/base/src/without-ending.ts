/**
 * A text without the letters `letter` that it ends with. A pattern such as `/a+$/` begins anew at each letter: a peer's text
 * of a megabyte would hold everybody up for minutes.
 */
export function withoutEnding(text: string, letter: string): string {
  let end = text.length;
  while (end > 0 && text[end - 1] === letter) end--;
  return text.slice(0, end);
}
