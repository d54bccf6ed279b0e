// The sources of jobs that lie in stores and on web hosts: read block by block, kept in a bounded cache on this disk, and
// served to ffmpeg on this machine by the same gateway that clients have.
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Environment } from "../../../base/config/resolve-options.ts";
import { sha256Of } from "../../../base/digest.ts";
import { AppError, toAppError } from "../../../base/errors.ts";
import { newId } from "../../../base/ids.ts";
import type { Log } from "../../../base/log.ts";
import { blockCount } from "../../transfer/blocks.ts";
import { type BlockGateway, openBlockGateway } from "../../transfer/gateway/block-gateway.ts";
import type { ServedBlock, ServedSource } from "../../transfer/gateway/open-sources.ts";
import type { HeldSource } from "../job/held-source.ts";
import type { RemoteFacts, SourceRecord } from "../job/job-record.ts";
import type { RemoteReader } from "../job/remote-reader.ts";
import type { SourceRegistry } from "../transfers/source-registry.ts";
import { UploadFiles } from "../transfers/upload-files.ts";
import { BlockDigests } from "./block-digests.ts";
import { type CallPolicy, DEFAULT_CALL_POLICY } from "./call-place.ts";
import { copySource } from "./copy-source.ts";
import { Places, type RemotePlace } from "./places.ts";
import { lookAt, type ObjectState, objectionTo, type Reaching, readObject, Unstable } from "./remote-object.ts";
import type { StoresFile } from "./stores-file.ts";

export interface RemoteSourcesOptions {
  readonly stores: StoresFile;
  readonly env: Environment;
  /** Of its own. */
  readonly folder: string;
  readonly blockBytes: number;
  /** Where copies go, and what takes them. */
  readonly uploads: string;
  readonly sources: SourceRegistry;
  readonly log: Log;
  readonly policy?: CallPolicy;
}

export interface WantedSource {
  readonly address: string;
  readonly owner: string;
  readonly mayCopy: boolean;
}

/** The first look waits no longer for a host: somebody waits for the answer. */
const LOOK_MS = 20_000;

interface Known {
  readonly source: SourceRecord;
  readonly place: RemotePlace;
  readonly state: ObjectState;
  readonly digests: Promise<BlockDigests>;
  failure: AppError | null;
}

export class RemoteSources implements RemoteReader {
  readonly places: Places;
  readonly #options: RemoteSourcesOptions;
  readonly #policy: CallPolicy;
  readonly #known = new Map<string, Known>();
  readonly #ended = new AbortController();
  #gateway: Promise<BlockGateway> | null = null;

  private constructor(options: RemoteSourcesOptions, places: Places) {
    this.#options = options;
    this.places = places;
    this.#policy = options.policy ?? DEFAULT_CALL_POLICY;
  }

  static async open(options: RemoteSourcesOptions): Promise<RemoteSources> {
    await mkdir(options.folder, { recursive: true });
    return new RemoteSources(options, await Places.open(options.stores, options.env));
  }

  get reach(): Reaching {
    return this.#reach(this.#ended.signal);
  }

  #reach(signal: AbortSignal): Reaching {
    return { places: this.places, policy: this.#policy, signal };
  }

