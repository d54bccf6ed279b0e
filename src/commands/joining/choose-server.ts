// `ffcluster join` without an address: the server on this machine, else one that this machine knows on the local network.
import { createInterface } from "node:readline/promises";
import { type FoundServer, findServers } from "../../api/lan/find-servers.ts";
import { listens } from "../../api/lan/listens.ts";
import { lanAddresses } from "../../api/lan/service.ts";
import { type GivenAddress, serverName } from "../../api/server-address.ts";
import { delay } from "../../base/clock.ts";
import { AppError } from "../../base/errors.ts";
import type { Log } from "../../base/log.ts";
import type { CommandContext } from "../cli/command.ts";
import type { TrustOptions } from "../cli/server-trust.ts";
import { knownServers } from "./known-servers.ts";

const SEARCH_MS = 2000;
const LOCAL_ANSWER_MS = 1000;

const described = ({ name, address }: FoundServer) => `${name} at ${serverName(address)}`;

/** Errors: E_USAGE that lists them, when nobody can be asked or the answer is none of them. */
async function ask(servers: readonly FoundServer[], context: CommandContext): Promise<FoundServer> {
  const list = servers.map((server, index) => `  ${index + 1}  ${described(server)}\n`).join("");
  const several = new AppError(
    "E_USAGE",
    `${servers.length} servers that this machine knows are on this network: ${servers.map(described).join(", ")}`,
    `Name one: ffcluster join --server ${servers.map(({ address }) => serverName(address))[0] ?? ""}`,
  );
  if (!context.isInteractive) throw several;
  const lines = createInterface({ input: process.stdin, terminal: false });
  try {
    context.stderr.write(`Several servers are here:\n${list}Which one? [1-${servers.length}] `);
    const closed = new Promise<string>((resolve) => lines.once("close", () => resolve("")));
    const chosen = servers[Number(await Promise.race([lines.question(""), closed])) - 1];
    if (chosen === undefined) throw several;
    return chosen;
  } finally {
    lines.close();
  }
}

/**
 * Of what answered on the network: the one to join. Null: nothing answered.
 * Errors: E_USAGE where none of them is known, or several are.
 */
export async function chooseFound(
  found: readonly FoundServer[],
  known: readonly FoundServer[],
  context: CommandContext,
): Promise<GivenAddress | null> {
  const [first, ...others] = known;
  if (first !== undefined) return (others.length === 0 ? first : await ask(known, context)).address;
  const [stranger] = found;
  if (stranger === undefined) return null;
  const which = found.map(described).join(", ");
  const hint = stranger.address.isTls
    ? `Run \`ffcluster invite\` there and paste the line it prints: it has the token and the fingerprint that belong to it.`
    : `It speaks plain http. If that is meant: --server ${serverName(stranger.address)}`;
  throw new AppError("E_USAGE", `found ${which}, which this machine does not know`, hint);
}

interface Search extends TrustOptions {
  /** Search on until there is one. */
  readonly persistent: boolean;
  readonly "reconnect-delay": number;
}

/**
 * `local`: where a server on this machine would be; also the answer when there is none and nobody searches on.
 * Errors: those of chooseFound.
 */
export async function chooseServer(
  local: GivenAddress,
  given: Search,
  context: CommandContext,
  log: Log,
): Promise<GivenAddress> {
  const { signal } = context;
  for (let tries = 0; !signal.aborted && !(await listens(local, LOCAL_ANSWER_MS)); tries++) {
    if (tries === 0) log.info("no server on this machine; looking for one on this network");
    const found = await findServers(lanAddresses(), SEARCH_MS, { signal, log });
    const chosen = await chooseFound(found, await knownServers(found, given, context), context);
    if (chosen !== null) return chosen;
    if (!given.persistent) break;
    if (tries === 0) log.info("none answered; looking on. --server HOST names one elsewhere");
    await delay(given["reconnect-delay"] * 1000, signal);
  }
  return local;
}
