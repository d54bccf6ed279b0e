// bubblewrap (`bwrap`): a program runs in namespaces where nothing else of the machine is there at all. It is for kernels
// without Landlock, and beside it; who asks for it must have it installed. Pure, but for the files that it makes.
import { type Confinement, confinedEnv } from "./confinement.ts";
import { makeMissing } from "./make-missing.ts";

/** Made anew inside, so not taken from outside. */
const FRESH = ["/proc", "/dev", "/tmp"] as const;

function isFresh(path: string): boolean {
  return FRESH.some((folder) => path === folder || (folder !== "/tmp" && path.startsWith(`${folder}/`)));
}

/**
 * The command that runs `guard` inside, which is to start the program; the guard puts Landlock on as well, where there is
 * any. `programs`: what the guard itself consists of, and the program by the name that it is called by.
 */
export function bubblewrapCommand(
  { bubblewrap, ...confinement }: Confinement & { readonly bubblewrap: string },
  programs: readonly string[],
  guard: readonly string[],
): readonly string[] {
  for (const path of confinement.writes) makeMissing(path);
  const read = [...confinement.programs, ...programs, ...confinement.reads].filter((path) => !isFresh(path));
  const mounts = [
    ...read.map((path) => ["--ro-bind-try", path] as const),
    ...confinement.writes.map((path) => ["--bind-try", path] as const),
    ...confinement.devices.filter((path) => path !== "/dev/null").map((path) => ["--dev-bind-try", path] as const),
  ];
  // A folder is mounted before what lies in it, or it would hide that.
  const inOrder = mounts.toSorted(([, a], [, b]) => a.split("/").length - b.split("/").length);
  const isAdministrator = process.getuid?.() === 0;
  return [
    ...[bubblewrap, "--die-with-parent", "--unshare-pid", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try"],
    ...(confinement.ports.length === 0 ? ["--unshare-net"] : []),
    ...["--cap-drop", "ALL", ...(isAdministrator ? ["--cap-add", "CAP_DAC_OVERRIDE"] : [])],
    ...["--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp"],
    ...inOrder.flatMap(([how, path]) => [how, path, path]),
    ...Object.entries(confinedEnv({ ...confinement, bubblewrap: null, isRequired: false })).flatMap(([name, value]) => [
      ...["--setenv", name, value],
    ]),
    ...["--", ...guard],
  ];
}
