import { startContainer } from "./start-container.ts";

export * from "@dorian/sdk/index";

// User modules import this file as the SDK, and so may programs that user code starts: only Node's entry point is the guest.
startContainer({ env: process.env, guestUrl: import.meta.url, isEntry: import.meta.main });
