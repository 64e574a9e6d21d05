import type { Migration } from "kysely/migration";
import { catalog } from "./0001-catalog.ts";
import { dispatch } from "./0002-dispatch.ts";
import { namedObjects } from "./0003-named-objects.ts";
import { calls } from "./0004-calls.ts";
import { deployments } from "./0005-deployments.ts";
import { mountNames } from "./0006-mount-names.ts";
import { schedules } from "./0007-schedules.ts";
import { images } from "./0008-images.ts";
import { webAddresses } from "./0009-web-addresses.ts";
import { credentials } from "./0010-credentials.ts";
import { restrictedTasks } from "./0011-restricted-tasks.ts";
import { logEntries } from "./0015-log-entries.ts";
import { callBytes } from "./0016-call-bytes.ts";
import { inputDeaths } from "./0017-input-deaths.ts";
import { objectsOfApps } from "./0021-objects-of-apps.ts";
import { versions } from "./0022-versions.ts";
import { memorySnapshots } from "./0023-memory-snapshots.ts";

/** In order of their names. Never changed once released: a change is a new one. */
export const migrations: Record<string, Migration> = {
  "0001-catalog": catalog,
  "0002-dispatch": dispatch,
  "0003-named-objects": namedObjects,
  "0004-calls": calls,
  "0005-deployments": deployments,
  "0006-mount-names": mountNames,
  "0007-schedules": schedules,
  "0008-images": images,
  "0009-web-addresses": webAddresses,
  "0010-credentials": credentials,
  "0011-restricted-tasks": restrictedTasks,
  "0015-log-entries": logEntries,
  "0016-call-bytes": callBytes,
  "0017-input-deaths": inputDeaths,
  "0021-objects-of-apps": objectsOfApps,
  "0022-versions": versions,
  "0023-memory-snapshots": memorySnapshots,
};
