export * from "@dorian/testing";
