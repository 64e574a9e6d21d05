import type { Migration } from "kysely/migration";
import { catalog } from "./0001-catalog.ts";
import { dispatch } from "./0002-dispatch.ts";

/** In order of their names. Never changed once released: a change is a new one. */
export const migrations: Record<string, Migration> = {
  "0001-catalog": catalog,
  "0002-dispatch": dispatch,
};
