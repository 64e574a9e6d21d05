/** Addresses of web functions. A row outlasts its app, so that the next one of its name has the same address. */
export interface WebAddressTable {
  label: string;
  app_id: string;
  tag: string;
  /** The label that the user chose; empty when it is made of app and tag. */
  requested: string;
  /** Null on a server that tells web functions apart by host name. */
  port: number | null;
  /** When the function was last deployed. */
  used_at: number;
}

export const webAddressTables = [
  `create table web_address (
    label text primary key,
    app_id text not null,
    tag text not null,
    requested text not null,
    port integer unique,
    used_at integer not null
  ) strict`,
  "create unique index web_address_function on web_address (app_id, tag)",
];
