import { faults, type Fault, type FaultName } from "./chaos-faults.ts";

/** A fault as it happened. */
export interface Strike {
  fault: FaultName;
  /** The container that it met, of one that meets a single one. */
  taskId?: string;
}

/** An input that a server gave to another container, as its log says. */
interface Repetition {
  inputId: string;
  taskId: string;
  cause: string;
  reason: string;
}

interface HeardRepetition {
  repetition: Repetition;
  /** The newest last. */
  strikes: readonly Strike[];
}

const words = "an input goes to another container";
/** How a container ended may be known a turn later. */
const strikesConsidered = 2;

/** Accounts for inputs that are handed out more than once: for each time there has to be a fault that ended their container. */
export class Repetitions {
  #strikes: readonly Strike[] = [];
  #heard: HeardRepetition[] = [];

  struck(strike: Strike): void {
    this.#strikes = [...this.#strikes, strike].slice(-strikesConsidered);
  }

  /** For all that a server writes, its log in JSON among it. */
  listener(): (text: string) => void {
    let rest = "";
    return (text) => {
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) if (line.includes(words)) this.#hear(JSON.parse(line) as Repetition);
    };
  }

  /** What nothing explains; `handedOut` are inputs that were handed out more than once, as the database knows them. */
  unexplained(handedOut: readonly { inputId: string; deliveries: number }[]): string[] {
    const silent = handedOut.flatMap(({ inputId, deliveries }) => {
      const heard = this.#heard.filter(({ repetition }) => repetition.inputId === inputId).length;
      return heard >= deliveries - 1
        ? []
        : [`${inputId} was handed out ${deliveries} times, and the log tells of ${heard}`];
    });
    return [...this.#heard.filter((each) => !isExplained(each)).map(describe), ...silent];
  }

  #hear(repetition: Repetition): void {
    this.#heard.push({ repetition, strikes: this.#strikes });
  }
}

function isExplained({ repetition, strikes }: HeardRepetition): boolean {
  return strikes.some(({ fault, taskId }) => {
    const { endsContainers }: Fault = faults[fault];
    return endsContainers?.includes(repetition.cause) && (taskId ?? repetition.taskId) === repetition.taskId;
  });
}

function describe({ repetition, strikes }: HeardRepetition): string {
  const { inputId, taskId, cause, reason } = repetition;
  const after = strikes.map(({ fault }) => fault).join(", ");
  return `${inputId} left ${taskId} (${cause}: ${reason}) after: ${after}`;
}
