// Opens a database and is killed in the middle of bringing it to this version: after what migration argv[3] does.
import { openDatabase } from "../../src/database/database.ts";
import { migrations } from "../../src/schema/migrations/index.ts";

const [, , path = "", last = ""] = process.argv;
const killing: typeof migrations = {
  ...migrations,
  [last]: {
    async up(db) {
      await migrations[last]?.up(db);
      process.kill(process.pid, "SIGKILL");
    },
  },
};
await openDatabase(path, { migrations: killing });
