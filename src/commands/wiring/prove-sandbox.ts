// Proves the sandbox from inside: ffmpeg itself is asked to read, write and connect where it may not, and, so that a
// failure means something, also where it may.
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { exists } from "../../base/files.ts";
import { succeeded } from "../../base/process/run-process.ts";
import { sandboxSupport } from "../../base/sandbox/sandbox-support.ts";
import { runTool } from "../../media/ffmpeg/run-tool.ts";
import { NAME_THE_PROGRAM } from "../../media/ffmpeg/sandbox/fit-sandbox.ts";
import { fileUrl, QUIET } from "../../media/ffmpeg/tool-args.ts";
import type { Tools } from "../../media/ffmpeg/tools.ts";
import { BY_NAME } from "./check-sandbox.ts";
import type { DoctorCheck } from "./run-doctor.ts";

const TIMEOUT_MS = 10_000;
const DISCARD = ["-f", "null", "-"];

interface Trial {
  readonly tools: Tools;
  readonly folder: string;
  readonly signal: AbortSignal;
}

function check(name: string, isAllowedOne: boolean, isRefusedOne: boolean): DoctorCheck {
  const detail = !isAllowedOne ? "what is allowed fails too" : isRefusedOne ? "refused" : "NOT REFUSED";
  return { name: `sandbox: ${name}`, ok: isAllowedOne && isRefusedOne, detail };
}

/** Any file is sound of 8 bits to ffmpeg. */
async function tryToRead({ tools, folder, signal }: Trial): Promise<DoctorCheck> {
  const secret = join(folder, "secret");
  await writeFile(secret, "what no film may read");
  const args = [...QUIET, "-f", "u8", "-i", fileUrl(secret), ...DISCARD];
  const read = async (reads: readonly string[]) =>
    succeeded(await runTool({ tools, program: "ffmpeg", args, reads, writes: [], signal, timeoutMs: TIMEOUT_MS }));
  const [allowed, other] = await Promise.all([read([secret]), read([])]);
  return check("read another file", allowed, !other);
}

async function tryToWrite({ tools, folder, signal }: Trial): Promise<DoctorCheck> {
  const [inside, outside] = [join(folder, "inside"), join(folder, "outside")];
  await mkdir(inside);
  await mkdir(outside);
  const write = async (into: string) => {
    const file = join(into, "sound");
    const args = [...QUIET, "-f", "lavfi", "-i", "anullsrc=d=0.1", "-f", "u8", "-y", fileUrl(file)];
    await runTool({ tools, program: "ffmpeg", args, reads: [], writes: [inside], signal, timeoutMs: TIMEOUT_MS });
    return await exists(file);
  };
  const [allowed, other] = await Promise.all([write(inside), write(outside)]);
  return check("write elsewhere", allowed, !other);
}

async function tryToConnect({ tools, signal }: Trial): Promise<DoctorCheck> {
  const connect = async (isAllowed: boolean) => {
    let calls = 0;
    const open = (socket: Bun.Socket) => {
      calls += 1;
      socket.end();
    };
    using listener = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { open, data: () => undefined } });
    const url = `http://127.0.0.1:${listener.port}/`;
    const args = [...QUIET, "-f", "u8", "-i", url, ...DISCARD];
    const urls = isAllowed ? [url] : [];
    await runTool({ tools, program: "ffmpeg", args, reads: [], writes: [], urls, signal, timeoutMs: TIMEOUT_MS });
    return calls > 0;
  };
  const [allowed, other] = await Promise.all([connect(true), connect(false)]);
  return check("connect to another port", allowed, !other);
}

/** Weaker than the sandbox can be, but no fault of it. */
function openFiles(losesOpenFiles: string): DoctorCheck {
  return { name: "open files", ok: true, detail: `${losesOpenFiles}: ${BY_NAME}. ${NAME_THE_PROGRAM}` };
}

/** What the system offers, and a line for each thing that it is to prevent. `folder`: an empty one. */
export async function proveSandbox(tools: Tools, folder: string, signal: AbortSignal): Promise<readonly DoctorCheck[]> {
  const { mode, bubblewrap, unfit, losesOpenFiles } = tools.sandbox;
  const name = "sandbox";
  const lost = losesOpenFiles === undefined ? [] : [openFiles(losesOpenFiles)];
  if (unfit !== undefined)
    return [{ name, ok: true, detail: `off, because in it ${unfit}. ${NAME_THE_PROGRAM}` }, ...lost];
  if (mode === "off") return [{ name, ok: true, detail: "off: ffmpeg may touch all that this user may" }, ...lost];
  const { confines, words } = await sandboxSupport();
  const detail = bubblewrap === undefined ? words : `${bubblewrap}, and inside it ${words}`;
  const offered = { name, ok: mode !== "require" || confines.length > 0, detail };
  if (confines.length === 0 && bubblewrap === undefined) return [offered, ...lost];
  const trial = { tools, folder, signal };
  const tries = [
    tryToRead(trial),
    tryToWrite(trial),
    ...(confines.includes("ports") || bubblewrap !== undefined ? [tryToConnect(trial)] : []),
  ];
  return [offered, ...lost, ...(await Promise.all(tries))];
}
