// Lists the graphics devices and drivers that the system shows, without opening any. Linux shows them as files; elsewhere
// ffmpeg finds the device itself.
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { errnoOf } from "../base/errors.ts";

const DRI = "/dev/dri";
const INTEL = "0x8086";
/** Most GPUs to look for in one machine. */
const MOST_GPUS = 16;

async function textOf(path: string): Promise<string | null> {
  try {
    return (await readFile(path, "utf8")).trim();
  } catch (thrown) {
    if (errnoOf(thrown) === null) throw thrown;
    return null;
  }
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).sort();
  } catch (thrown) {
    if (errnoOf(thrown) === null) throw thrown;
    return [];
  }
}

/** "/dev/dri/renderD128" and following. */
export async function renderNodes(): Promise<string[]> {
  return (await namesIn(DRI)).filter((name) => /^renderD\d+$/.test(name)).map((name) => join(DRI, name));
}

/** Render nodes of Intel's GPUs. */
export async function intelNodes(): Promise<string[]> {
  const nodes = await renderNodes();
  const vendors = await Promise.all(nodes.map((node) => vendorOf(node)));
  return nodes.filter((_, position) => vendors[position] === INTEL);
}

function vendorOf(node: string): Promise<string | null> {
  return textOf(`/sys/class/drm/${node.slice(DRI.length + 1)}/device/vendor`);
}

/** GPU numbers as NVENC counts them; the caller stops at the first that does not work. */
export function gpuIndices(): string[] {
  return Array.from({ length: MOST_GPUS }, (_, index) => String(index));
}

/** Differs when a device or a driver has changed; part of the key of a cached report. */
export async function deviceIdentity(): Promise<string> {
  const nodes = await renderNodes();
  const ids = await Promise.all(
    nodes.map(async (node) => {
      const folder = `/sys/class/drm/${node.slice(DRI.length + 1)}/device`;
      return [node, await vendorOf(node), await textOf(`${folder}/device`)].join(" ");
    }),
  );
  const gpus = (await namesIn("/dev")).filter((name) => /^nvidia\d+$|^nvidiactl$|^dxg$/.test(name));
  const nvidia = await textOf("/proc/driver/nvidia/version");
  return JSON.stringify([ids, gpus, nvidia, await textOf("/proc/sys/kernel/osrelease")]);
}
