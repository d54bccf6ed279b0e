// What ffmpeg and ffprobe may touch: the system's programs, libraries and fonts, and of everything else only what a call
// names. A hostile file that takes a decoder over finds no other file, writes nowhere else and reaches no other port.
import { readdir, realpath } from "node:fs/promises";
import { totalmem } from "node:os";
import { basename, dirname, join } from "node:path";
import { AppError, errnoOf } from "../../../base/errors.ts";
import type { Confinement, SandboxMode } from "../../../base/sandbox/confinement.ts";

/** What one run needs; absolute paths. */
export interface ToolAccess {
  /** Files and folders that it reads. */
  readonly reads: readonly string[];
  /** Files that it writes, or folders where it makes files. */
  readonly writes: readonly string[];
  /** Inputs by http: only their ports on this machine can be reached. */
  readonly urls?: readonly string[];
  /** It encodes or decodes on a device. */
  readonly usesDevice?: boolean;
  /** The largest private memory; absent: as much as the machine has. */
  readonly memoryBytes?: number;
}

/** How an installation of ffmpeg is confined. */
export interface ToolSandbox {
  readonly mode: SandboxMode;
  /** Only with mode "bwrap": where it is. */
  readonly bubblewrap?: string;
  /** Only where it was to be on: how this ffmpeg fails inside, so that it runs without (a script that starts another program). */
  readonly unfit?: string;
  /** Only of an installation that gets files by their names: why none is handed over open. */
  readonly losesOpenFiles?: string;
  /** Its programs and libraries where they are outside the system's folders. */
  readonly programs: readonly string[];
}

/** Programs and libraries, in the places of Linux distributions, Nix, Guix, Homebrew and Snap. */
const SYSTEM_PROGRAMS = [
  ...["/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"],
  ...["/nix/store", "/gnu/store", "/run/current-system", "/run/opengl-driver", "/home/linuxbrew/.linuxbrew", "/snap"],
];

/** What libraries read: the loader's tables, fonts, the time zone, and what the kernel says of the machine. */
const SYSTEM_READS = [
  ...["/etc/ld.so.cache", "/etc/ld.so.preload", "/etc/alternatives", "/etc/fonts", "/var/cache/fontconfig"],
  ...["/etc/localtime", "/etc/locale.alias", "/etc/machine-id"],
  ...["/proc", "/sys/devices/system", "/dev/urandom", "/dev/random", "/dev/zero"],
];

/** The drivers' settings and tables. */
const DEVICE_READS = ["/sys", "/run/udev", "/etc/vulkan", "/etc/OpenCL", "/etc/glvnd", "/etc/drirc", "/etc/nvidia"];
/** Intel and AMD, NVIDIA, AMD's compute, WSL, and codecs of small boards; in all of them drivers share memory. */
const DEVICE_FILES = ["/dev/dri", "/dev/kfd", "/dev/dxg", "/dev/dma_heap", "/dev/udmabuf", "/dev/shm"];
const DEVICE_NAMES = /^(?:nvidia|mali|video|media|mpp|rga)/;

const GIB = 1024 ** 3;
/**
 * Less than any decode needs: one holds some 20 pictures, and one of 8192x4320 at 16 bits of 4:4:4 takes 212 MB. More than
 * the machine has would only make it swap.
 */
const MOST_MEMORY_BYTES = Math.max(8 * GIB, totalmem());

/**
 * For the first look at a file of so many bytes: what its headers and one picture take, and what an index of its packets
 * takes (24 bytes each) when a packet holds no less.
 */
export function firstLookMemory(fileBytes: number): number {
  return GIB + fileBytes;
}

type Env = Record<string, string | undefined>;

/** Fonts that the user has installed. */
function ownFonts({ HOME, XDG_DATA_HOME, XDG_CONFIG_HOME, XDG_CACHE_HOME }: Env): string[] {
  const below = (root: string | undefined, ...names: string[]) =>
    root === undefined || root === "" ? [] : [join(root, ...names)];
  return [
    ...[...below(HOME, ".fonts"), ...below(HOME, ".local/share/fonts"), ...below(XDG_DATA_HOME, "fonts")],
    ...[...below(HOME, ".config/fontconfig"), ...below(XDG_CONFIG_HOME, "fontconfig")],
    ...[...below(HOME, ".cache/fontconfig"), ...below(XDG_CACHE_HOME, "fontconfig")],
  ];
}

