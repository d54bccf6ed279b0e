// What a server says when it is ready: to people where it is and how others join, to scripts the same as JSON.
import type { OutwardAddress } from "../../api/contract.ts";
import { baseUrl, isLoopback, isWildcard, parseServerAddress, serverName } from "../../api/server-address.ts";
import { VERSION } from "../../base/version.ts";
import { formatSeconds } from "../output/format.ts";
import type { Bound } from "./bound.ts";
import { joinLine, submitLine } from "./join-line.ts";
import { outwardAddress } from "./outward-address.ts";

interface Announced extends Bound {
  readonly joinToken: string;
}

/** How other machines reach a server that listens here. */
export function outwardOf(host: string, { port, tls }: Bound): OutwardAddress {
  const fingerprint = tls?.fingerprint ?? null;
  return {
    server: serverName(outwardAddress(host, port, tls)),
    tls_fingerprint: fingerprint,
    needs_ca_file: tls?.isSelfSigned === true && fingerprint === null,
  };
}

/** It listens on loopback. */
export function isHereAlone({ server }: OutwardAddress): boolean {
  return isLoopback(parseServerAddress(server).host);
}

const DAY_S = 86_400;

const daysText = (days: number) => `${days} ${days === 1 ? "day" : "days"}`;

function keepLine(seconds: number | null): string {
  if (seconds === null) return "The files of finished jobs stay here until you remove them (--keep forever).";
  const time = seconds % DAY_S === 0 ? daysText(seconds / DAY_S) : formatSeconds(seconds);
  return `The files of a finished job, its output too, go ${time} after its end (--keep).`;
}

/** `token`: an admin's; `keep`: in seconds, null for ever. */
export function greeting(
  { host, keep }: { readonly host: string; readonly keep: number | null },
  workDir: string,
  token: string,
  announced: Announced,
): string {
  const { plainUrl, joinToken } = announced;
  const plain = plainUrl === null ? "" : ` and, on this machine, ${plainUrl}`;
  const outward = outwardOf(host, announced);
  const url = isWildcard(host) ? baseUrl(outwardAddress(host, announced.port, announced.tls)) : announced.url;
  const others = isHereAlone(outward) ? "this machine, which alone reaches it" : "other machines";
  return (
    `ffcluster ${VERSION} serves ${url}${plain}, work in ${workDir}\n` +
    `On ${others}: ${joinLine(outward, joinToken)}\n` +
    `To submit from there: ${submitLine(outward, token)}\n${keepLine(keep)}\nReady.\n`
  );
}

/** `url` works on this machine, `outward_url` on others. */
export function readyFields(host: string, { url, plainUrl, port, tls }: Bound): object {
  const outward = baseUrl(outwardAddress(host, port, tls));
  const fingerprint = tls?.fingerprint ?? null;
  return { url: plainUrl ?? url, outward_url: outward, tls_fingerprint: fingerprint, port, version: VERSION };
}
