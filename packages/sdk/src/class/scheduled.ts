import { markMethod } from "./decorators.ts";
import type { Schedule } from "../schedule/schedule.ts";

/** Marks a method that takes no arguments. */
export interface ScheduledDecorator {
  (value: () => unknown, context: ClassMethodDecoratorContext): void;
  /** How "experimentalDecorators" checks it. */
  (prototype: object, name: string, descriptor: PropertyDescriptor): void;
}

/**
 * The method runs by itself, without arguments, on an instance with the defaults of the class's parameters, for as long as the app
 * is deployed. It can be called from outside as well. A class has one such method.
 *
 * @throws AppError METHODS_SCHEDULED when its app takes the class; SCHEDULE_NEEDS_DEFAULTS when it is deployed and a parameter has none
 * @example
 * @app.cls()
 * class Reports {
 *   @schedule(Cron("0 9 * * 1", { timeZone: "Europe/Berlin" }))
 *   async weekly() {
 *     console.log("Monday, nine o'clock in Berlin");
 *   }
 * }
 */
export function schedule(when: Schedule): ScheduledDecorator {
  return markMethod("schedule", arguments, { kind: "method", schedule: when }) as ScheduledDecorator;
}
