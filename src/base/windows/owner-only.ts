// What modes 0600 and 0700 are elsewhere: an access list with this user alone, set by icacls, for files with secrets and for
// the folders of a work directory. Whoever administers the machine can change it, as root can elsewhere.
import { Once } from "../once.ts";
import { systemProgram } from "./system-program.ts";

/** The user's own id, at the end of what `whoami /user /fo csv /nh` prints; null: none. */
export function sidIn(text: string): string | null {
  return /"(S-1(?:-\d+)+)"\s*$/.exec(text)?.[1] ?? null;
}

/** Nothing is inherited from the folder above; in a folder, all that is made there inherits this. */
export function accessListArgs(path: string, sid: string, kind: "file" | "folder"): string[] {
  const rights = kind === "folder" ? "(OI)(CI)F" : "F";
  return [path, "/inheritance:r", "/grant:r", `*${sid}:${rights}`, "/q"];
}

async function outputOf(program: string, args: readonly string[]): Promise<string | null> {
  try {
    const child = Bun.spawn([systemProgram(program), ...args], {
      stdio: ["ignore", "pipe", "ignore"],
      windowsHide: true,
    });
    const [text, exitCode] = await Promise.all([new Response(child.stdout).text(), child.exited]);
    return exitCode === 0 ? text : null;
  } catch {
    return null; // an edition of Windows without it: the caller says that others may read
  }
}

const ownSid = new Once(async () => sidIn((await outputOf("whoami", ["/user", "/fo", "csv", "/nh"])) ?? ""));

/** Windows only. False: others may still read it (a disk without access lists). */
export async function closeToOthers(path: string, kind: "file" | "folder"): Promise<boolean> {
  const sid = await ownSid.get();
  return sid !== null && (await outputOf("icacls", accessListArgs(path, sid, kind))) !== null;
}
