import { AppError } from "@dorian/base/app-error";
import { maxValueDepth } from "../max-value-depth.ts";

/** A dict while it is being read: what it becomes depends on its keys. */
export class Dictionary extends Map<unknown, unknown> {}

/** Dicts with nothing but strings for keys become objects. Containers are replaced in place: a pickle may share them. */
export function finished(value: unknown, done: Map<object, unknown>, depth: number): unknown {
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return value;
  if (done.has(value)) return done.get(value);
  if (depth > maxValueDepth) throw tooDeep();
  if (Array.isArray(value)) {
    done.set(value, value);
    for (const [index, item] of value.entries()) value[index] = finished(item, done, depth + 1);
    return value;
  }
  if (value instanceof Dictionary) return finishedDictionary(value, done, depth + 1);
  done.set(value, value);
  return value;
}

function finishedDictionary(dictionary: Dictionary, done: Map<object, unknown>, depth: number): unknown {
  if ([...dictionary.keys()].every((key) => typeof key === "string")) {
    const object = {};
    done.set(dictionary, object);
    for (const [key, value] of dictionary) {
      // Like an assignment, but "__proto__" is a key as any other.
      const property = {
        value: finished(value, done, depth),
        enumerable: true,
        configurable: true,
        writable: true,
      };
      Object.defineProperty(object, key as string, property);
    }
    return object;
  }
  const map = new Map<unknown, unknown>();
  done.set(dictionary, map);
  for (const [key, value] of dictionary) map.set(finished(key, done, depth), finished(value, done, depth));
  return map;
}

function tooDeep(): AppError {
  return new AppError("PICKLE_NOT_PLAIN", `The value is nested more than ${maxValueDepth} levels deep.`, {
    status: "INVALID_ARGUMENT",
    remedy: "Send it flat, for example as a list whose items refer to each other by their index.",
  });
}
