import { create } from "@bufbuild/protobuf";
import { ContainerArgumentsSchema } from "@dorian/protocol/modal";
import { App } from "@dorian/sdk";
import { forgetApps } from "@dorian/sdk/app/app";
import { setTransport } from "@dorian/sdk/client/current-transport";
import { expect, onTestFinished, test } from "vitest";
import { loadProgram } from "./load-program.ts";

test.each(["house", "another name"])(
  "code of an app that includes another calls the functions of both, deployed as %s",
  async (appName) => {
    const shapes = new App("shapes");
    const area = shapes.function({ name: "area" }, async () => 1);
    const app = new App("house").include(shapes);
    const rooms = app.function({ name: "rooms" }, async () => 2);
    onTestFinished(() => {
      forgetApps();
      setTransport(undefined);
    });
    const asked: string[] = [];
    const functionGetCurrentStats = async ({ functionId }: { functionId: string }) => {
      asked.push(functionId);
      return {};
    };
    setTransport({ url: "", modal: { functionGetCurrentStats } as never, inContainer: true });
    for (const objectTag of ["area", "rooms"]) {
      loadProgram(
        create(ContainerArgumentsSchema, {
          functionDef: { appName, nodeEntrypoint: { objectTag } },
          appLayout: { functionIds: { area: "fu-area", rooms: "fu-rooms" } },
        }),
      );
      await area.getCurrentStats();
      await rooms.getCurrentStats();
      app.hydrate(new Map());
    }
    expect(asked).toEqual(["fu-area", "fu-rooms", "fu-area", "fu-rooms"]);
  },
);
