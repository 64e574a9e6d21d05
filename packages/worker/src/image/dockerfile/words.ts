/** Parts `text` at blanks outside quotes. Quotes and escapes stay as they are, for `expandWord`. */
export function splitWords(text: string, escape = "\\"): string[] {
  const words: string[] = [];
  let word = "";
  let quote = "";
  for (let index = 0; index < text.length; index++) {
    const char = text.charAt(index);
    if (char === escape && quote !== "'") {
      word += char + text.charAt(++index);
      continue;
    }
    if (quote === "" && /\s/.test(char)) {
      if (word !== "") words.push(word);
      word = "";
      continue;
    }
    if (char === quote) quote = "";
    else if (quote === "" && (char === '"' || char === "'")) quote = char;
    word += char;
  }
  if (word !== "") words.push(word);
  return words;
}
