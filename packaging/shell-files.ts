// What a shell and man read of a package: completions and the manual, written from the commands as they are declared.
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";

/** The name that each shell looks for; PowerShell looks for none, and its profile names the file. */
const NAMES = {
  bash: "ffcluster.bash",
  zsh: "_ffcluster",
  fish: "ffcluster.fish",
  powershell: "ffcluster.ps1",
} as const;
type Shell = keyof typeof NAMES;
const SHELLS = Object.keys(NAMES) as Shell[];

/** Where Debian's shells look. */
const DEBIAN: Readonly<Partial<Record<Shell, string>>> = {
  bash: "usr/share/bash-completion/completions/ffcluster",
  zsh: "usr/share/zsh/vendor-completions/_ffcluster",
  fish: "usr/share/fish/vendor_completions.d/ffcluster.fish",
};

async function place(path: string, content: string | Uint8Array): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o755 });
  await writeFile(path, content, { mode: 0o644 });
}

interface ShellTexts {
  completion(shell: Shell): string;
  manual(version: string, time: Date): string;
}

/** Loaded when a package is made: a plain build needs no command. */
async function shellTexts(): Promise<ShellTexts> {
  const [{ loadAllCommands }, { completionScript }, { manPage }] = await Promise.all([
    import("../src/commands/cli/registry.ts"),
    import("../src/commands/completions/completions.ts"),
    import("./man-page.ts"),
  ]);
  const commands = await loadAllCommands();
  return {
    completion: (shell) => completionScript(shell, commands),
    manual: (version, time) => manPage(commands, version, time),
  };
}

/** `completions/` and `ffcluster.1` of an archive. */
export async function placeShellFiles(folder: string, version: string, time: Date): Promise<void> {
  const texts = await shellTexts();
  for (const shell of SHELLS) await place(join(folder, "completions", NAMES[shell]), texts.completion(shell));
  await place(join(folder, "ffcluster.1"), texts.manual(version, time));
}

/** What an archive for Windows has of them. */
export async function placePowershellFile(folder: string): Promise<void> {
  const texts = await shellTexts();
  const text = texts.completion("powershell").replaceAll("\n", "\r\n");
  await place(join(folder, "completions", NAMES.powershell), text);
}

/** The same at the places of a Debian package with this root. */
export async function placeDebianShellFiles(root: string, version: string, time: Date): Promise<void> {
  const texts = await shellTexts();
  for (const shell of SHELLS) {
    const path = DEBIAN[shell];
    if (path !== undefined) await place(join(root, path), texts.completion(shell));
  }
  const page = join(root, "usr/share/man/man1/ffcluster.1.gz");
  await place(page, gzipSync(texts.manual(version, time), { level: 9 }));
}
