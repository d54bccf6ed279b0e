// The line that another machine needs to join, as `ffcluster invite` prints it. Pure.

export interface Invite {
  readonly server: string;
  readonly tls_fingerprint: string | null;
  readonly needs_ca_file: boolean;
  readonly join_token: string;
}

export function joinLineOf({
  server,
  tls_fingerprint: fingerprint,
  needs_ca_file: needsCa,
  join_token: token,
}: Invite): string {
  const pin = fingerprint === null ? "" : ` --tls-fingerprint ${fingerprint}`;
  return `ffcluster join --server ${server} --token ${token}${pin}${needsCa ? " --tls-ca CERT.PEM" : ""}`;
}
