// Cuts connections. Strangers must not take all file descriptors of the server: connections that have not shown a token
// are few, and when descriptors run short the oldest of them are cut. What is being sent for a token ends with that token.
// Linux only, where the kernel lists connections; elsewhere the time limits alone bound strangers, and a body ends by itself
// (`routes/ending-body.ts`).
import { dlopen, ptr } from "bun:ffi";
import { closeSync, openSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import type { Log } from "../base/log.ts";

/** Connections without a token at a time. A client needs one for the instant before its first request. */
const MOST_STRANGERS = 128;
/** Of all descriptors that may be open, the share that strangers may have at most. */
const STRANGERS_SHARE = 1 / 4;
const LOOK_EVERY_MS = 100;
/** A look at each connection takes milliseconds where there are a thousand: without need only this often. */
const LOOK_WITHOUT_NEED_MS = 5000;
const SHUT_BOTH_WAYS = 2;
/** `setsockopt`: a close discards what is not sent yet (struct linger: on, for 0 seconds). */
const SOL_SOCKET = 1;
const SO_LINGER = 13;
const NO_LINGER = new Int32Array([1, 0]);
/** Those that are gone are forgotten when there are more. */
const MOST_REMEMBERED = 10_000;
const ESTABLISHED = "01";

interface Address {
  readonly address: string;
  readonly port: number;
}

export interface ConnectionGuard {
  /** False: it cuts nothing. */
  readonly canCut: boolean;
  /** The connection from this address has shown a token. `ended`: it is cut when this is aborted, until its next request. */
  trust(peer: Address | null, ended: AbortSignal | null): void;
  stop(): void;
}

export const NO_GUARD: ConnectionGuard = { canCut: false, trust: () => undefined, stop: () => undefined };

/** The most descriptors that this process may have open. */
function mostDescriptors(): number {
  const soft = /^Max open files\s+(\d+)/m.exec(readFileSync("/proc/self/limits", "utf8"))?.[1];
  return soft === undefined ? Number.POSITIVE_INFINITY : Number(soft);
}

/** As they are written in /proc/net/tcp and tcp6: both kinds, because a socket for IPv6 takes IPv4 too. */
function peerName(address: string, port: number): string {
  return `${address.replace(/^::ffff:/i, "")} ${port}`;
}

/** "0100007F" is 127.0.0.1: each group of four bytes is a little-endian number. */
function addressOf(hex: string): string {
  const bytes = (hex.match(/.{8}/g) ?? []).flatMap((group) => (group.match(/../g) ?? []).reverse());
  const isMapped = bytes.length === 16 && bytes.slice(0, 12).join("").toUpperCase() === "00000000000000000000FFFF";
  if (bytes.length === 4 || isMapped) {
    return bytes
      .slice(-4)
      .map((byte) => Number.parseInt(byte, 16))
      .join(".");
  }
  const groups = bytes.flatMap((byte, index) => (index % 2 === 0 ? [`${byte}${bytes[index + 1]}`] : []));
  return new URL(`http://[${groups.join(":")}]`).hostname.slice(1, -1);
}

/** Established connections to `port` as inode → peer's name. */
function connectionsTo(port: number): Map<string, string> {
  const found = new Map<string, string>();
  for (const table of ["/proc/self/net/tcp", "/proc/self/net/tcp6"]) {
    for (const line of readTable(table).split("\n").slice(1)) {
      const [, local = "", remote = "", state, , , , , , inode = ""] = line.trim().split(/\s+/);
      if (state !== ESTABLISHED || Number.parseInt(local.split(":")[1] ?? "", 16) !== port) continue;
      const [host = "", remotePort = ""] = remote.split(":");
      found.set(inode, peerName(addressOf(host), Number.parseInt(remotePort, 16)));
    }
  }
  return found;
}

function readTable(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return ""; // a kernel without IPv6, or no descriptor left to read it with
  }
}

