/** Branches of a one-level tree, e.g. what a run created. */
export function renderTree(items: string[]): string[] {
  return items.map((item, index) => `${index === items.length - 1 ? "└──" : "├──"} ${item}`);
}
