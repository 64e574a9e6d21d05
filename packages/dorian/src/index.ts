export * from "@dorian/sdk/index";
