import { AppError } from "@dorian/base/app-error";
import { parameterSpecs } from "@dorian/sdk/class/parameters";
import type { Registered, RegisteredClass } from "@dorian/sdk/class/registered";
import type { Schedule } from "@dorian/sdk";
import { batchingMessage, type FunctionInit } from "./function-message.ts";

/**
 * How the inputs of a function, or of a class's methods, come to its containers: in batches, and by themselves.
 *
 * @throws AppError SCHEDULE_NEEDS_DEFAULTS
 */
export function ownMessage(item: Registered): FunctionInit {
  if (item.kind === "function") {
    return {
      ...(item.batching ? batchingMessage(item.batching) : {}),
      ...(item.schedule ? { schedule: scheduleMessage(item.schedule) } : {}),
    };
  }
  const methods = item.marks.marks.filter(({ kind }) => kind === "method");
  const batching = methods.find((mark) => mark.batching)?.batching;
  const scheduled = methods.find((mark) => mark.schedule);
  if (scheduled) requireDefaults(item, scheduled.name);
  return {
    ...(batching ? batchingMessage(batching) : {}),
    ...(scheduled?.schedule
      ? { schedule: scheduleMessage(scheduled.schedule), scheduledMethod: scheduled.name }
      : {}),
  };
}

/** A schedule passes nothing, neither to the method nor to its instance. */
function requireDefaults({ tag, target, marks }: RegisteredClass, method: string): void {
  const bare = parameterSpecs(tag, target, marks).find((spec) => !spec.hasDefault);
  if (!bare) return;
  throw new AppError(
    "SCHEDULE_NEEDS_DEFAULTS",
    `${tag}.${method} has a schedule, and parameter "${bare.name}" of its class has no default.`,
    {
      status: "INVALID_ARGUMENT",
      remedy:
        "Give the parameter a default, or let a scheduled function call the method of the instances it means.",
    },
  );
}

function scheduleMessage(schedule: Schedule): NonNullable<FunctionInit["schedule"]> {
  if (schedule.kind === "cron") {
    const { expression: cronString, timeZone: timezone } = schedule;
    return { scheduleOneof: { case: "cron", value: { cronString, timezone } } };
  }
  const { years, months, weeks, days, hours, minutes, seconds } = schedule;
  return {
    scheduleOneof: { case: "period", value: { years, months, weeks, days, hours, minutes, seconds } },
  };
}
