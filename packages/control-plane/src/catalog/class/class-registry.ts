import { AppError } from "@dorian/base/app-error";
import type { Database } from "../../database/database.ts";

export interface ClassRecord {
  classId: string;
  appId: string;
}

/** Classes are names for class functions: an id that stays the same over redeploys. */
export class ClassRegistry {
  #classes = new Map<string, ClassRecord>();

  static async load(db: Database): Promise<ClassRegistry> {
    const registry = new ClassRegistry();
    for (const row of await db.selectFrom("class").selectAll().execute()) {
      registry.put({ classId: row.class_id, appId: row.app_id });
    }
    return registry;
  }

  /** @throws AppError CLASS_NOT_FOUND when it is not a class of that app */
  require(classId: string, appId: string): ClassRecord {
    const record = this.#classes.get(classId);
    if (record?.appId === appId) return record;
    throw new AppError("CLASS_NOT_FOUND", `There is no class "${classId}" in this app.`, {
      status: "NOT_FOUND",
      remedy: "Read the app's layout again and take the ids from there.",
    });
  }

  get(classId: string): ClassRecord | undefined {
    return this.#classes.get(classId);
  }

  put(record: ClassRecord): void {
    this.#classes.set(record.classId, record);
  }

  removeOfApp(appId: string): void {
    for (const record of this.#classes.values()) {
      if (record.appId === appId) this.#classes.delete(record.classId);
    }
  }
}
