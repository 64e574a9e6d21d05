import { type AnyCommand, defineCommand } from "../command.ts";
import { completions, type Candidate } from "../completion/completions.ts";
import { fixedNames, shells } from "../completion/nouns.ts";
import { serverNames } from "../completion/server-names.ts";
import { shellScripts } from "../completion/shell-scripts.ts";
import type { IndexEntry } from "../index-entry.ts";
import { UsageError } from "../input.ts";

/** Completes the commands of an index. */
export const completion = (index: IndexEntry[]): AnyCommand =>
  defineCommand<{ script: string } | { candidates: Candidate[] }>({
    arguments: [
      { name: "shell", description: "bash, zsh or fish" },
      {
        name: "words",
        description:
          "Behind --: the words of a command line, to be told what may stand in the last one's place",
        optional: true,
        variadic: true,
      },
    ],
    notes: [
      "Prints what the shell is to load:",
      "  bash: source <(dorian completion bash)                  in ~/.bashrc",
      "  zsh:  source <(dorian completion zsh)                   in ~/.zshrc, behind compinit",
      "  fish: dorian completion fish > ~/.config/fish/completions/dorian.fish",
      "Names of apps, volumes and the like are asked of the server, which has two seconds to answer.",
    ],

    async run(input, { config }) {
      const typed = input.argument("shell");
      const shell = shells.find((name) => name === typed);
      if (!shell)
        throw new UsageError(`There is no completion for "${typed}".`, `there is for ${shells.join(", ")}.`);
      const words = input.variadic("words");
      if (words.length === 0) return { script: shellScripts[shell] };
      const candidates = await completions(words, {
        index,
        namesOf: async (noun, options) => fixedNames[noun] ?? (await serverNames(noun, options, config)),
      });
      return { candidates };
    },

    render(result, output) {
      if ("script" in result) {
        output.pass("stdout", result.script);
        return;
      }
      // A shell would take other letters for its own.
      const plain = result.candidates.filter(({ word }) => /^[\w.@:/+=-]+$/.test(word));
      output.pass("stdout", plain.map(({ word, about }) => `${word}\t${about}\n`).join(""));
    },
  });
