/** Addresses of web functions. A row outlasts its app, so that the next one of its name has the same address. */
export interface WebAddressRow {
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
