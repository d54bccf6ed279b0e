// The certificates of servers that this user trusts, by host:port, beside the tokens: a server that shows another one there
// is refused.
import { changeRecord, type RecordFile, readRecord } from "./secret-file.ts";

const PINS: RecordFile = { name: "pins", holds: "certificates" };

/** The certificate (PEM) kept for `address` (host:port, in any case of letters), or null. */
export async function rememberedPin(configDir: string, address: string): Promise<string | null> {
  return (await readRecord(configDir, PINS))[address.toLowerCase()] ?? null;
}

/** Every certificate (PEM) that is kept, for whatever address. */
export async function rememberedPins(configDir: string): Promise<string[]> {
  return [...new Set(Object.values(await readRecord(configDir, PINS)))];
}

/** Stores `certificate` under each of `addresses`; null: the server there has none, and what is kept is forgotten. */
export async function rememberPin(
  configDir: string,
  addresses: readonly string[],
  certificate: string | null,
): Promise<void> {
  if (addresses.length === 0) return;
  const changes = Object.fromEntries(addresses.map((address) => [address.toLowerCase(), certificate]));
  await changeRecord(configDir, PINS, changes);
}
