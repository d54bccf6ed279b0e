// The SHA-256 of each block of a remote source, recorded when it is read for the first time and compared ever after. A file of
// 32 bytes a block, so that a server that starts again still knows them.
import { type FileHandle, open, rm } from "node:fs/promises";

const DIGEST_BYTES = 32;
const UNKNOWN = "00".repeat(DIGEST_BYTES);

export class BlockDigests {
  readonly #file: FileHandle;

  private constructor(file: FileHandle) {
    this.#file = file;
  }

  static async open(path: string): Promise<BlockDigests> {
    return new BlockDigests(
      await open(path, "a+").then(async (made) => {
        await made.close();
        return await open(path, "r+");
      }),
    );
  }

  /** Null: the block was not read yet. */
  async of(block: number): Promise<string | null> {
    const bytes = Buffer.alloc(DIGEST_BYTES);
    const { bytesRead } = await this.#file.read(bytes, 0, DIGEST_BYTES, block * DIGEST_BYTES);
    const digest = bytes.toString("hex");
    return bytesRead < DIGEST_BYTES || digest === UNKNOWN ? null : digest;
  }

  async record(block: number, sha256: string): Promise<void> {
    await this.#file.write(Buffer.from(sha256, "hex"), 0, DIGEST_BYTES, block * DIGEST_BYTES);
  }

  async close(): Promise<void> {
    await this.#file.close();
  }

  static async remove(path: string): Promise<void> {
    await rm(path, { force: true });
  }
}
