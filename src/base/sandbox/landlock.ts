// Landlock: a Linux process gives up, for itself and everything that it starts, the right to open files and ports beyond
// a list (kernel documentation "Landlock: unprivileged access control"). Linux only; load it nowhere else.
import { ptr } from "bun:ffi";
import { closeSync, constants, statSync } from "node:fs";
import type { Confinement } from "./confinement.ts";
import { type Libc, openLibc } from "./libc.ts";
import { makeMissing, openPath } from "./make-missing.ts";

const CREATE_RULESET = 444n;
const ADD_RULE = 445n;
const RESTRICT_SELF = 446n;
const PR_SET_NO_NEW_PRIVS = 38;
const PR_CAPBSET_DROP = 24;
/** Files of other users, which a server of the system administrator may have to read: capabilities(7). */
const CAP_DAC_OVERRIDE = 1n;
/** There are 41 capabilities today. */
const MOST_CAPABILITIES = 64n;
const VERSION_FLAG = 1n;
const RULE_PATH = 1n;
const RULE_PORT = 2n;
const O_PATH = 0o10000000;

const EXECUTE = 1n << 0n;
const WRITE_FILE = 1n << 1n;
const READ_FILE = 1n << 2n;
const READ_DIR = 1n << 3n;
const REMOVE_DIR = 1n << 4n;
const REMOVE_FILE = 1n << 5n;
const MAKE_DIR = 1n << 7n;
const MAKE_REG = 1n << 8n;
const TRUNCATE = 1n << 14n;
const IOCTL_DEV = 1n << 15n;
const CONNECT_TCP = 1n << 1n;
const BIND_AND_CONNECT_TCP = 0b11n;
const ABSTRACT_SOCKETS_AND_SIGNALS = 0b11n;

/** The rights of a rule on a file; all others are of folders, and the kernel refuses them there. */
const OF_FILES = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | IOCTL_DEV;
const MAY_READ = READ_FILE | READ_DIR;
const MAY_RUN = MAY_READ | EXECUTE;
/** No links, devices and sockets: whoever opens the result must find a plain file. */
const MAY_WRITE = MAY_READ | WRITE_FILE | TRUNCATE | MAKE_REG | REMOVE_FILE;
const MAY_CONTROL = MAY_WRITE | IOCTL_DEV | MAKE_DIR | REMOVE_DIR;

function abiOf(libc: Libc): number {
  return Math.max(0, Number(libc.syscall(CREATE_RULESET, 0n, 0n, VERSION_FLAG, 0n, 0n)));
}

/** The version of the kernel's Landlock: 1 (5.13) files, 3 truncation, 4 (6.7) TCP, 5 devices, 6 signals; 0: none. */
export function landlockAbi(): number {
  return abiOf(openLibc());
}

/** What an ABI knows; a rule must not name more. */
function fileRights(abi: number): bigint {
  const count = abi >= 5 ? 16n : abi >= 3 ? 15n : abi >= 2 ? 14n : 13n;
  return (1n << count) - 1n;
}

class Ruleset {
  readonly #libc: Libc;
  readonly #fd: bigint;
  readonly #known: bigint;

  constructor(libc: Libc, abi: number) {
    this.#libc = libc;
    this.#known = fileRights(abi);
    const network = abi >= 4 ? BIND_AND_CONNECT_TCP : 0n;
    const attributes = new BigUint64Array([this.#known, network, abi >= 6 ? ABSTRACT_SOCKETS_AND_SIGNALS : 0n]);
    const bytes = abi >= 6 ? 24n : abi >= 4 ? 16n : 8n;
    this.#fd = libc.syscall(CREATE_RULESET, BigInt(ptr(attributes)), bytes, 0n, 0n, 0n);
    if (this.#fd < 0n) throw new Error("the kernel makes no set of rules");
  }

  allowPath(path: string, rights: bigint): void {
    const fd = openPath(path, constants.O_RDONLY | O_PATH);
    if (fd === null) return;
    try {
      // statSync follows links, as O_PATH has.
      const granted = rights & this.#known & (statSync(path).isDirectory() ? this.#known : OF_FILES);
      const rule = new DataView(new ArrayBuffer(12));
      rule.setBigUint64(0, granted, true);
      rule.setInt32(8, fd, true);
      this.#add(RULE_PATH, new Uint8Array(rule.buffer), path);
    } finally {
      closeSync(fd);
    }
  }

  allowPort(port: number): void {
    this.#add(RULE_PORT, new Uint8Array(new BigUint64Array([CONNECT_TCP, BigInt(port)]).buffer), `port ${port}`);
  }

  /** From here on the calling thread, and what it starts, has only what was allowed. */
  enforce(): void {
    if (this.#libc.prctl(PR_SET_NO_NEW_PRIVS, 1n, 0n, 0n, 0n) !== 0) throw new Error("no_new_privs is refused");
    if (this.#libc.syscall(RESTRICT_SELF, this.#fd, 0n, 0n, 0n, 0n) !== 0n) throw new Error("the rules are refused");
    closeSync(Number(this.#fd));
  }

  #add(type: bigint, rule: Uint8Array, what: string): void {
    if (this.#libc.syscall(ADD_RULE, this.#fd, type, BigInt(ptr(rule)), 0n, 0n) !== 0n)
      throw new Error(`no rule for ${what}`);
  }
}

/**
 * What the administrator's programs may do beyond files: load kernel modules, set the clock, and read the memory maps and
 * environments of other processes in spite of Landlock (CAP_PERFMON). Ordinary users have nothing to give up.
 */
function dropCapabilities({ prctl }: Libc): void {
  for (let capability = 0n; capability < MOST_CAPABILITIES; capability++)
    if (capability !== CAP_DAC_OVERRIDE && prctl(PR_CAPBSET_DROP, capability, 0n, 0n, 0n) !== 0) return;
}

/**
 * Confines this thread and every program that it starts from now on; returns the ABI, 0 when the kernel has none and
 * nothing was done. A confinement can't be taken back. Errors: a kernel that has Landlock and refuses the rules.
 */
export function restrictSelf(confinement: Confinement): number {
  const libc = openLibc();
  const abi = abiOf(libc);
  if (abi === 0) return 0;
  const rules = new Ruleset(libc, abi);
  for (const path of confinement.programs) rules.allowPath(path, MAY_RUN);
  for (const path of confinement.reads) rules.allowPath(path, MAY_READ);
  for (const path of confinement.writes) {
    makeMissing(path);
    rules.allowPath(path, MAY_WRITE);
  }
  for (const path of confinement.devices) rules.allowPath(path, MAY_CONTROL);
  if (abi >= 4) for (const port of confinement.ports) rules.allowPort(port);
  dropCapabilities(libc);
  rules.enforce();
  return abi;
}
