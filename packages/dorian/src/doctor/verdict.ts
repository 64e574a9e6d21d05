export interface Verdict {
  status: "ok" | "warn" | "fail";
  found: string;
  /** What to do; empty when nothing is needed. */
  advice: string;
}

export function ok(found: string): Verdict {
  return { status: "ok", found, advice: "" };
}

export function warn(found: string, advice: string): Verdict {
  return { status: "warn", found, advice };
}

export function fail(found: string, advice: string): Verdict {
  return { status: "fail", found, advice };
}
