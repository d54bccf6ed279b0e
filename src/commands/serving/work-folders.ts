// The work folders in which this user has started servers. A server that begins anew in another folder says where the older
// ones are, since it has neither their jobs nor their token.
import { join } from "node:path";
import { changeRecord, type RecordFile, readRecord } from "../../base/config/secret-file.ts";
import { exists } from "../../base/files.ts";
import type { Log } from "../../base/log.ts";

/** When each was started last, as ISO text, by its path. */
const FOLDERS: RecordFile = { name: "work-folders", holds: "work folders" };

function isServers(workDir: string): Promise<boolean> {
  return exists(join(workDir, "db", "server.db"));
}

/** Those that are still there, the one that was started last first. */
async function readFolders(configDir: string): Promise<string[]> {
  const known = Object.entries(await readRecord(configDir, FOLDERS));
  const there: [string, string][] = [];
  for (const entry of known) if (await isServers(entry[0])) there.push(entry);
  return there.toSorted(([, a], [, b]) => b.localeCompare(a)).map(([path]) => path);
}

/** Says so, where a new server is about to begin in `workDir`, and others of this user lie elsewhere. */
export async function pointAtOthers(configDir: string, workDir: string, log: Log): Promise<void> {
  if (await isServers(workDir)) return;
  const others = await readFolders(configDir).catch((thrown: unknown) => {
    log.warn(`other work folders of yours are not known: ${thrown instanceof Error ? thrown.message : thrown}`);
    return [];
  });
  const [last, ...more] = others.filter((path) => path !== workDir);
  if (last === undefined) return;
  const rest = more.length === 0 ? "" : ` (and ${more.length} more)`;
  log.warn(
    `a new server begins in ${workDir}, with no jobs and a token of its own; another work folder of yours is in ${last}${rest}. ` +
      `To go on with that one: ffcluster serve --work-dir ${JSON.stringify(last)}`,
  );
}

/** Folders that are gone are forgotten. A settings folder that can't be written changes nothing else. */
export async function rememberWorkFolder(configDir: string, workDir: string, log: Log): Promise<void> {
  try {
    const known = Object.keys(await readRecord(configDir, FOLDERS));
    const there = await readFolders(configDir);
    const gone = known.filter((path) => !there.includes(path)).map((path) => [path, null]);
    const changes = { ...Object.fromEntries(gone), [workDir]: new Date().toISOString() };
    await changeRecord(configDir, FOLDERS, changes);
  } catch (thrown) {
    log.warn(`this work folder could not be noted: ${thrown instanceof Error ? thrown.message : thrown}`);
  }
}
