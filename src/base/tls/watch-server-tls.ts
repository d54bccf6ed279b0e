// Sees when a certificate and its key are replaced on disk, as renewals do. It looks every few seconds instead of listening,
// because renewals swap links in other folders.
import type { Log } from "../log.ts";
import { readServerTls, type ServerTls } from "./tls-files.ts";

const LOOK_EVERY_MS = 2000;

export interface WatchedTls {
  readonly certPath: string;
  readonly keyPath: string;
  /** What is in use. */
  readonly tls: ServerTls;
}

/** `onChange` gets each new pair that fits together; what does not is named once, and the old one stays in use. */
export function watchServerTls(
  { certPath, keyPath, tls }: WatchedTls,
  onChange: (tls: ServerTls) => Promise<void>,
  log: Log,
  everyMs = LOOK_EVERY_MS,
): { stop(): void } {
  let current = tls;
  let complaint = "";
  const look = async () => {
    const found = await readServerTls(certPath, keyPath);
    complaint = "";
    if (found.cert === current.cert && found.key === current.key) return;
    current = found;
    await onChange(found);
    const others = found.fingerprint === null ? "" : `; others need its --tls-fingerprint ${found.fingerprint}`;
    log.info(
      `new connections get the new certificate of ${certPath}, valid to ${found.validTo.toISOString()}${others}`,
    );
  };
  const complain = (thrown: unknown) => {
    const reason = thrown instanceof Error ? thrown.message : String(thrown);
    if (reason !== complaint) log.warn(`the certificate in use stays, because the new one can't be used: ${reason}`);
    complaint = reason;
  };
  let isLooking = false;
  const timer = setInterval(() => {
    if (isLooking) return;
    isLooking = true;
    void look()
      .catch(complain)
      .finally(() => {
        isLooking = false;
      });
  }, everyMs);
  timer.unref();
  return { stop: () => clearInterval(timer) };
}
