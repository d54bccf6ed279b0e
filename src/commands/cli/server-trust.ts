// How a command comes to trust a server: by --tls-ca, by --tls-fingerprint, by the certificate remembered for that host and
// port, else by the system's authorities. Nothing secret is sent before that is settled.
import type { X509Certificate } from "node:crypto";
import { resolve } from "node:path";
import { fetchCertificate, NoCertificate } from "../../api/peer-certificate.ts";
import { baseUrl, type GivenAddress, hostPort, isLoopbackName, type ServerAddress } from "../../api/server-address.ts";
import { rememberedPin, rememberPin } from "../../base/config/pin-store.ts";
import { userConfigDir } from "../../base/config/user-config-dir.ts";
import { AppError } from "../../base/errors.ts";
import { foreignProtocol, otherCertificate, silenceWords } from "../../base/foreign-answer.ts";
import { readTrusted } from "../../base/tls/tls-files.ts";
import { fingerprintOf, pin, type Trust } from "../../base/tls/trust.ts";
import type { CommandContext } from "./command.ts";

export interface TrustOptions {
  readonly "tls-ca": string | null;
  readonly "tls-fingerprint": string | null;
}

export interface TrustedServer {
  readonly server: ServerAddress;
  /** Absent: plain http, or the system's authorities. */
  readonly tls?: Trust;
}

/**
 * Errors: E_BAD_OPTION for certificates that can't be read; E_USAGE for options that exclude each other; with a fingerprint
 * E_UNREACHABLE when nothing answers, E_CERTIFICATE when the server shows another certificate.
 */
export async function trustServer(
  given: GivenAddress,
  options: TrustOptions,
  context: CommandContext,
): Promise<TrustedServer> {
  const { "tls-ca": caPath, "tls-fingerprint": fingerprint } = options;
  const option = caPath === null ? "--tls-fingerprint" : "--tls-ca";
  if (caPath !== null && fingerprint !== null) {
    throw new AppError("E_USAGE", "--tls-ca and --tls-fingerprint exclude each other", "Give one of them.");
  }
  if (given.hasScheme && !given.isTls) {
    if (caPath === null && fingerprint === null) return { server: given };
    const hint = `Write --server https://${hostPort(given)}, or leave ${option} out.`;
    throw new AppError("E_USAGE", `${option} is given, but ${hostPort(given)} would be called with plain http`, hint);
  }
  const server = { ...given, isTls: true };
  if (caPath !== null) return { server, tls: { ca: await readTrusted(resolve(context.cwd, caPath)) } };
  const kept = await rememberedPin(userConfigDir(context.env), hostPort(given));
  const known = kept === null ? null : pin(kept);
  if (kept !== null && known !== null) {
    if (fingerprint === null || fingerprint === fingerprintOf(kept)) return { server, tls: known };
  }
  if (fingerprint === null) {
    const isPlain = !given.hasScheme && (!given.isTls || (await isLoopbackName(given.host)));
    return { server: { ...given, isTls: !isPlain } };
  }
  return { server, tls: await pinByFingerprint(server, fingerprint, context) };
}

async function pinByFingerprint(server: ServerAddress, fingerprint: string, context: CommandContext): Promise<Trust> {
  const certificate = await certificateOf(server, context.signal);
  if (fingerprintOf(certificate) !== fingerprint) throw otherCertificate(hostPort(server));
  const pem = certificate.toString();
  const trust = pin(pem);
  if (trust === null) {
    const hint =
      "Leave --tls-fingerprint out when this machine trusts that authority; else name it with --tls-ca FILE.";
    throw new AppError("E_CERTIFICATE", `an authority signed the certificate of ${hostPort(server)}`, hint);
  }
  await rememberPin(userConfigDir(context.env), [hostPort(server)], pem);
  return trust;
}

async function certificateOf(server: ServerAddress, signal: AbortSignal): Promise<X509Certificate> {
  try {
    return await fetchCertificate(server, signal);
  } catch (thrown) {
    if (!(thrown instanceof NoCertificate)) throw thrown;
    const where = hostPort(server);
    const foreign = await foreignProtocol(new URL(baseUrl(server)), thrown);
    const message = silenceWords(where, thrown) ?? `no server answers at ${where}`;
    const hint = "Start `ffcluster serve` there, or name another server with --server HOST:PORT.";
    throw foreign ?? new AppError("E_UNREACHABLE", message, hint, { cause: thrown, retry: true });
  }
}
