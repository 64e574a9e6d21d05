import { DatabaseSync } from "node:sqlite";

/** The tables and indexes of a database file, as SQL, in the order in which they were made. */
export function schemaText(path: string): string {
  using file = new DatabaseSync(path, { readOnly: true });
  const made = file.prepare("select sql from sqlite_master where sql is not null order by rowid").all();
  return made.map(({ sql }) => `${String(sql)};\n`).join("");
}
