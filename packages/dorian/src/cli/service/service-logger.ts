import { formatWithOptions } from "node:util";
import { pino, type Logger } from "pino";
import { visibleLines, visibleText } from "../output/visible-text.ts";
import type { Colors, TextStream } from "../output/output.ts";

const hidden = new Set(["level", "time", "pid", "hostname", "source", "msg"]);

/** Log of a long-running process: JSON lines for machines, one short line per event for people. */
export function createServiceLogger(options: {
  json: boolean;
  stream: TextStream;
  colors: Colors;
  level: string;
  /** The one that speaks, of several processes with one log. */
  source?: string;
}): Logger {
  const { json, stream, colors, level, source } = options;
  return pino(
    { level, base: source === undefined ? null : { source } },
    json ? stream : { write: (line) => void stream.write(renderLogLine(line, colors)) },
  );
}

/** `{"level":30,"time":…,"source":"worker","msg":"task started","taskId":"ta-1"}` → `12:30:01 [worker] task started taskId=ta-1` */
export function renderLogLine(line: string, colors: Colors): string {
  const event = JSON.parse(line) as Record<string, unknown> & {
    level: number;
    time: number;
    source?: string;
    msg?: string;
  };
  const clock = colors.dim(new Date(event.time).toTimeString().slice(0, 8));
  const source = event.source === undefined ? "" : colors.dim(` [${event.source}]`);
  const level =
    event.level >= 50 ? ` ${colors.red("error")}` : event.level >= 40 ? ` ${colors.yellow("warning")}` : "";
  const fields = Object.entries(event)
    .filter(([name]) => !hidden.has(name))
    .map(([name, value]) => colors.dim(` ${name}=${fieldText(value)}`))
    .join("");
  return `${clock}${source}${level} ${visibleText(event.msg ?? "")}${fields}\n`;
}

function fieldText(value: unknown): string {
  if (typeof value === "string") return visibleText(/\s/.test(value) ? JSON.stringify(value) : value);
  const error = value as { message?: unknown; stack?: unknown } | null;
  if (typeof error === "object" && error !== null && typeof error.message === "string") {
    return typeof error.stack === "string"
      ? visibleLines(error.stack, { colored: false })
      : visibleText(JSON.stringify(error.message));
  }
  return (
    formatWithOptions({ depth: 3, breakLength: Infinity }, "%o", value) && visibleText(JSON.stringify(value))
  );
}
