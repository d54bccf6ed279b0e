// A real terminal of a given size, by tmux under a name of its own: what a person sees after keys and resizes.

import { newId } from "../../src/base/ids.ts";
import { EXECUTABLE } from "./cluster.ts";

export interface TerminalSize {
  readonly columns: number;
  readonly rows: number;
}

const quoted = (word: string): string => `'${word.replaceAll("'", "'\\''")}'`;

export class Terminal implements AsyncDisposable {
  readonly #tmux: string;
  readonly #socket = `ffcluster-${newId()}`;

  private constructor(tmux: string) {
    this.#tmux = tmux;
  }

  /** Runs the executable in it; its exit code is shown at the end as `exit 0`. */
  static async run(
    tmux: string,
    args: readonly string[],
    { columns, rows }: TerminalSize,
    env: Readonly<Record<string, string>> = {},
  ): Promise<Terminal> {
    const terminal = new Terminal(tmux);
    const settings = Object.entries({ LANG: "C.UTF-8", ...env }).map(([name, value]) => `${name}=${quoted(value)}`);
    const line = `env ${[...settings, EXECUTABLE, ...args.map(quoted)].join(" ")}; echo "exit $?"; read -r _`;
    await terminal.#ask("-f", "/dev/null", "new-session", "-d", "-x", String(columns), "-y", String(rows), line);
    return terminal;
  }

  /** What is shown, without empty lines; `withColours`: with the sequences that make them. */
  async screen(withColours = false): Promise<string[]> {
    const shown = await this.#ask("capture-pane", "-p", ...(withColours ? ["-e"] : []));
    return shown.split("\n").filter((line) => line.trim() !== "");
  }

  async resize(columns: number): Promise<void> {
    await this.#ask("resize-window", "-x", String(columns));
  }

  async press(...keys: readonly string[]): Promise<void> {
    await this.#ask("send-keys", ...keys);
  }

  async #ask(...args: readonly string[]): Promise<string> {
    const child = Bun.spawn([this.#tmux, "-u", "-L", this.#socket, ...args], { stdout: "pipe", stderr: "pipe" });
    const [text, exitCode] = await Promise.all([new Response(child.stdout).text(), child.exited]);
    if (exitCode !== 0) throw new Error(`tmux ${args[0]}: ${await new Response(child.stderr).text()}`);
    return text;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#ask("kill-server").catch(() => undefined);
  }
}
