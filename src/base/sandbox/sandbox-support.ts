// What this system offers to confine a program, in words for people.

export interface SandboxSupport {
  /** Files, and on newer kernels ports and signals to other processes. */
  readonly confines: readonly ("files" | "ports" | "signals")[];
  readonly words: string;
}

/** What every system has, and no more. */
function none(words: string, platform: NodeJS.Platform): SandboxSupport {
  const bounds = platform === "linux" || platform === "win32" ? "bounds of time and memory" : "bounds of time";
  const left = "it may touch all that this user may";
  return { confines: [], words: `${words}; ffmpeg gets an environment without secrets and ${bounds}, but ${left}` };
}

/** Never throws: that the kernel can't be asked is an answer. */
export async function sandboxSupport(platform = process.platform): Promise<SandboxSupport> {
  if (platform !== "linux") return none("only Linux has a sandbox for it", platform);
  const { landlockAbi } = await import("./landlock.ts");
  let abi: number;
  try {
    abi = landlockAbi();
  } catch (thrown) {
    return none(`the kernel can't be asked: ${thrown instanceof Error ? thrown.message : String(thrown)}`, platform);
  }
  if (abi === 0) return none("this kernel has no Landlock, or it is turned off (Linux 5.13 or newer has it)", platform);
  const confines = ["files", ...(abi >= 4 ? ["ports"] : []), ...(abi >= 6 ? ["signals"] : [])] as const;
  const lacks = abi >= 4 ? "" : "; not ports, for which it takes Linux 6.7";
  return { confines: confines as SandboxSupport["confines"], words: `Landlock ${abi}: ${confines.join(", ")}${lacks}` };
}
