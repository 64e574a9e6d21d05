import { readFileSync } from "node:fs";
import { join } from "node:path";

/** Public names of the official clients, each with the clients that have it. */
export interface Surface {
  /** Oldest first. */
  clients: string[];
  calls: Record<string, string[]>;
  methods: Record<string, string[]>;
  commands: Record<string, string[]>;
  javascript: Record<string, string[]>;
}

export const surfaceFile = join(import.meta.dirname, "surface.json");

export function readSurface(): Surface {
  return JSON.parse(readFileSync(surfaceFile, "utf8")) as Surface;
}

type Reading = { version: string } & Partial<Record<Exclude<keyof Surface, "clients">, string[]>>;

/** Readings of `read-surface.py` and `read-surface.ts`, oldest client first, as one. */
export function mergeReadings(paths: readonly string[]): Surface {
  const surface: Surface = { clients: [], calls: {}, methods: {}, commands: {}, javascript: {} };
  for (const path of paths) {
    const reading = JSON.parse(readFileSync(path, "utf8")) as Reading;
    surface.clients.push(reading.version);
    for (const kind of ["calls", "methods", "commands", "javascript"] as const)
      for (const name of reading[kind] ?? []) (surface[kind][name] ??= []).push(reading.version);
  }
  for (const kind of ["calls", "methods", "commands", "javascript"] as const) {
    const names = Object.entries(surface[kind]).filter(([name]) => !/(^|\.)_/.test(name));
    surface[kind] = Object.fromEntries(names.toSorted(([a], [b]) => (a < b ? -1 : 1)));
  }
  return surface;
}
