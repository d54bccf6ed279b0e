// Whether this machine runs on mains. One without a battery does; so does one that does not say.
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { runProcess } from "../process/run-process.ts";

const POWER_SUPPLIES = "/sys/class/power_supply";
const PMSET_TIMEOUT_MS = 5000;

export async function isOnAc(): Promise<boolean> {
  if (process.platform === "linux") return await isOnAcByFiles();
  if (process.platform === "darwin") return await isOnAcByPmset();
  if (process.platform !== "win32") return true;
  const { windowsPowerStatus } = await import("./power-windows.ts");
  return isOnAcByStatus(windowsPowerStatus());
}

/** By the kernel's Documentation/ABI/testing/sysfs-class-power. `root`: for tests. */
export async function isOnAcByFiles(root: string = POWER_SUPPLIES): Promise<boolean> {
  const supplies = await Promise.all((await namesIn(root)).map((name) => readSupply(join(root, name))));
  const batteries = supplies.filter(({ type, scope }) => type === "battery" && scope !== "device");
  if (batteries.length === 0) return true;
  const mains = supplies.filter(({ type }) => type === "mains" || type === "usb");
  if (mains.some(({ online }) => online === "1" || online === "2")) return true;
  return !batteries.some(({ status }) => status === "discharging");
}

async function readSupply(folder: string) {
  const [type, scope, online, status] = await Promise.all(
    ["type", "scope", "online", "status"].map((name) => readWord(join(folder, name))),
  );
  return { type, scope, online, status };
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch {
    return []; // no such folder, as in a container: then there is no battery to see
  }
}

/** Null: there is no such file, or the driver does not answer now. */
async function readWord(path: string): Promise<string | null> {
  try {
    return (await readFile(path, "utf8")).trim().toLowerCase();
  } catch {
    return null;
  }
}

async function isOnAcByPmset(): Promise<boolean> {
  const { stdout } = await runProcess({
    program: "/usr/bin/pmset",
    args: ["-g", "batt"],
    timeoutMs: PMSET_TIMEOUT_MS,
  });
  return isOnAcIn(stdout);
}

/** The first line of `pmset -g batt`: "Now drawing from 'AC Power'", 'Battery Power' or 'UPS Power'. */
export function isOnAcIn(pmset: string): boolean {
  return !/^Now drawing from '(Battery|UPS) Power'/m.test(pmset);
}

/** The first byte of SYSTEM_POWER_STATUS: 0 on battery, 1 on mains, 255 not known. */
export function isOnAcByStatus(status: Uint8Array | null): boolean {
  return status?.[0] !== 0;
}
