import { AppError } from "@dorian/base/app-error";
import type { AutoscalerSettings as SettingsMessage } from "@dorian/protocol/modal";
import { transport } from "../client/current-transport.ts";
import { checkFunctionOptions, type FunctionOptions } from "./function-options.ts";

/** How many containers a function, or an instance of a class, has. What is left out stays as it is. */
export interface AutoscalerSettings extends Pick<
  FunctionOptions,
  "minContainers" | "maxContainers" | "bufferContainers" | "scaledownWindow"
> {}

/** What the containers of a function, or of an instance of a class, do at this moment. */
export interface FunctionStats {
  /** Inputs that no container works on yet. */
  backlog: number;
  /** Containers that have been started and not ended, busy or not. */
  containers: number;
  /** Containers that work on an input. */
  activeContainers: number;
  /** Inputs that are being worked on. */
  runningInputs: number;
  /** Inputs more that the containers could take at once. */
  inputHeadroom: number;
}

/** The containers of a function, or of an instance of a class: what they do, and how many there are. */
export interface FunctionPool {
  /**
   * Changes how many containers there are, from now until the app is deployed again. Gives back what holds now.
   *
   * @throws AppError OPTION_INVALID, OPTION_UNKNOWN, AUTOSCALER_SETTINGS_INVALID
   * @example
   * const model = Cls.fromName<typeof import("./app.ts").Model>("quickstart", "Model").instance({ modelId: "iris-b" });
   * await model.updateAutoscaler({ minContainers: 1 }); // this instance stays warm
   * await model.updateAutoscaler({ minContainers: 0 });
   */
  updateAutoscaler(settings: AutoscalerSettings): Promise<AutoscalerSettings>;
  /** What the containers do at this moment, and what waits for them. */
  getCurrentStats(): Promise<FunctionStats>;
}

const settingNames = ["minContainers", "maxContainers", "bufferContainers", "scaledownWindow"] as const;

/** The containers of the function whose id `functionId` gives. `owner` names it in errors. */
export function functionPool(owner: string, functionId: () => Promise<string>): FunctionPool {
  return {
    async updateAutoscaler(settings) {
      for (const name of Object.keys(settings)) {
        if (!isSetting(name)) throw settingUnknown(owner, name);
      }
      checkFunctionOptions(owner, settings);
      const { modal } = await transport();
      const { scaledownWindow } = settings;
      const rounded = scaledownWindow === undefined ? {} : { scaledownWindow: Math.round(scaledownWindow) };
      const request = { functionId: await functionId(), settings: { ...settings, ...rounded } };
      return settingsOf((await modal.functionUpdateSchedulingParams(request)).currentSettings);
    },

    async getCurrentStats() {
      const { modal } = await transport();
      const stats = await modal.functionGetCurrentStats({ functionId: await functionId() });
      return {
        backlog: stats.backlog,
        containers: stats.numTotalTasks,
        activeContainers: stats.numActiveTasks,
        runningInputs: stats.numRunningInputs,
        inputHeadroom: stats.inputHeadroom,
      };
    },
  };
}

function isSetting(name: string): name is keyof AutoscalerSettings {
  return (settingNames as readonly string[]).includes(name);
}

function settingUnknown(owner: string, name: string): AppError {
  return new AppError("OPTION_UNKNOWN", `updateAutoscaler() of ${owner} has no setting "${name}".`, {
    status: "INVALID_ARGUMENT",
    remedy: `Known settings: ${settingNames.join(", ")}.`,
  });
}

function settingsOf(message: SettingsMessage | undefined): AutoscalerSettings {
  const { minContainers, maxContainers, bufferContainers, scaledownWindow } = message ?? {};
  const all = { minContainers, maxContainers, bufferContainers, scaledownWindow };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}
