import { userSettingNames, type UserSettings } from "@dorian/sdk/client/user-settings";
import { UsageError } from "../input.ts";
import { nearestName } from "../lookup/nearest-name.ts";

export type SettingName = keyof UserSettings;

/** As they are typed: "token-id". */
export const typedNames: readonly string[] = userSettingNames.map(typedName);

export function typedName(name: SettingName): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** @throws UsageError */
export function settingOf(typed: string): SettingName {
  const found = userSettingNames.find((name) => typedName(name) === typed);
  if (found) return found;
  const near = nearestName(typed, typedNames);
  throw new UsageError(
    `There is no setting "${typed}".`,
    `${near ? `did you mean ${near}? There` : "there"} are ${typedNames.join(", ")}.`,
  );
}
