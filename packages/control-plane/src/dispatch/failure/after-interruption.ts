import type { Cause } from "./cause.ts";

/** The end of a container while it worked on an input. */
export interface Interruption {
  cause: Cause;
  /** What happened, for people: "The container exited with code 3." */
  reason: string;
  /** It worked on other inputs as well. */
  inCompany: boolean;
}

/** What the platform remembers of an input's containers. */
export interface Deaths {
  /** Containers that died under it without it being known that they did so for something else. */
  deaths: number;
  /** Those of them that were killed, by nobody knows whom, while they had no other input. Not kept: a server that starts again counts anew. */
  killsAlone: number;
  /** It may be what they died of: it runs alone, until that is known. */
  isSuspect: boolean;
}

/** What becomes of an input whose container has ended under it. */
export type AfterInterruption =
  /** Its attempt has failed: the user's retries are about this. */
  | { kind: "failed"; exception: string }
  /** It fails, whatever retries there are. */
  | { kind: "given up"; exception: string }
  /** Another container gets it. */
  | ({ kind: "again"; afterMs: number } & Deaths);

/**
 * How many containers an input may outlive. Accidents rarely meet one input twice; what meets it eight times is its own
 * doing, and more tries would take down more machines.
 */
const mostDeaths = 8;
/** From here on it is likelier that an input is what its containers die of than that it was near by. */
const deathsOfSuspects = 4;
/**
 * By kills this is likely sooner: who kills containers of a machine seldom meets one input again and again, and code that
 * has its own process killed, such as by a shell or a child, does so each time.
 */
const killsOfSuspects = 2;
/** As many kills of containers in which it was alone are an input's own doing. */
const mostKillsAlone = 3;
/** The first repetitions come at once. Later ones wait for longer each time, since a machine in trouble may recover. */
const triesAtOnce = 3;
const firstPauseMs = 500;

/**
 * An input is told once what its own code did, and repeated when it was not its doing. Of inputs that ran together the
 * innocent cannot be told from the guilty: each is repeated alone, and shows by that what it is.
 * */
export function afterInterruption(
  before: Deaths,
  { cause, reason, inCompany }: Interruption,
  options: { canRunAgain: boolean; yielded: number },
): AfterInterruption {
  if (!options.canRunAgain)
    return { kind: "given up", exception: `${reason} ${whyNotAgain(options.yielded)}` };
  if (cause === "asked") return { kind: "again", afterMs: 0, ...before };
  const isItsOwn = cause === "code" || cause === "unclear";
  if (isItsOwn && !inCompany) return { kind: "failed", exception: reason };
  const deaths = before.deaths + 1;
  const killsAlone = before.killsAlone + (cause === "killed" && !inCompany ? 1 : 0);
  if (killsAlone >= mostKillsAlone)
    return { kind: "failed", exception: `${reason} ${whyItsOwn(killsAlone)}` };
  if (deaths >= mostDeaths) {
    const exception = `${reason} This input was tried ${deaths} times and its container died each time.`;
    return { kind: "given up", exception };
  }
  const isSuspect =
    before.isSuspect || isItsOwn || deaths >= (cause === "killed" ? killsOfSuspects : deathsOfSuspects);
  const afterMs = deaths < triesAtOnce ? 0 : firstPauseMs * 2 ** (deaths - triesAtOnce);
  return { kind: "again", afterMs: isItsOwn ? 0 : afterMs, deaths, killsAlone, isSuspect };
}

function whyItsOwn(kills: number): string {
  return `${kills} containers that this input had for itself were killed, so its own code is taken to have done it, such as by a child process that kills its parent. If something on the worker's machine kills processes, end that and call again.`;
}

function whyNotAgain(yielded: number): string {
  if (yielded === 0) return "Part of what its caller had sent is kept no more, so it was not run again.";
  return `It had yielded ${yielded} value${yielded === 1 ? "" : "s"}, so it was not run again.`;
}
