const plain = /^[\w./:@%+=,-]+$/;

/**
 * The line that runs a command line again as root. It names Node by its path, which root's own search path may lack, and
 * keeps the proxies, which sudo forgets.
 */
export function rootCommand(options: {
  node: string;
  script: string;
  args: readonly string[];
  /** Names of variables that root is to see, too. */
  kept: readonly string[];
}): string {
  const { node, script, args, kept } = options;
  const keeping = kept.length > 0 ? [`--preserve-env=${kept.join(",")}`] : [];
  return ["sudo", ...keeping, ...[node, script, ...args].map(quoted)].join(" ");
}

function quoted(word: string): string {
  return plain.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
