// Whose process is at the other end of a connection over loopback. Linux only: the kernel lists the owner of each socket.
import { readFile } from "node:fs/promises";

const hexPort = (port: number) => port.toString(16).toUpperCase().padStart(4, "0");

/** The user id of the process that connected from `peerPort` to our `port`, both on 127.0.0.1; null: not known. */
export async function uidOfPeer(peerPort: number, port: number): Promise<number | null> {
  if (process.platform !== "linux") return null;
  const table = await readFile("/proc/self/net/tcp", "utf8").catch(() => "");
  const from = `0100007F:${hexPort(peerPort)} 0100007F:${hexPort(port)} `;
  const line = table.split("\n").find((each) => each.includes(from));
  const uid = line?.trim().split(/\s+/)[7];
  return uid === undefined ? null : Number(uid);
}
