import { ObjectCreationType } from "@dorian/protocol/modal";
import { transport } from "../client/current-transport.ts";
import { checkName } from "../name-rules.ts";
import type { NamedInfo } from "../named/named-options.ts";
import { unlessMissing } from "../named/unless-missing.ts";

/** An environment as it is listed. */
export interface EnvironmentInfo extends NamedInfo {
  /** Whether it is the one of those who name none. */
  isDefault: boolean;
}

/**
 * Environments are name spaces of apps, volumes, secrets, dicts and queues: `production` and `staging` have each their own. Which one
 * is meant says `MODAL_ENVIRONMENT`, `dorian config set environment`, or the option `environment` where something is looked up.
 * Containers reach their app's alone.
 *
 * @example
 * await Environment.create("staging", { allowExisting: true });
 * const settings = Dict.fromName<string, string>("settings", { environment: "staging", createIfMissing: true });
 * await settings.set("color", "blue");
 */
export class Environment {
  private constructor() {}

  /**
   * Makes an environment, with nothing in it.
   *
   * @throws AppError ENVIRONMENT_EXISTS unless `allowExisting`; TASK_SCOPE in containers
   * @example
   * await Environment.create("testing", { allowExisting: true });
   */
  static async create(
    name: string,
    { allowExisting = false }: { allowExisting?: boolean | undefined } = {},
  ): Promise<void> {
    const { modal } = await transport();
    await modal.environmentGetOrCreate({
      deploymentName: checkName("an environment", name),
      objectCreationType: allowExisting
        ? ObjectCreationType.CREATE_IF_MISSING
        : ObjectCreationType.CREATE_FAIL_IF_EXISTS,
    });
  }

  /**
   * Gives an environment another name. What is in it stays in it.
   *
   * @throws AppError ENVIRONMENT_NOT_FOUND, ENVIRONMENT_EXISTS; PERMISSION_DENIED in containers
   * @example
   * await Environment.delete("rehearsal", { allowMissing: true });
   * await Environment.create("trial", { allowExisting: true });
   * await Environment.rename("trial", "rehearsal");
   */
  static async rename(name: string, newName: string): Promise<void> {
    const { modal } = await transport();
    await modal.environmentUpdate({ currentName: name, name: checkName("an environment", newName) });
  }

  /**
   * Deletes an environment with all that is in it: apps, volumes, secrets, dicts and queues.
   *
   * @throws AppError ENVIRONMENT_NOT_FOUND unless `allowMissing`; PERMISSION_DENIED in containers
   * @example
   * await Environment.delete("old", { allowMissing: true });
   */
  static async delete(
    name: string,
    { allowMissing }: { allowMissing?: boolean | undefined } = {},
  ): Promise<void> {
    const { modal } = await transport();
    await unlessMissing(
      modal.environmentDelete({ name: checkName("an environment", name) }),
      "ENVIRONMENT_NOT_FOUND",
      allowMissing,
    );
  }

  /**
   * The environments that there are.
   *
   * @example
   * for (const { name, isDefault } of await Environment.list()) console.log(name, isDefault);
   */
  static async list(): Promise<EnvironmentInfo[]> {
    const { modal } = await transport();
    const { items } = await modal.environmentList({});
    return items.map((item) => ({
      name: item.name,
      createdAt: new Date(item.createdAt * 1000),
      isDefault: item.default,
    }));
  }
}
