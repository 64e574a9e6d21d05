import { App, currentTaskId } from "dorian";

export const app = new App("bench-echo");
export const echo = app.function({ name: "echo", scaledownWindow: 300 }, async (text: string) => text);
export const whoami = app.function({ name: "whoami", scaledownWindow: 300 }, async () => currentTaskId());
