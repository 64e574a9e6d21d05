import { AppError } from "@dorian/base/app-error";

/** Kept in memory for as long as an app is known, and told in every list. */
const maxDescriptionLength = 4096;
const maxTagsLength = 64 * 1024;

/** What clients say of an app for people to read. @throws AppError APP_DESCRIPTION_TOO_LONG, APP_TAGS_TOO_LONG */
export function checkAppWords(words: {
  description?: string;
  tags?: Readonly<Record<string, string>>;
}): void {
  const { description = "", tags = {} } = words;
  if (description.length > maxDescriptionLength) {
    throw new AppError(
      "APP_DESCRIPTION_TOO_LONG",
      `The app's description has ${description.length} characters, of which ${maxDescriptionLength} are kept.`,
      { status: "INVALID_ARGUMENT", remedy: "Give the app a shorter name." },
    );
  }
  let length = 0;
  for (const [key, value] of Object.entries(tags)) length += key.length + value.length;
  if (length <= maxTagsLength) return;
  throw new AppError(
    "APP_TAGS_TOO_LONG",
    `The app's tags have ${length} characters together, of which ${maxTagsLength} are kept.`,
    { status: "INVALID_ARGUMENT", remedy: "Keep what is long in a dict or a volume, and its name in a tag." },
  );
}
