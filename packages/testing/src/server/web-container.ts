import { create } from "@bufbuild/protobuf";
import { programOf } from "@dorian/guest/load-program";
import { ContainerArgumentsSchema } from "@dorian/protocol/modal";
import { withinContainer, type ContainerContext } from "../process/container-context.ts";
import type { TestFunction } from "./test-function.ts";

type Program = ReturnType<typeof programOf>;

/** A container that answers requests: its code, hooks and all, without a queue of inputs. */
export class WebContainer implements AsyncDisposable {
  #target: TestFunction;
  #place: ContainerContext;
  #starting: Promise<Program> | undefined;
  #program: Program | undefined;

  constructor(target: TestFunction, place: ContainerContext) {
    this.#target = target;
    this.#place = place;
  }

  /** Answers as a function does, or the method of that name. */
  async answer(methodName: string, request: Request): Promise<Response> {
    return await withinContainer(this.#place, async () => {
      const program = await (this.#starting ??= this.#start().catch((error: unknown) => {
        // The next request finds a container that begins anew.
        this.#starting = undefined;
        throw error;
      }));
      const answer = program.webAnswer?.(methodName);
      return answer ? await answer(request) : new Response("Nothing answers here.\n", { status: 404 });
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await withinContainer(this.#place, async () => {
      for (const hook of this.#program?.exitHooks ?? []) await hook();
    });
  }

  async #start(): Promise<Program> {
    const { functionId, appId, definition, serializedParams, registered } = this.#target;
    const { taskId } = this.#place;
    const fields = { taskId, functionId, appId, functionDef: definition, serializedParams };
    const program = programOf(create(ContainerArgumentsSchema, fields), registered);
    for (const hook of program.enterHooks) await hook();
    this.#program = program;
    return program;
  }
}
