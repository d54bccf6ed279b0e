// Answers those who ask the local network for a server. A network on which that is impossible costs a line in the log.
import { hostname } from "node:os";
import type { SrvAnswer, StringAnswer, TxtAnswer } from "dns-packet";
import makeMdns, { type MulticastDNS } from "multicast-dns";
import type { Log } from "../../base/log.ts";
import { VERSION } from "../../base/version.ts";
import { SERVICE } from "./service.ts";

/** Seconds for which others may keep an answer (RFC 6762 §10). */
const TTL = 120;
/** An answer goes to everyone, so those who ask within this time have it too (RFC 6762 §6). */
const QUIET_MS = 1000;

export interface Announced {
  readonly port: number;
  readonly isTls: boolean;
  /** IPv4 addresses that it is announced on, each one that of an interface. */
  readonly addresses: readonly string[];
}

type Records = [StringAnswer, SrvAnswer, TxtAnswer, StringAnswer];

/** A name in one label of DNS: at most 63 bytes, no dot. */
function label(text: string): string {
  return text.replace(/[^A-Za-z0-9-]/g, "-").slice(0, 40) || "server";
}

function recordsOf({ port, isTls }: Announced, address: string, ttl: number): Records {
  const host = label(hostname());
  const instance = `${host}-${port}.${SERVICE}`;
  const target = `${host}.local`;
  const said = [`name=${hostname().slice(0, 60)}`, `version=${VERSION}`, `tls=${isTls ? 1 : 0}`];
  return [
    { name: SERVICE, type: "PTR", ttl, data: instance },
    { name: instance, type: "SRV", ttl, data: { port, target, priority: 0, weight: 0 } },
    { name: instance, type: "TXT", ttl, data: said },
    { name: target, type: "A", ttl, data: address },
  ];
}

function announceOn(address: string, announced: Announced, onTrouble: (thrown: Error) => void): MulticastDNS {
  const mdns = makeMdns({ interface: address, bind: "0.0.0.0" });
  let answeredAt = Number.NEGATIVE_INFINITY;
  const say = () => {
    answeredAt = performance.now();
    const [answer, ...additionals] = recordsOf(announced, address, TTL);
    mdns.respond({ answers: [answer], additionals });
  };
  mdns.on("error", onTrouble);
  mdns.on("warning", () => {}); // a packet of somebody that is no DNS
  mdns.on("query", ({ questions = [] }) => {
    const isMeant = questions.some(({ name, type }) => name === SERVICE && ["PTR", "ANY"].includes(type));
    if (isMeant && performance.now() - answeredAt > QUIET_MS) say();
  });
  mdns.on("ready", say);
  return mdns;
}

/** Until `stop`, which takes it back. */
export function announceServer(announced: Announced, log: Log): { stop(): Promise<void> } {
  let isTold = false;
  const onTrouble = (thrown: Error) => {
    if (!isTold)
      log.warn(`\`ffcluster join\` won't find this server by itself: ${thrown.message}; the join line works`);
    isTold = true;
  };
  const sockets = announced.addresses.map((address) => ({ address, mdns: announceOn(address, announced, onTrouble) }));
  const stopOne = ({ address, mdns }: (typeof sockets)[number]) =>
    new Promise<void>((resolve) => {
      const close = () => mdns.destroy(() => resolve());
      const [answer] = recordsOf(announced, address, 0);
      mdns.respond({ answers: [answer] }, close);
    });
  return {
    async stop() {
      await Promise.all(sockets.map(stopOne));
    },
  };
}
