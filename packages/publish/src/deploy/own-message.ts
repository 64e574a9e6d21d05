import type { Registered } from "@dorian/sdk/class/registered";
import type { Schedule } from "@dorian/sdk";
import { batchingMessage, type FunctionInit } from "./function-message.ts";

/** How the inputs of a function, or of a class's methods, come to its containers: in batches, and by themselves. */
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
  return {
    ...(batching ? batchingMessage(batching) : {}),
    ...(scheduled?.schedule
      ? { schedule: scheduleMessage(scheduled.schedule), scheduledMethod: scheduled.name }
      : {}),
  };
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
