// A source that somebody else can replace, held open while ffmpeg works on it: what was checked is what is read, wherever its
// name leads by then.
import { stat } from "node:fs/promises";
import { AppError } from "../../../base/errors.ts";
import type { Programs } from "../../../media/ffmpeg/run-tool.ts";
import { openPathFor } from "../../../media/ffmpeg/sandbox/open-files.ts";
import type { SourceRecord } from "./job-record.ts";
import type { RemoteReader } from "./remote-reader.ts";
import { openUnchanged, sourceChanged } from "./unchanged-source.ts";

export interface HeldSource extends AsyncDisposable {
  /** For this process and for ffmpeg. */
  readonly path: string;
  /** Where `path` is only a name: whether it still leads to the file that was checked. */
  isSame(): Promise<boolean>;
}

/** What reads sources: ffmpeg, and a reader of those that lie elsewhere. */
export interface SourceTools {
  readonly tools: Programs;
  readonly remote: RemoteReader;
}

/** Errors: E_SOURCE_CHANGED. */
export async function holdSource(
  { tools, remote }: SourceTools,
  source: SourceRecord,
  blockBytes: number,
): Promise<HeldSource> {
  if (source.kind === "remote") return await remote.hold(source, blockBytes);
  // What the server keeps itself lies where nobody else may write.
  if (source.realPath === undefined)
    return { path: source.path, isSame: async () => true, [Symbol.asyncDispose]: async () => undefined };
  const file = await openUnchanged(source);
  if (file === null) throw await sourceChanged(source);
  const path = openPathFor(tools, file.handle);
  const { dev, ino } = file.facts;
  const isSame = async () => {
    const facts = path === null ? await stat(source.path).catch(() => null) : file.facts;
    return facts?.dev === dev && facts.ino === ino;
  };
  return { path: path ?? source.path, isSame, [Symbol.asyncDispose]: () => file.handle.close() };
}

/** What failed, in words with the source's own path. */
export function withSourcePath(thrown: unknown, held: HeldSource, { path }: SourceRecord): unknown {
  if (!(thrown instanceof AppError) || held.path === path) return thrown;
  const own = (text: string) => text.replaceAll(held.path, path);
  return new AppError(thrown.code, own(thrown.message), own(thrown.hint), { cause: thrown, retry: thrown.retry });
}
