// The guest's body. The file that is made of it starts it, and hands on the SDK to the user's module, which imports that file.
export * from "@dorian/sdk";
export { startGuest } from "./start-guest.ts";
