import { App } from "dorian";
import { answer } from "./web-handler.ts";

export const app = new App("bench-web");
export const route = app.web(
  { name: "route", maxContainers: 1, maxConcurrentInputs: 64, scaledownWindow: 300 },
  answer,
);
