// A database as text: what is kept of it, and a database made of that again.
import { DatabaseSync, type SQLOutputValue } from "node:sqlite";

/** SQL that makes the database again: its tables and indexes in the order in which they were made, then their rows. */
export function dump(path: string): string {
  using file = new DatabaseSync(path, { readOnly: true });
  const made = file
    .prepare("select type, name, sql from sqlite_master where sql is not null order by rowid")
    .all();
  const statements = made.map(({ sql }) => String(sql));
  for (const { type, name } of made) {
    if (type !== "table") continue;
    const rows = file.prepare(`select * from "${String(name)}"`);
    rows.setReadBigInts(true);
    for (const row of rows.all())
      statements.push(`insert into "${String(name)}" values (${Object.values(row).map(literal).join(", ")})`);
  }
  return statements.map((statement) => `${statement};\n`).join("");
}

/** Into a database that is empty and checks no foreign keys. */
export function restore(file: DatabaseSync, dumped: string): void {
  file.exec(`begin; ${dumped} commit`);
}

function literal(value: SQLOutputValue): string {
  if (value === null) return "null";
  if (value instanceof Uint8Array) return `x'${Buffer.from(value).toString("hex")}'`;
  if (typeof value === "string") return `'${value.replaceAll("'", "''")}'`;
  return String(value);
}
