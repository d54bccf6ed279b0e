// What `serve` keeps for its own user's commands on this machine: its token and its certificate, by host and port.
import { join } from "node:path";
import { isLoopback, isLoopbackName, localNames, parseServerAddress } from "../../api/server-address.ts";
import { rememberPin } from "../../base/config/pin-store.ts";
import { rememberToken } from "../../base/config/token-store.ts";
import { userConfigDir } from "../../base/config/user-config-dir.ts";
import type { Log } from "../../base/log.ts";
import type { CommandContext } from "../cli/command.ts";
import type { Bound } from "./bound.ts";

/** Every name by which this user may call the server here, and those that speak plain http. */
async function namesHere(host: string, { port, plainUrl, tls }: Bound) {
  const names = localNames(host, port, tls?.names);
  const plain: string[] = [];
  for (const name of names) {
    const { host: called } = parseServerAddress(name);
    const isLocal = plainUrl !== null && (isLoopback(called) || (await isLoopbackName(called)));
    if (tls === null || isLocal) plain.push(name);
  }
  return { names, plain, pinned: names.filter((name) => !plain.includes(name)) };
}

/** If the user's folder is read-only (a service account), local commands need --token; nothing else changes. */
export async function rememberForUser(
  context: CommandContext,
  host: string,
  bound: Bound,
  token: string,
  log: Log,
): Promise<void> {
  const folder = userConfigDir(context.env);
  const { names, plain, pinned } = await namesHere(host, bound);
  try {
    await rememberToken(folder, names, token);
    await rememberPin(folder, plain, null);
    await rememberPin(folder, pinned, bound.tls?.fingerprint ? bound.tls.cert : null);
  } catch (thrown) {
    const reason = thrown instanceof Error ? thrown.message : String(thrown);
    log.warn(`the token could not be stored in ${join(folder, "tokens.json")}; local commands need --token: ${reason}`);
  }
}
