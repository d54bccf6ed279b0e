// The lines that a person pastes on another machine: the one place that knows how they are written.
import { type ServerAddress, serverName } from "../../api/server-address.ts";

export interface Pasted {
  /** As the other machine reaches the server. */
  readonly server: ServerAddress;
  /** Of the server's certificate; null: plain http, or a certificate that needs none. */
  readonly fingerprint: string | null;
  /** For a certificate that can't be pinned: `--tls-ca` must name it. */
  readonly needsCaFile?: boolean;
  readonly token: string;
}

export function joinLine(pasted: Pasted): string {
  return `ffcluster join ${addressOf(pasted)}`;
}

export function submitLine(pasted: Pasted): string {
  return `ffcluster submit INPUT ${addressOf(pasted)}`;
}

/** Server and token stand next to each other, as in the line of a server without a certificate. */
function addressOf({ server, fingerprint, needsCaFile = false, token }: Pasted): string {
  const pinned = fingerprint === null ? "" : ` --tls-fingerprint ${fingerprint}`;
  const ca = needsCaFile ? " --tls-ca CERT.PEM" : "";
  return `--server ${serverName(server)} --token ${token}${pinned}${ca}`;
}
