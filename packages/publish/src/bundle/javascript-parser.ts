import { Parser } from "acorn";

/** What of acorn's inside its types do not tell. */
interface ParserState {
  inGenerator: boolean;
}

/**
 * Acorn, which takes a slash behind `yield` for a division where the generator is a method: it looks for the word `function`.
 * Its own parser knows better.
 */
export const JavaScriptParser = Parser.extend(
  (Base) =>
    class extends Base {
      inGeneratorContext() {
        return (this as unknown as ParserState).inGenerator;
      }
    },
);
