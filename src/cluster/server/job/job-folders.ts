// Names the files of a job below the work directory, and removes them. Knows nothing of their content.
import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { exists, removeTree } from "../../../base/files.ts";
import type { Container } from "../../../media/model/source.ts";

export interface JobFolder {
  readonly root: string;
  readonly segments: string;
  readonly audio: string;
  /** Subtitles to draw, in the form that clients fetch. */
  readonly burnIn: string;
  /** The video, remuxed so that it can be sought, and its digest. */
  readonly video: string;
  readonly videoFacts: string;
  /** The source on one clock, where its own clock restarts in the middle. */
  readonly corrected: string;
  readonly proof: string;
  /** What single pictures of the output are shown by. */
  readonly frames: string;
  /** What has begun of the output's way to a store. */
  readonly storing: string;
}

export class JobFolders {
  readonly #serverDir: string;

  constructor(workDir: string) {
    this.#serverDir = join(workDir, "server");
  }

  get uploads(): string {
    return join(this.#serverDir, "uploads");
  }

  get serverDir(): string {
    return this.#serverDir;
  }

  of(jobId: string): JobFolder {
    const root = join(this.#serverDir, jobId);
    return {
      root,
      segments: join(root, "segments"),
      audio: join(root, "audio"),
      burnIn: join(root, "side"),
      video: join(root, "video.mp4"),
      videoFacts: join(root, "video.json"),
      corrected: join(root, "corrected.ts"),
      proof: join(root, "proof.json"),
      frames: join(root, "frames.json"),
      storing: join(root, "storing.json"),
    };
  }

  async make(jobId: string): Promise<void> {
    const folder = this.of(jobId);
    await mkdir(folder.segments, { recursive: true });
    await mkdir(folder.audio, { recursive: true });
    await mkdir(folder.burnIn, { recursive: true });
  }

  /** The file of one attempt's result. Attempts never share a name, so a late one can't overwrite another. */
  segmentFile(jobId: string, segmentIndex: number, attemptId: string): string {
    return join(this.of(jobId).segments, `${String(segmentIndex).padStart(6, "0")}-${attemptId}.nut`);
  }

  /** The part of such a file that has arrived. The name includes the digest, so that two contents never mix. */
  segmentPart(jobId: string, segmentIndex: number, attemptId: string, sha256: string): string {
    const name = `.${String(segmentIndex).padStart(6, "0")}-${attemptId}.${sha256.slice(0, 16)}.part`;
    return join(this.of(jobId).segments, name);
  }

  /** The finished file; people see it under the job's output name. */
  outputFile(jobId: string, container: Container): string {
    return join(this.of(jobId).root, `output.${container}`);
  }

  /** Removes what was only needed to make the output; it stays, with the proof and what is made from the source. */
  async removeIntermediates(jobId: string): Promise<void> {
    const folder = this.of(jobId);
    await removeTree(folder.segments);
    await removeTree(folder.audio);
    if ((await exists(folder.burnIn)) && (await readdir(folder.burnIn)).length === 0) await removeTree(folder.burnIn);
    await this.sweep(jobId);
  }

  /** Removes what was made from the source, which shows its pictures beside those of the output. */
  async removeMade(jobId: string): Promise<void> {
    const folder = this.of(jobId);
    await removeTree(folder.burnIn);
    await removeTree(folder.video);
    await removeTree(folder.videoFacts);
    await removeTree(folder.corrected);
  }

  /** Removes what a killed server left half written: temporary names begin with a dot. */
  async sweep(jobId: string): Promise<void> {
    const { root } = this.of(jobId);
    if (!(await exists(root))) return;
    for (const name of await readdir(root)) if (name.startsWith(".")) await removeTree(join(root, name));
  }

  async removeAll(jobId: string): Promise<void> {
    await removeTree(this.of(jobId).root);
  }
}

/** The attempt whose result a partial file belongs to; null for any other file. */
export function attemptOfPart(name: string): string | null {
  return /^\.\d{6,}-([0-9a-f-]{36})\.[0-9a-f]{16}\.part$/.exec(name)?.[1] ?? null;
}
