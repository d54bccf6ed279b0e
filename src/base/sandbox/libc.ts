// The functions of Linux's C library that a guard needs. Linux only; load it nowhere else.
import { dlopen } from "bun:ffi";

/** glibc's, then musl's. */
const NAMES = ["libc.so.6", "libc.musl-x86_64.so.1", "libc.musl-aarch64.so.1"] as const;

const FUNCTIONS = {
  syscall: { args: ["i64", "i64", "i64", "i64", "i64", "i64"], returns: "i64" },
  prctl: { args: ["i32", "u64", "u64", "u64", "u64"], returns: "i32" },
  prlimit: { args: ["i32", "i32", "ptr", "ptr"], returns: "i32" },
} as const;

function open(name: string) {
  return dlopen(name, FUNCTIONS).symbols;
}

export type Libc = ReturnType<typeof open>;

let opened: Libc | undefined;

/** Opened once: that compiles the calls. Errors: what dlopen throws where there is neither library, or no memory that may be run. */
export function openLibc(): Libc {
  if (opened !== undefined) return opened;
  let why: unknown;
  for (const name of NAMES) {
    try {
      opened = open(name);
      return opened;
    } catch (thrown) {
      why = thrown;
    }
  }
  throw why;
}