/** Where drivers keep compiled shaders and kernels. */
function driverCaches({ HOME, XDG_CACHE_HOME }: Env): string[] {
  const caches = XDG_CACHE_HOME ?? (HOME === undefined ? null : join(HOME, ".cache"));
  const named = caches === null ? [] : ["mesa_shader_cache", "mesa_shader_cache_db", "nvidia"];
  return [...named.map((name) => join(caches ?? "", name)), ...(HOME === undefined ? [] : [join(HOME, ".nv")])];
}

/** The names in a folder that can be read. */
async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (thrown) {
    if (errnoOf(thrown) === null) throw thrown;
    return [];
  }
}

/** What an encoder on a device may read, write and control, of the `names` in /dev. */
export function deviceGrants(names: readonly string[], env: Env): Pick<Confinement, "reads" | "devices"> {
  const own = names.filter((name) => DEVICE_NAMES.test(name)).map((name) => join("/dev", name));
  return { reads: DEVICE_READS, devices: [...DEVICE_FILES, ...own, ...driverCaches(env)] };
}

function isInSystem(path: string): boolean {
  return SYSTEM_PROGRAMS.some((folder) => path === folder || path.startsWith(`${folder}/`));
}

/** A program outside the system's folders, and the libraries that stand where its build looks for them. */
async function programFiles(program: string): Promise<string[]> {
  const path = await realpath(program);
  if (isInSystem(path)) return [];
  const folder = dirname(path);
  const beside = (await namesIn(folder)).filter((name) => /\.so(?:\.|$)/.test(name));
  const found = [path, join(folder, "lib"), ...beside.map((name) => join(folder, name))];
  const installed = basename(folder) === "bin" ? ["lib", "lib64", "share"] : [];
  return [...found, ...installed.map((name) => join(dirname(folder), name))];
}

function requireBubblewrap({ PATH = "" }: Env): { readonly bubblewrap: string } {
  const bubblewrap = process.platform === "linux" ? Bun.which("bwrap", { PATH }) : null;
  if (bubblewrap !== null) return { bubblewrap };
  const hint = "Install bubblewrap (`apt-get install bubblewrap`), or leave --sandbox to what the kernel has.";
  throw new AppError("E_SANDBOX", "--sandbox bwrap: there is no bwrap on the PATH", hint);
}

/** For an installation of ffmpeg. Errors: a program that can't be found; E_SANDBOX without the bwrap that is asked for. */
export async function toolSandbox(mode: SandboxMode, programs: readonly string[], env: Env): Promise<ToolSandbox> {
  const bubblewrap = mode === "bwrap" ? requireBubblewrap(env) : {};
  if (process.platform !== "linux" || mode === "off") return { mode, programs: [] };
  const files = await Promise.all(programs.map(programFiles));
  const libraries = (env.LD_LIBRARY_PATH ?? "").split(":").filter((folder) => folder.startsWith("/"));
  return { mode, ...bubblewrap, programs: [...new Set([...files.flat(), ...libraries])] };
}

/** Null: the sandbox is off. `env`: what the tool finds in its environment. */
export async function confinementFor(sandbox: ToolSandbox, access: ToolAccess, env: Env): Promise<Confinement | null> {
  if (sandbox.mode === "off") return null;
  const usesDevice = access.usesDevice === true;
  const device = usesDevice ? deviceGrants(await namesIn("/dev"), env) : { reads: [], devices: [] };
  return {
    programs: [...SYSTEM_PROGRAMS, ...sandbox.programs],
    reads: [...SYSTEM_READS, ...ownFonts(env), ...device.reads, ...access.reads],
    writes: access.writes,
    devices: ["/dev/null", ...device.devices],
    ports: (access.urls ?? []).map((url) => Number(new URL(url).port)),
    memoryBytes: usesDevice ? null : (access.memoryBytes ?? MOST_MEMORY_BYTES),
    bubblewrap: sandbox.bubblewrap ?? null,
    isRequired: sandbox.mode === "require",
  };
}
