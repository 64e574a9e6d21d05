/**
 * The name in an npm package specification.
 *
 * @example
 * npmPackageName("@huggingface/hub@2"); // "@huggingface/hub"
 */
export function npmPackageName(specification: string): string {
  const version = specification.indexOf("@", 1);
  return version === -1 ? specification : specification.slice(0, version);
}
