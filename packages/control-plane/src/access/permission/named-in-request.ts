import { AppError } from "@dorian/base/app-error";
import { ScalarType, type DescField, type DescMessage } from "@bufbuild/protobuf";

/** What a request names: objects by their ids, and environments. */
export interface NamedInRequest {
  ids: Set<string>;
  /** Names of environments; empty where the default one is meant. */
  environments: EnvironmentName[];
}

export interface EnvironmentName {
  name: string;
  /** Puts another name in its place, where a field holds nothing else. */
  replace?: (name: string) => void;
}

export interface NamingFields {
  /** Besides every `environment_name`. */
  environmentField?: string | undefined;
  /** With an environment in front of a slash, or without. */
  environmentPrefix?: string | undefined;
}

/** What is put into one request by clients is some hundreds; each is looked up. */
const mostIds = 10_000;

/** The form of all ids but those that callers choose themselves. */
const idForm = /^[a-z]{2}-[0-9A-Za-z]{22}$/;

/**
 * Finds what a request names, wherever it stands: an id is known by its form, so that a new field of a new call cannot be
 * forgotten. Contents in bytes are not looked into.
 *
 * @throws AppError REQUEST_NAMES_TOO_MANY
 */
export function namedInRequest(
  desc: DescMessage,
  request: object,
  fields: NamingFields = {},
): NamedInRequest {
  const found: NamedInRequest = { ids: new Set(), environments: [] };
  visit(desc, request as Record<string, unknown>, found, fields);
  return found;
}

function visit(
  desc: DescMessage,
  message: Record<string, unknown>,
  found: NamedInRequest,
  fields: NamingFields,
): void {
  for (const field of desc.fields) {
    if (!holdsText(field)) continue;
    const value = valueOf(field, message);
    if (value === undefined) continue;
    if (typeof value === "string") {
      if (field.name === "environment_name" || field.name === fields.environmentField) {
        const replace = (name: string) => void (message[field.localName] = name);
        found.environments.push({ name: value, ...(field.oneof ? {} : { replace }) });
      } else if (field.name === fields.environmentPrefix && value.includes("/")) {
        found.environments.push({ name: value.slice(0, value.indexOf("/")) });
      } else note(value, found);
      continue;
    }
    for (const each of valuesOf(field, value)) {
      if (typeof each === "string") note(each, found);
      else if (field.message && isMessage(each)) visit(field.message, each, found, {});
    }
  }
}

function note(text: string, found: NamedInRequest): void {
  if (!idForm.test(text)) return;
  found.ids.add(text);
  if (found.ids.size > mostIds) throw tooMany();
}

function tooMany(): AppError {
  return new AppError(
    "REQUEST_NAMES_TOO_MANY",
    `The request names more than ${mostIds} objects by their ids.`,
    {
      status: "INVALID_ARGUMENT",
      remedy: "Make several requests of it.",
    },
  );
}

function valueOf(field: DescField, message: Record<string, unknown>): unknown {
  if (!field.oneof) return message[field.localName];
  const chosen = message[field.oneof.localName] as { case?: string; value?: unknown } | undefined;
  return chosen?.case === field.localName ? chosen.value : undefined;
}

function valuesOf(field: DescField, value: unknown): Iterable<unknown> {
  if (field.fieldKind === "list") return value as unknown[];
  if (field.fieldKind !== "map") return [value];
  return Object.entries(value as Record<string, unknown>).flat();
}

function isMessage(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && "$typeName" in value;
}

const textual = new Map<DescMessage, boolean>();

/** Whether a message holds text anywhere: others are not looked into. */
function holdsText(field: DescField): boolean {
  if (field.fieldKind === "map") return true;
  if (!field.message) return field.scalar === ScalarType.STRING;
  const known = textual.get(field.message);
  if (known !== undefined) return known;
  // One that holds itself is looked into.
  textual.set(field.message, true);
  const holds = field.message.fields.some(holdsText);
  textual.set(field.message, holds);
  return holds;
}
