import { stripVTControlCharacters } from "node:util";
import type { Colors } from "./output.ts";
import { visibleText } from "./visible-text.ts";

export interface Column<Row> {
  title: string;
  value: (row: Row) => string;
  align?: "left" | "right";
}

/** Rows under a header with a heavy line, as wide as their contents. */
export function renderTable<Row>(columns: Column<Row>[], rows: Row[], colors: Colors): string {
  const cells = rows.map((row) => columns.map((column) => oneLine(column.value(row))));
  const widths = columns.map((column, index) =>
    Math.max(width(column.title), ...cells.map((row) => width(row[index] ?? ""))),
  );
  const line = (texts: string[], style: (text: string) => string) =>
    texts
      .map((text, index) => {
        const padding = " ".repeat((widths[index] ?? 0) - width(text));
        return columns[index]?.align === "right" ? padding + style(text) : style(text) + padding;
      })
      .join("  ")
      .trimEnd();
  const rule = widths.map((size) => "━".repeat(size)).join("  ");
  return [
    line(
      columns.map((column) => column.title),
      colors.bold,
    ),
    colors.dim(rule),
    ...cells.map((row) => line(row, (text) => text)),
  ].join("\n");
}

function oneLine(text: string): string {
  return visibleText(text.replaceAll(/\s*[\r\n]+\s*/g, " "));
}

function width(text: string): number {
  return [...stripVTControlCharacters(text)].length;
}
