const pattern = /^(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]*[a-z0-9]$/i;

/** Whether a text is the name of a host under some domain, such as models.example.com; no address, and not `localhost`. */
export function isDomainName(text: string): boolean {
  return pattern.test(text);
}
