export { decorators, type DecoratorsPlugin } from "@dorian/testing/vite";
