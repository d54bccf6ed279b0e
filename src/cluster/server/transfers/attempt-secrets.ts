// The secret of each attempt: it travels in the offer alone, and only with it is a result taken. It follows from a key in
// the work directory, so that a restarted server knows those it has given out and stores none.
import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { AppError, errnoOf } from "../../../base/errors.ts";
import { writeFileDurably } from "../../../base/files.ts";

const KEY_FILE = "attempt-key";
const KEY = /^[0-9a-f]{64}$/;

export class AttemptSecrets {
  readonly #key: Buffer;

  constructor(key: Buffer) {
    this.#key = key;
  }

  /** With the key of the folder; makes one where there is none. */
  static async open(folder: string): Promise<AttemptSecrets> {
    const path = join(folder, KEY_FILE);
    const kept = await readFile(path, "utf8").catch((thrown: unknown) => {
      if (errnoOf(thrown) === "ENOENT") return "";
      throw thrown;
    });
    if (KEY.test(kept)) return new AttemptSecrets(Buffer.from(kept, "hex"));
    const key = randomBytes(32);
    await writeFileDurably(path, key.toString("hex"), 0o600);
    return new AttemptSecrets(key);
  }

  /** 64 hex digits. */
  of(attemptId: string): string {
    return createHmac("sha256", this.#key).update(attemptId).digest("hex");
  }

  isRight(attemptId: string, secret: string): boolean {
    const [right, given] = [Buffer.from(this.of(attemptId)), Buffer.from(secret)];
    return right.length === given.length && timingSafeEqual(right, given);
  }

  /** Errors: E_FORBIDDEN. */
  require(attemptId: string, secret: string): void {
    if (this.isRight(attemptId, secret)) return;
    const hint = "The secret stands in the offer of the attempt; only the client that got the offer has it.";
    throw new AppError("E_FORBIDDEN", `this is not the secret of attempt ${attemptId}`, hint);
  }
}
