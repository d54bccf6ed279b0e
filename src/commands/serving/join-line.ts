// The lines that a person pastes on another machine: the one place that knows how they are written.
import type { OutwardAddress } from "../../api/contract.ts";

/** `token`: one that may join. */
export function joinLine(outward: OutwardAddress, token: string): string {
  return `ffcluster join ${optionsFor(outward, token)}`;
}

/** `token`: one that may submit. */
export function submitLine(outward: OutwardAddress, token: string): string {
  return `ffcluster submit INPUT ${optionsFor(outward, token)}`;
}

/** Server and token stand next to each other, as in the line of a server without a certificate. */
function optionsFor(
  { server, tls_fingerprint: fingerprint, needs_ca_file: needsCaFile }: OutwardAddress,
  token: string,
) {
  const pinned = fingerprint === null ? "" : ` --tls-fingerprint ${fingerprint}`;
  const ca = needsCaFile ? " --tls-ca CERT.PEM" : "";
  return `--server ${server} --token ${token}${pinned}${ca}`;
}