  /**
   * A source by its address, or a copy of it where it can't be read in place and that is wanted.
   * Errors: those of Places.source, lookAt and copySource.
   */
  async take(wanted: WantedSource, signal: AbortSignal): Promise<SourceRecord> {
    const place = this.places.source(wanted.address);
    const { copy_sources } = this.#options.stores;
    const reach = {
      ...this.#reach(signal),
      policy: { ...this.#policy, giveUpMs: Math.min(LOOK_MS, this.#policy.giveUpMs) },
    };
    try {
      return await this.#register(reach, place, wanted);
    } catch (thrown) {
      if (!(thrown instanceof Unstable) || !(wanted.mayCopy || copy_sources)) throw thrown;
    }
    const { uploads, sources } = this.#options;
    const id = newId();
    const path = new UploadFiles(uploads).whole({ id, name: place.name });
    await copySource(this.#reach(signal), place, uploads, path);
    const copied = await sources.takeUploaded(place.name, path, id, wanted.owner);
    sources.forget(id);
    return copied;
  }

  async #register(reach: Reaching, place: RemotePlace, { address, owner }: WantedSource): Promise<SourceRecord> {
    const { blockBytes } = this.#options;
    const { bytes, mtimeMs, ...state } = await lookAt(reach, place);
    const remote: RemoteFacts = { address, shown: place.shown, ...state };
    const about = { sourceId: newId(), name: place.name, path: place.shown, kind: "remote", bytes, mtimeMs } as const;
    const bare: SourceRecord = { ...about, firstBlockSha256: "", lastBlockSha256: "", owner, remote };
    try {
      const last = blockCount(bytes, blockBytes) - 1;
      const ends = [await this.block(bare, blockBytes, 0), await this.block(bare, blockBytes, last)];
      const [first, final] = ends.map(({ sha256 }) => sha256);
      return { ...bare, firstBlockSha256: first ?? "", lastBlockSha256: final ?? "" };
    } catch (thrown) {
      await this.forget(bare, true);
      throw thrown;
    }
  }

  async hold(source: SourceRecord, blockBytes: number): Promise<HeldSource> {
    const known = this.#find(source);
    const handle = (await this.#openGateway()).open(servedOf(source, blockBytes));
    return {
      // Of some containers ffmpeg knows the name alone.
      path: `${handle.url}${/\.[a-z0-9]{1,8}$/.exec(source.name.toLowerCase())?.[0] ?? ""}`,
      isSame: async () => known.failure === null && handle.failure() === null,
      [Symbol.asyncDispose]: async () => handle.release(),
    };
  }

  async block(source: SourceRecord, blockBytes: number, block: number): Promise<{ bytes: Uint8Array; sha256: string }> {
    const known = this.#find(source);
    const bytes = await (await this.#openGateway()).block(servedOf(source, blockBytes), block);
    return { bytes, sha256: (await (await known.digests).of(block)) ?? sha256Of(bytes) };
  }

  failure(source: SourceRecord): AppError | null {
    return this.#known.get(source.sourceId)?.failure ?? null;
  }

  async ask(source: SourceRecord, signal: AbortSignal = this.#ended.signal): Promise<AppError | null> {
    const known = this.#find(source);
    const objection = await objectionTo(this.#reach(signal), known.place, known.state);
    known.failure = objection;
    return objection;
  }

  async forget(source: SourceRecord, isFinal: boolean): Promise<void> {
    const known = this.#known.get(source.sourceId);
    this.#known.delete(source.sourceId);
    (await this.#gateway)?.forget(source.sourceId);
    await (await known?.digests)?.close();
    if (isFinal) await BlockDigests.remove(this.#digestsPath(source));
  }

  async close(): Promise<void> {
    this.#ended.abort(new AppError("E_INTERRUPTED", "the server stops", "The job continues when it starts again."));
    await (await this.#gateway)?.close();
    for (const { digests } of this.#known.values()) await (await digests).close();
    this.#known.clear();
  }

  #digestsPath({ sourceId }: SourceRecord): string {
    return join(this.#options.folder, `${sourceId}.digests`);
  }

  #openGateway(): Promise<BlockGateway> {
    const { folder, stores, log } = this.#options;
    this.#gateway ??= openBlockGateway({
      cacheFolder: join(folder, "cache"),
      cacheBytes: stores.cache_bytes,
      log,
      fetchBlock: (block, signal) => this.#fetch(block, signal),
    });
    return this.#gateway;
  }

  #find(source: SourceRecord): Known {
    const { remote, sourceId } = source;
    if (remote === undefined) throw new Error(`the source ${sourceId} is no remote one`);
    const known = this.#known.get(sourceId);
    if (known !== undefined) return known;
    const { bytes, mtimeMs } = source;
    const made: Known = {
      source,
      place: this.places.source(remote.address),
      state: {
        bytes,
        mtimeMs,
        etag: remote.etag,
        ...(remote.versionId === undefined ? {} : { versionId: remote.versionId }),
      },
      digests: BlockDigests.open(this.#digestsPath(source)),
      failure: null,
    };
    this.#known.set(sourceId, made);
    return made;
  }

  async #fetch({ source: { sourceId }, number, range }: ServedBlock, signal: AbortSignal): Promise<Uint8Array> {
    const known = this.#known.get(sourceId);
    if (known === undefined) throw new AppError("E_UNKNOWN_ID", `no source ${sourceId} is open`, "Its job has ended.");
    try {
      const reach = this.#reach(AbortSignal.any([signal, this.#ended.signal]));
      const bytes = await readObject(reach, known.place, known.state, range);
      await compare(known, number, sha256Of(bytes));
      return bytes;
    } catch (thrown) {
      if (!signal.aborted && !this.#ended.signal.aborted) known.failure ??= toAppError(thrown);
      throw thrown;
    }
  }
}

/** Errors: E_SOURCE_CHANGED for other bytes than before. */
async function compare({ digests, source }: Known, block: number, sha256: string): Promise<void> {
  const recorded = await (await digests).of(block);
  if (recorded === null) return await (await digests).record(block, sha256);
  if (recorded === sha256) return;
  const message = `block ${block} of the source ${source.path} has other bytes than when it was first read`;
  throw new AppError("E_SOURCE_CHANGED", message, "Its host gave other bytes for the same ETag; submit it again.");
}

function servedOf({ sourceId, bytes }: SourceRecord, blockBytes: number): ServedSource {
  return { sourceId, bytes, blockBytes };
}