function linkOf(fd: string): string {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`);
  } catch {
    return ""; // closed meanwhile: the one that listed the folder
  }
}

/** How many descriptors are open, at least: the system gives out the lowest free number. Null: there is none left. */
function lowestFree(): number | null {
  try {
    const fd = openSync("/dev/null", "r");
    closeSync(fd);
    return fd;
  } catch {
    return null;
  }
}

class LinuxGuard implements ConnectionGuard {
  readonly canCut = true;
  readonly #port: number;
  readonly #log: Log;
  readonly #most: number;
  readonly #shutdown: (fd: number) => void;
  /** What this process or the kernel has not sent yet is discarded, too. */
  readonly #reset: (fd: number) => void;
  readonly #timer: ReturnType<typeof setInterval>;
  /** Peers with a token, by name, and what cuts them. */
  #trusted = new Map<string, AbortSignal | null>();
  readonly #awaited = new WeakSet<AbortSignal>();
  /** Strangers at the last look, oldest first. */
  #strangers = new Set<string>();
  /** Kept open, so that a look is possible when there is no other descriptor left. */
  #spare: number[] = [];
  #isLoud = true;
  /** While fewer descriptors are open, they are not short. */
  readonly #enough: number;
  #lookedAt = Number.NEGATIVE_INFINITY;

  constructor(port: number, log: Log) {
    this.#port = port;
    this.#log = log;
    const all = mostDescriptors();
    this.#most = Math.max(8, Math.min(MOST_STRANGERS, Math.floor(all * STRANGERS_SHARE)));
    this.#enough = all / 2;
    const { shutdown, setsockopt } = dlopen("libc.so.6", {
      shutdown: { args: ["i32", "i32"], returns: "i32" },
      setsockopt: { args: ["i32", "i32", "i32", "ptr", "u32"], returns: "i32" },
    }).symbols;
    this.#shutdown = (fd) => shutdown(fd, SHUT_BOTH_WAYS);
    this.#reset = (fd) => {
      setsockopt(fd, SOL_SOCKET, SO_LINGER, ptr(NO_LINGER), NO_LINGER.byteLength);
      shutdown(fd, SHUT_BOTH_WAYS);
    };
    this.#keepSpare();
    this.#timer = setInterval(() => this.#look(), LOOK_EVERY_MS);
    this.#timer.unref();
  }

  trust(peer: Address | null, ended: AbortSignal | null): void {
    if (peer === null) return;
    this.#trusted.set(peerName(peer.address, peer.port), ended);
    if (this.#trusted.size > MOST_REMEMBERED) this.#forgetGone(new Set(connectionsTo(this.#port).values()));
    if (ended === null || this.#awaited.has(ended)) return;
    this.#awaited.add(ended);
    ended.addEventListener("abort", () => this.#cutAll(ended), { once: true });
  }

  #forgetGone(present: ReadonlySet<string>): void {
    this.#trusted = new Map([...this.#trusted].filter(([peer]) => present.has(peer)));
  }

  #cutAll(ended: AbortSignal): void {
    for (const [peer, fd] of this.#descriptors()) if (this.#trusted.get(peer) === ended) this.#reset(fd);
  }

  /** Of each peer, by its name. */
  #descriptors(): Map<string, number> {
    const peers = connectionsTo(this.#port);
    const open = new Map<string, number>();
    for (const fd of readdirSync("/proc/self/fd")) {
      const inode = /^socket:\[(\d+)\]$/.exec(linkOf(fd))?.[1] ?? "";
      const peer = peers.get(inode);
      if (peer !== undefined) open.set(peer, Number(fd));
    }
    return open;
  }

  stop(): void {
    clearInterval(this.#timer);
    for (const fd of this.#spare.splice(0)) closeSync(fd);
  }

  #keepSpare(): void {
    if (this.#spare.length === 0) this.#spare = [openSync("/dev/null", "r"), openSync("/dev/null", "r")];
  }

  /**
   * Fewer descriptors are open than strangers and those with a token may have together. Some of the latter may have gone
   * unnoticed, but descriptors are not short, and it won't be long until the next look.
   */
  #isEasy(free: number): boolean {
    if (free < this.#most) return true;
    const isSoon = performance.now() - this.#lookedAt < LOOK_WITHOUT_NEED_MS;
    return isSoon && free < this.#enough && free - this.#trusted.size < this.#most;
  }

  #look(): void {
    const free = lowestFree();
    if (free !== null && this.#isEasy(free)) return;
    this.#lookedAt = performance.now();
    for (const fd of this.#spare.splice(0)) closeSync(fd);
    try {
      this.#cutStrangers();
    } finally {
      // When even now there is none, the next look has what was cut.
      if (lowestFree() !== null) this.#keepSpare();
    }
  }

  #cutStrangers(): void {
    const open = this.#descriptors();
    this.#forgetGone(new Set(open.keys()));
    const strangers = new Map([...open].filter(([peer]) => !this.#trusted.has(peer)));
    const known = [...this.#strangers].filter((peer) => strangers.has(peer));
    const inOrder = [...new Set([...known, ...strangers.keys()])];
    this.#strangers = new Set(inOrder);
    if (inOrder.length <= this.#most) return;
    const cut = inOrder.slice(0, inOrder.length - Math.floor(this.#most / 2));
    for (const peer of cut) {
      const fd = strangers.get(peer);
      if (fd !== undefined) this.#shutdown(fd);
      this.#strangers.delete(peer);
    }
    if (this.#isLoud) this.#log.warn(`${inOrder.length} connections without a token: ${cut.length} were cut`);
    this.#isLoud = false;
    setTimeout(() => {
      this.#isLoud = true;
    }, 60_000).unref();
  }
}

export function guardConnections(port: number, log: Log): ConnectionGuard {
  if (process.platform !== "linux") return NO_GUARD;
  try {
    return new LinuxGuard(port, log);
  } catch (thrown) {
    log.debug(`connections without a token are not counted: ${String(thrown)}`); // no /proc, or another libc
    return NO_GUARD;
  }
}
