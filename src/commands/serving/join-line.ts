// The line that a person pastes on another machine: the one place that knows how it is written.
import { type ServerAddress, serverName } from "../../api/server-address.ts";

export interface JoinLine {
  /** As the other machine reaches the server. */
  readonly server: ServerAddress;
  /** Of the server's certificate; null: plain http, or a certificate that needs none. */
  readonly fingerprint: string | null;
  /** For a certificate that can't be pinned: `--tls-ca` must name it. */
  readonly needsCaFile?: boolean;
  readonly token: string;
}

export function joinLine({ server, fingerprint, needsCaFile = false, token }: JoinLine): string {
  const pinned = fingerprint === null ? "" : ` --tls-fingerprint ${fingerprint}`;
  return `ffcluster join --server ${serverName(server)}${pinned}${needsCaFile ? " --tls-ca CERT.PEM" : ""} --token ${token}`;
}
