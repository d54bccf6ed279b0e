// Waits for q or Ctrl-C. A terminal that hands on keys as they are typed makes no signal of Ctrl-C.
const CTRL_C = "\u0003";
const CTRL_D = "\u0004";
const ENDS = ["q", "Q", CTRL_C, CTRL_D];

export interface EndKeys {
  /** Aborted by the key; by Ctrl-C with SIGINT as the reason's cause. */
  readonly signal: AbortSignal;
  stop(): void;
}

export function listenForKeys(input: typeof process.stdin): EndKeys {
  const controller = new AbortController();
  if (!input.isTTY) return { signal: controller.signal, stop() {} };
  const onData = (data: Buffer) => {
    const typed = data.toString("latin1");
    const key = ENDS.find((each) => typed.includes(each));
    if (key !== undefined) controller.abort(new Error("a key", { cause: key === CTRL_C ? "SIGINT" : key }));
  };
  input.setRawMode(true);
  input.on("data", onData);
  input.resume();
  return {
    signal: controller.signal,
    stop() {
      input.off("data", onData);
      input.setRawMode(false);
      input.pause();
    },
  };
}
