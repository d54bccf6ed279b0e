// What a test does on the Windows side, run there by the executable's own runtime (BUN_BE_BUN=1):
//   signal PID NAME     as the system itself: it begins a thread of the process in CtrlRoutine
//   programs NAME PID   the priority of each program of that name that the process, or one that it started, has started
//   hold FILE           has it open, as a player: others may read it; until it is killed
//   share NAME          makes a network share of wine's, \\server\share; it lies in wine's folder of devices
//   copy FROM TO        also makes the folder
//   remove FOLDER       with all that is in it
import { dlopen, ptr } from "bun:ffi";
import { copyFileSync, mkdirSync, rmSync } from "node:fs";
import { getPriority } from "node:os";
import { win32 } from "node:path";

/** Microsoft: HandlerRoutine. */
const EVENTS: Readonly<Record<string, bigint>> = { "ctrl-c": 0n, "ctrl-break": 1n, close: 2n, shutdown: 6n };
const ALL_ACCESS = 0x1f_ffff;
const GENERIC_READ = 0x8000_0000;
const SHARE_READ = 1;
const OPEN_EXISTING = 3;
const LONGEST_MS = 15 * 60_000;
const NO_HANDLE = 0xffff_ffff_ffff_ffffn;
const SNAPSHOT_OF_PROCESSES = 2;
/** PROCESSENTRY32W of 64-bit Windows. */
const ENTRY = { bytes: 568, pidAt: 8, parentAt: 32, nameAt: 44 };

const kernel = dlopen("kernel32.dll", {
  OpenProcess: { args: ["u32", "i32", "u32"], returns: "u64" },
  GetModuleHandleW: { args: ["ptr"], returns: "u64" },
  GetProcAddress: { args: ["u64", "ptr"], returns: "u64" },
  CreateRemoteThread: { args: ["u64", "ptr", "u64", "u64", "u64", "u32", "ptr"], returns: "u64" },
  CreateFileW: { args: ["ptr", "u32", "u32", "ptr", "u32", "u32", "u64"], returns: "u64" },
  CreateToolhelp32Snapshot: { args: ["u32", "u32"], returns: "u64" },
  Process32FirstW: { args: ["u64", "ptr"], returns: "i32" },
  Process32NextW: { args: ["u64", "ptr"], returns: "i32" },
}).symbols;

const wide = (text: string) => ptr(Buffer.from(`${text}\0`, "utf16le"));

function must(what: string, handle: bigint): bigint {
  if (handle === 0n || handle === NO_HANDLE) throw new Error(`${what} failed`);
  return handle;
}

function signal(pid: string, name: string): void {
  const target = must("OpenProcess", kernel.OpenProcess(ALL_ACCESS, 0, Number(pid)));
  const routine = kernel.GetProcAddress(
    kernel.GetModuleHandleW(wide("kernelbase.dll")),
    ptr(Buffer.from("CtrlRoutine\0")),
  );
  must("GetProcAddress", routine);
  must("CreateRemoteThread", kernel.CreateRemoteThread(target, null, 0n, routine, EVENTS[name] ?? 0n, 0, null));
}

interface Listed {
  readonly pid: number;
  readonly parent: number;
  readonly name: string;
}

function running(): Listed[] {
  const snapshot = must("a snapshot", kernel.CreateToolhelp32Snapshot(SNAPSHOT_OF_PROCESSES, 0));
  const bytes = Buffer.alloc(ENTRY.bytes);
  bytes.writeUInt32LE(ENTRY.bytes, 0);
  const found: Listed[] = [];
  for (let more = kernel.Process32FirstW(snapshot, ptr(bytes)); more !== 0; ) {
    const [name = ""] = bytes.toString("utf16le", ENTRY.nameAt).split("\0");
    found.push({ pid: bytes.readUInt32LE(ENTRY.pidAt), parent: bytes.readUInt32LE(ENTRY.parentAt), name });
    more = kernel.Process32NextW(snapshot, ptr(bytes));
  }
  return found;
}

function programs(wanted: string, ancestor: number): { readonly pid: number; readonly priority: number }[] {
  const all = running();
  const below = new Set([ancestor]);
  for (const pid of below) for (const each of all) if (each.parent === pid) below.add(each.pid);
  const found = all.filter(({ pid, name }) => below.has(pid) && name.toLowerCase() === wanted);
  return found.map(({ pid }) => ({ pid, priority: getPriority(pid) }));
}

async function hold(path: string): Promise<void> {
  must("CreateFile", kernel.CreateFileW(wide(path), GENERIC_READ, SHARE_READ, null, OPEN_EXISTING, 0, 0n));
  console.log("held");
  await Bun.sleep(LONGEST_MS);
}

function share(name: string): void {
  const wine = (process.env.WINECONFIGDIR ?? "").replace(/^\\\?\?\\/, "");
  if (wine === "") throw new Error("this is no wine");
  mkdirSync(win32.join(wine, "dosdevices", "unc", name), { recursive: true });
}

function copy(from: string, to: string): void {
  mkdirSync(win32.dirname(to), { recursive: true });
  copyFileSync(from, to);
}

const [what, first = "", second = ""] = process.argv.slice(2);
if (what === "signal") signal(first, second);
else if (what === "programs") console.log(JSON.stringify(programs(first, Number(second))));
else if (what === "hold") await hold(first);
else if (what === "share") share(first);
else if (what === "copy") copy(first, second);
else if (what === "remove")
  rmSync(first.replace(/^\\\\\?\\UNC/, "\\"), { recursive: true }); // not in the long form
else throw new Error(`there is no ${what}`);
process.exit(0);
