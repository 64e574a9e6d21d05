import { relative, resolve } from "node:path";
import { ask } from "../question/ask.ts";
import { defineCommand } from "../command.ts";
import type { CommandContext } from "../context.ts";
import { UsageError } from "../input.ts";
import { appNameOf, projectFiles, projectTemplates, writeProject } from "../project-template.ts";
import { dorianVersion } from "../version.ts";

interface NewProject {
  name: string;
  directory: string;
  template: string;
  files: string[];
  /** The directory as it is reached from here; empty when it is here. */
  place: string;
}

const names = projectTemplates.map(({ name }) => name);

export const command = defineCommand<NewProject>({
  arguments: [
    { name: "directory", description: "Where to make the project; here when left out", optional: true },
  ],
  options: [{ name: "template", short: "t", value: "template", description: `One of ${names.join(", ")}` }],
  notes: [
    ...projectTemplates.map(
      ({ name, about }) => `  dorian init my-app --template ${name.padEnd(10)} ${about}`,
    ),
    "The app is called as its directory is. At a terminal the template is asked for; nothing is overwritten.",
  ],
  json: ({ place: _place, ...project }) => project,

  async run(input, context) {
    const directory = resolve(context.cwd, input.optionalArgument("directory") ?? ".");
    const template = input.option("template") ?? (await askedTemplate(context));
    if (!names.includes(template))
      throw new UsageError(`There is no template "${template}".`, `there are ${names.join(", ")}.`);
    const name = appNameOf(directory);
    const files = await projectFiles(template, { name, version: dorianVersion() });
    await writeProject(directory, files);
    const place = relative(context.cwd, directory);
    return { name, directory, template, files: [...files.keys()], place };
  },

  render({ name, directory, files, place }, output) {
    const { green, dim } = output.noteColors;
    output.note(`${green("✓")} Made the app ${name} in ${directory}: ${files.join(", ")}. Next:`);
    output.note("");
    if (place !== "") output.note(dim(`  cd ${place}`));
    output.note(dim("  npm install"));
    output.note(dim("  npx dorian run app.ts        # README.md tells the rest"));
  },
});

async function askedTemplate(context: CommandContext): Promise<string> {
  if (!context.stdin.isTTY)
    throw new UsageError("No template is named.", `add --template, one of ${names.join(", ")}.`);
  for (const [index, { name, about }] of projectTemplates.entries())
    context.output.note(`  ${index + 1}  ${name.padEnd(10)} ${about}`);
  const answer = (await ask(`Which template? [1-${names.length}]`, context)).trim();
  return projectTemplates[Number(answer) - 1]?.name ?? answer;
}
