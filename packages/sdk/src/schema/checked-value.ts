import { AppError } from "@dorian/base/app-error";
import { issuePath, type SchemaIssue, type StandardSchema } from "./standard-schema.ts";

/**
 * What a schema makes of a value; without a schema the value. `what` names it.
 *
 * @throws AppError VALUE_INVALID, with each place that does not fit
 */
export async function checkedValue(
  schema: StandardSchema | undefined,
  value: unknown,
  what: string,
): Promise<unknown> {
  if (!schema) return value;
  const result = await schema["~standard"].validate(value);
  if (!result.issues) return result.value;
  const issues = result.issues.slice(0, mostIssues).map(textOf);
  const more = result.issues.length - issues.length;
  if (more > 0) issues.push(`and ${more} more`);
  const named = `${what.charAt(0).toUpperCase()}${what.slice(1)}`;
  throw new AppError("VALUE_INVALID", `${named} does not fit its schema: ${issues.join("; ")}.`, {
    status: "INVALID_ARGUMENT",
    remedy: "Make the value what the schema asks for, or change the schema where it is given.",
  });
}

const mostIssues = 5;

function textOf(issue: SchemaIssue): string {
  const path = issuePath(issue);
  return path === "" ? issue.message : `${path}: ${issue.message}`;
}
