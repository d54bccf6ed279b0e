// Asks the local network which servers are there. What comes back is what strangers say: an address to knock at.
import type { Answer } from "dns-packet";
import makeMdns from "multicast-dns";
import { delay } from "../../base/clock.ts";
import type { Log } from "../../base/log.ts";
import { printable } from "../../base/printable.ts";
import type { GivenAddress } from "../server-address.ts";
import { SERVICE } from "./service.ts";

/** More are not listed. */
const MOST = 32;
/** A server that has just answered somebody else is silent for a second. */
const ASK_AGAIN_MS = 1100;

export interface FoundServer {
  /** Where the answer came from, and the port in it. */
  readonly address: GivenAddress;
  /** What it calls itself, for people. */
  readonly name: string;
}

function textOf(answers: readonly Answer[], instance: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const answer of answers) {
    if (answer.type !== "TXT" || answer.name !== instance) continue;
    for (const entry of [answer.data].flat()) {
      const [, key = "", value = ""] = /^([a-z]{1,20})=(.{0,100})$/.exec(entry.toString()) ?? [];
      found.set(key, value);
    }
  }
  return found;
}

/** The servers in one answer that came from `host`. Pure. */
export function serversIn(answers: readonly Answer[], host: string): FoundServer[] {
  return answers.flatMap((answer) => {
    if (answer.type !== "SRV" || !answer.name.endsWith(`.${SERVICE}`) || (answer.ttl ?? 0) === 0) return [];
    const { port } = answer.data;
    if (port < 1 || port > 65_535) return [];
    const said = textOf(answers, answer.name);
    const name = printable(said.get("name") ?? "").trim() || host;
    return [{ address: { host, port, isTls: said.get("tls") !== "0", hasScheme: true }, name }];
  });
}

/** `addresses`: IPv4 addresses of this machine, each one that of an interface to ask on. */
export async function findServers(
  addresses: readonly string[],
  withinMs: number,
  { signal, log }: { readonly signal: AbortSignal; readonly log: Log },
): Promise<FoundServer[]> {
  const found = new Map<string, FoundServer>();
  const sockets = addresses.map((address) => {
    const mdns = makeMdns({ interface: address, bind: "0.0.0.0" });
    mdns.on("error", (thrown: Error) => log.debug(`cannot ask on ${address}: ${thrown.message}`));
    mdns.on("warning", () => {}); // a packet of somebody that is no DNS
    mdns.on("response", ({ answers = [], additionals = [] }, from) => {
      for (const server of serversIn([...answers, ...additionals], from.address)) {
        if (found.size < MOST) found.set(`${server.address.host}:${server.address.port}`, server);
      }
    });
    return mdns;
  });
  const ask = () => {
    for (const mdns of sockets) mdns.query({ questions: [{ name: SERVICE, type: "PTR" }] });
  };
  try {
    ask();
    await delay(Math.min(withinMs, ASK_AGAIN_MS), signal);
    ask();
    await delay(Math.max(0, withinMs - ASK_AGAIN_MS), signal);
  } finally {
    await Promise.all(sockets.map((mdns) => new Promise<void>((resolve) => mdns.destroy(resolve))));
  }
  return [...found.values()];
}
