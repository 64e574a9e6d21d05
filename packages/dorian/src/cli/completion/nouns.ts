import { projectTemplates } from "../project-template.ts";
import { typedNames } from "../config/setting-names.ts";

/** What arguments and values of options are called that stand for something with a name. */
export const nouns = [
  "app",
  "container",
  "dict",
  "environment",
  "queue",
  "secret",
  "setting",
  "shell",
  "template",
  "volume",
] as const;
export type Noun = (typeof nouns)[number];

export const shells = ["bash", "zsh", "fish"] as const;

/** Names that no server is asked for. */
export const fixedNames: Partial<Record<Noun, readonly string[]>> = {
  setting: typedNames,
  shell: shells,
  template: projectTemplates.map(({ name }) => name),
};

export function nounOf(name: string): Noun | undefined {
  return nouns.find((noun) => noun === name);
}
