import { AppError } from "@dorian/base/app-error";
import { readBelow } from "@dorian/linux/open-below";

/** Far more than lists of users have; an image may say that there are any number. */
const maxUserFileBytes = 4 * 1024 * 1024;

export interface ContainerUser {
  uid: number;
  gid: number;
  home: string;
  /** Further groups that it is a member of. */
  groups?: number[];
}

/** Finds out who an image's USER is: numbers, or names looked up in the root file system. */
export async function containerUser(rootPath: string, user: string): Promise<ContainerUser> {
  const [name = "", group] = user.split(":");
  // An image without a list of users has root all the same.
  if (group === undefined && ["", "root", "0"].includes(name)) return { uid: 0, gid: 0, home: "/root" };
  const isNumber = /^\d+$/.test(name);
  const entry = isNumber
    ? await findEntry(rootPath, "/etc/passwd", (fields) => fields[2] === name)
    : await requireEntry(rootPath, "/etc/passwd", name);
  const uid = isNumber ? Number(name) : Number(entry?.[2]);
  const home = entry?.[5] || "/";
  if (group === undefined) {
    const gid = entry ? Number(entry[3]) : 0;
    const groups = entry ? await groupsOf(rootPath, entry[0] ?? "", gid) : [];
    return { uid, gid, home, ...(groups.length > 0 && { groups }) };
  }
  const groupEntry = /^\d+$/.test(group) ? undefined : await requireEntry(rootPath, "/etc/group", group);
  return { uid, gid: groupEntry ? Number(groupEntry[2]) : Number(group), home };
}

/** The entry of a list of users or groups. */
async function findEntry(
  rootPath: string,
  file: string,
  isMeant: (fields: string[]) => boolean,
): Promise<string[] | undefined> {
  return (await entriesOf(rootPath, file)).find(isMeant);
}

async function groupsOf(rootPath: string, user: string, primary: number): Promise<number[]> {
  const entries = await entriesOf(rootPath, "/etc/group");
  const memberships = entries.filter((fields) => fields[3]?.split(",").includes(user));
  return memberships.map((fields) => Number(fields[2])).filter((gid) => gid !== primary);
}

async function entriesOf(rootPath: string, file: string): Promise<string[][]> {
  const text = (await readBelow(rootPath, file, { maxBytes: maxUserFileBytes })) ?? "";
  return text
    .toString()
    .split("\n")
    .map((line) => line.split(":"));
}

async function requireEntry(rootPath: string, file: string, name: string): Promise<string[]> {
  const entry = await findEntry(rootPath, file, (fields) => fields[0] === name);
  if (entry) return entry;
  throw new AppError("IMAGE_USER_UNKNOWN", `The image's user "${name}" is not in its ${file}.`, {
    status: "INVALID_ARGUMENT",
    remedy: "Create the user in an earlier step of the image, or name it by number.",
  });
}
