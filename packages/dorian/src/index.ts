export * from "@dorian/sdk";
