// Which of the servers that answered on the local network this machine knows. An announcement says where to knock; a
// certificate says who opens: one with the fingerprint that was given, or one that this user trusts already.
import { X509Certificate } from "node:crypto";
import { resolve } from "node:path";
import type { FoundServer } from "../../api/lan/find-servers.ts";
import { fetchCertificate, NoCertificate } from "../../api/peer-certificate.ts";
import { hostPort, type ServerAddress } from "../../api/server-address.ts";
import { rememberedPins, rememberPin } from "../../base/config/pin-store.ts";
import { userConfigDir } from "../../base/config/user-config-dir.ts";
import { readTrusted } from "../../base/tls/tls-files.ts";
import { fingerprintOf } from "../../base/tls/trust.ts";
import type { CommandContext } from "../cli/command.ts";
import type { TrustOptions } from "../cli/server-trust.ts";

export type FetchCertificate = (server: ServerAddress, signal: AbortSignal) => Promise<X509Certificate>;

/** PEM certificates of which one must be the server's own or its authority's; a fingerprint: exactly that one. */
async function knownCertificates(
  given: TrustOptions,
  context: CommandContext,
): Promise<(shown: X509Certificate) => boolean> {
  const { "tls-ca": caPath, "tls-fingerprint": fingerprint } = given;
  if (fingerprint !== null) return (shown) => fingerprintOf(shown) === fingerprint;
  if (caPath !== null) {
    const ca = new X509Certificate(await readTrusted(resolve(context.cwd, caPath)));
    return (shown) => shown.raw.equals(ca.raw) || shown.verify(ca.publicKey);
  }
  const pinned = new Set((await rememberedPins(userConfigDir(context.env))).map(fingerprintOf));
  return (shown) => pinned.has(fingerprintOf(shown));
}

/**
 * Those of `found` that show a certificate which is known. One that is pinned counts at its new address from now on. Nothing
 * is sent to any of them. Errors: E_BAD_OPTION for a --tls-ca that can't be read.
 */
export async function knownServers(
  found: readonly FoundServer[],
  given: TrustOptions,
  context: CommandContext,
  fetch: FetchCertificate = fetchCertificate,
): Promise<FoundServer[]> {
  const isKnown = await knownCertificates(given, context);
  const shown = await Promise.all(
    found.map(async (server) => {
      if (!server.address.isTls) return null; // a token would go to a stranger in clear
      return await fetch(server.address, context.signal).catch((thrown: unknown) => {
        if (thrown instanceof NoCertificate) return null;
        throw thrown;
      });
    }),
  );
  const known: FoundServer[] = [];
  for (const [index, server] of found.entries()) {
    const certificate = shown[index];
    if (certificate === null || certificate === undefined || !isKnown(certificate)) continue;
    known.push(server);
    if (given["tls-ca"] !== null || given["tls-fingerprint"] !== null) continue;
    await rememberPin(userConfigDir(context.env), [hostPort(server.address)], certificate.toString());
  }
  return known;
}
