// A cluster that lives through a whole run: one server and two clients with short segments, and the tools of the same
// ffmpeg. Each recipe becomes a file, a job, and a verdict.
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { Cluster } from "../support/cluster.ts";
import { type Tools, toolsIn } from "../support/versus-plain/tools.ts";
import { type Held, type Verdict, verdictOf } from "../support/versus-plain/verdict.ts";
import { ImpossibleRecipe, makeSource } from "./make-source.ts";
import type { Recipe } from "./recipe.ts";
import { isHonest } from "./refusals.ts";
import { paramsOf } from "./request-text.ts";

/** A job of such a file takes a second or two; this is for a loaded machine. */
const BOUND_MS = 120_000;

export interface Outcome {
  /** Null: ffmpeg can't make such a file. */
  readonly verdict: Verdict | null;
  readonly isFailure: boolean;
  /** The verdict in one line. */
  readonly text: string;
  readonly params: string;
  /** The file; of a success it is gone. */
  readonly path: string;
  readonly seconds: number;
}

export function textOf(verdict: Verdict): string {
  switch (verdict.kind) {
    case "exact":
      return ["exact", ...verdict.notes].join("; ");
    case "WRONG":
      return `WRONG: ${verdict.differences.join("; ")}`;
    default:
      return `${verdict.kind}${verdict.isPlainWorking ? "" : " (plain ffmpeg fails too)"}: ${verdict.reason}`;
  }
}

function isFailure(verdict: Verdict): boolean {
  if (verdict.kind === "refused") return !isHonest(verdict.reason, verdict.isPlainWorking);
  return verdict.kind !== "exact";
}

const MAY_JUMP: readonly string[] = ["ts", "vob"];
const KEEPS_JUMPS = ["-dts_delta_threshold", "3600"];

function isSlideShow({ container, pace }: Recipe): boolean {
  return MAY_JUMP.includes(container) && pace.kind === "hole" && pace.seconds > 10;
}

/** The jumps of a slide show are real, and ffmpeg would close them (test/support/versus-plain/known-wrong.ts). */
function plainInputArgs(recipe: Recipe): readonly string[] {
  return isSlideShow(recipe) ? KEEPS_JUMPS : [];
}

/**
 * Where nothing but pictures jumps ahead (a track without packets says nothing of it) nobody can tell the jump from a
 * picture that is shown so long: both are right.
 * Null: there is one right answer.
 */
function otherInputArgs(recipe: Recipe): readonly string[] | null {
  const { container, sounds, edits } = recipe;
  if (!MAY_JUMP.includes(container) || sounds.some(({ isEmpty }) => !isEmpty)) return null;
  if (isSlideShow(recipe)) return [];
  const jumps = edits.some((edit) => edit.kind === "clock-jump" && edit.which !== "sound" && edit.seconds > 10);
  return jumps ? KEEPS_JUMPS : null;
}

export class Lab implements AsyncDisposable {
  readonly #cluster: Cluster;
  readonly #makers: Tools;
  readonly #tools: Tools;
  readonly #env: Record<string, string>;
  #serial = 0;

  private constructor(cluster: Cluster, tools: readonly [makers: Tools, tried: Tools], env: Record<string, string>) {
    this.#cluster = cluster;
    [this.#makers, this.#tools] = tools;
    this.#env = env;
  }

  /** `folder`: of the ffmpeg that is tried; null: the usual one. Files are always made by the usual one. */
  static async open(folder: string | null): Promise<Lab> {
    const [makers, tools] = await Promise.all([toolsIn(null), toolsIn(folder)]);
    const env: Record<string, string> = folder === null ? {} : { FFCLUSTER_FFMPEG_DIR: folder };
    const cluster = await Cluster.make();
    const short = ["--benchmark-duration", "0.4", "--max-segment-duration", "0.4"];
    await cluster.serve({ args: [...short, "--retry-delay", "0", "--max-retries", "1"], env });
    await Promise.all(["one", "two"].map((name) => cluster.join(name, [], env)));
    return new Lab(cluster, [makers, tools], env);
  }

  get version(): string {
    return this.#tools.name;
  }

  get tools(): Tools {
    return this.#tools;
  }

  /** What the files of recipes are made with, whatever is tried. */
  get makers(): Tools {
    return this.#makers;
  }

  /** A folder that goes with the lab. */
  async folder(name: string): Promise<string> {
    const path = this.#cluster.path(name);
    await mkdir(path, { recursive: true });
    return path;
  }

  /** A job of any file. */
  async hold(held: Omit<Held, "boundMs">): Promise<Verdict> {
    return await verdictOf(this.#cluster, this.#tools, { ...held, boundMs: BOUND_MS });
  }

  /** `doctor`'s report, with the self-test among its checks. */
  async doctor(): Promise<readonly { readonly name: string; readonly ok: boolean; readonly detail: string }[]> {
    const where = ["--server", `127.0.0.1:${this.#cluster.port}`, "--token", this.#cluster.token];
    const { stdout } = await this.#cluster.run(["doctor", "--json", ...where], this.#env);
    return (JSON.parse(stdout) as { readonly checks: readonly { name: string; ok: boolean; detail: string }[] }).checks;
  }

  async run(recipe: Recipe): Promise<Outcome> {
    const startedAt = performance.now();
    this.#serial += 1;
    const folder = await this.folder(`made-${this.#serial}`);
    const params = paramsOf(recipe);
    const ended = (verdict: Verdict | null, text: string, path: string): Outcome => {
      const seconds = (performance.now() - startedAt) / 1000;
      return { verdict, text, params, path, seconds, isFailure: verdict !== null && isFailure(verdict) };
    };
    const output = join(folder, `out.${recipe.request.container}`);
    try {
      const source = await makeSource(this.#makers, recipe, folder, "in");
      const held = { source, params, output };
      const asUsual = await this.hold({ ...held, plainInputArgs: plainInputArgs(recipe) });
      const other = asUsual.kind === "WRONG" ? otherInputArgs(recipe) : null;
      const verdict = other === null ? asUsual : await this.hold({ ...held, plainInputArgs: other });
      const outcome = ended(verdict, textOf(verdict), source);
      if (!outcome.isFailure) await rm(folder, { recursive: true, force: true });
      return outcome;
    } catch (thrown) {
      // Others of the run go on; what the comparison can't read is a failure to look at.
      if (!(thrown instanceof ImpossibleRecipe)) {
        const text = `not compared: ${thrown instanceof Error ? thrown.message.slice(0, 400) : String(thrown)}`;
        return { ...ended(null, text, ""), isFailure: true };
      }
      await rm(folder, { recursive: true, force: true });
      return ended(null, `impossible: ${thrown.message}`, "");
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#cluster[Symbol.asyncDispose]();
  }
}
