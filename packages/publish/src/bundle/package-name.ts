/** True for `name`, `name/sub` and `@scope/name`: what is looked up in `node_modules`. */
export function isBareSpecifier(specifier: string): boolean {
  return /^(@[a-z0-9~-][\w.~-]*\/)?[a-z0-9~-][\w.~-]*(\/|$)/i.test(specifier);
}

/** `@huggingface/hub/dist/x.js` → `@huggingface/hub`. */
export function packageNameOf(specifier: string): string {
  const parts = specifier.split("/");
  return parts.slice(0, specifier.startsWith("@") ? 2 : 1).join("/");
}
