import type { CatalogServer, ModalCaller } from "../catalog-server.ts";

export interface Reader {
  server: CatalogServer;
  /** As the token that made it all. */
  modal: ModalCaller;
  /** A value of the first row that a query finds in the database as it was kept. */
  was(query: string): string;
}

export interface Content {
  /** Those that have to have rows for it to be there. */
  tables: string[];
  read: (reader: Reader) => Promise<unknown>;
  is: unknown;
}
