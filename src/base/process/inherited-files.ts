// Open files of this process that a program reads too: it gets them as descriptors of its own, so that no path is opened a
// second time. An argument names one as `openPath` or `file:openPath`, and everything else stays as it is.
import type { FileHandle } from "node:fs/promises";

const OPEN = /^(file:)?\/proc\/self\/fd\/(\d+)$/;
/** After stdin, stdout and stderr. */
const FIRST = 3;

/** A path that leads to the open file, here and in programs that this process runs; null: the system has no such path. */
export function openPath({ fd }: FileHandle): string | null {
  return process.platform === "linux" ? `/proc/self/fd/${fd}` : null;
}

export interface InheritedFiles {
  /** Of this process: the program gets them as 3, 4, …, in this order. */
  readonly descriptors: readonly number[];
  /** An argument or a path as the program knows it. */
  forProgram(text: string): string;
  /** What the program says, with the paths of this process. */
  fromProgram(text: string): string;
}

export function inheritedFiles(args: readonly string[]): InheritedFiles {
  const named = args.flatMap((arg) => OPEN.exec(arg)?.[2] ?? []).map(Number);
  const descriptors = [...new Set(named)].filter((fd) => fd >= FIRST);
  return {
    descriptors,
    forProgram: (text) => {
      const [, scheme = "", fd = ""] = OPEN.exec(text) ?? [];
      const at = descriptors.indexOf(Number(fd));
      return fd === "" || at === -1 ? text : `${scheme}/proc/self/fd/${FIRST + at}`;
    },
    fromProgram: (text) =>
      text.replace(/\/proc\/self\/fd\/(\d+)/g, (all, fd) => {
        const own = descriptors[Number(fd) - FIRST];
        return own === undefined ? all : `/proc/self/fd/${own}`;
      }),
  };
}
