// The admin's token of a server that runs: where it comes from, where its own user's commands find it, and what becomes of it
// when it is rotated.
import { makeToken, readSecret, writeSecret } from "../../base/config/token-store.ts";
import { AppError } from "../../base/errors.ts";
import type { Log } from "../../base/log.ts";
import type { CommandContext } from "../cli/command.ts";
import type { Bound } from "./bound.ts";
import { rememberForUser } from "./remember-for-user.ts";

/** Shorter ones can be guessed. */
const SHORTEST_TOKEN = 16;

export interface AdminTokenPlace {
  /** By an option; null: the one of the work directory, made at the first start. */
  readonly given: string | null;
  readonly workDir: string;
  readonly host: string;
  readonly context: CommandContext;
  readonly log: Log;
  /** What the log masks. */
  readonly secrets: string[];
}

export class AdminToken {
  readonly #place: AdminTokenPlace;
  #token: string;
  #bound: Bound | null = null;

  private constructor(place: AdminTokenPlace, token: string) {
    this.#place = place;
    this.#token = token;
    place.secrets.push(token);
  }

  /** Errors: E_BAD_OPTION for one that is too short, or holds what no header can. */
  static async choose(place: AdminTokenPlace): Promise<AdminToken> {
    const { given, workDir } = place;
    if (given === null) return new AdminToken(place, (await readSecret(workDir, "token")) ?? makeToken());
    if (!/^[\x21-\x7e]+$/.test(given)) {
      const hint = "Use letters, digits and signs.";
      throw new AppError("E_BAD_OPTION", "the token holds spaces or special characters", hint);
    }
    if (given.length < SHORTEST_TOKEN) {
      const hint = "Leave --token out, and the server makes a good one; or use `openssl rand -hex 16`.";
      throw new AppError("E_BAD_OPTION", `the token has fewer than ${SHORTEST_TOKEN} characters`, hint);
    }
    return new AdminToken(place, given);
  }

  get token(): string {
    return this.#token;
  }

  /** Where local commands find it from now on, as the server is called by these names. */
  async publish(bound: Bound): Promise<void> {
    const { workDir, context, host, log } = this.#place;
    this.#bound = bound;
    await writeSecret(workDir, "token", this.#token);
    await rememberForUser(context, host, bound, this.#token, log);
  }

  /** It was rotated. */
  async change(token: string): Promise<void> {
    const { given, workDir, secrets, log } = this.#place;
    secrets.push(token);
    await writeSecret(workDir, "token", token);
    this.#token = token;
    if (this.#bound !== null) await this.publish(this.#bound);
    if (given !== null) log.warn("the admin's token was rotated: start the server without --token next time");
  }
}
