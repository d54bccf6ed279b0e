// Where the source of a new job lies, and where its output goes: handed in, in a store, or on a web host.
import { shownAddress } from "../../../base/network/remote-address.ts";
import type { Principal } from "../../protocol/roles.ts";
import type { JobRequest } from "../intake/job-request.ts";
import type { JobRecord, SourceRecord } from "../job/job-record.ts";
import type { Limit } from "../limit.ts";
import { outputNameOf, type RemoteOutputs } from "../remote/remote-outputs.ts";
import type { RemoteSources } from "../remote/remote-sources.ts";
import type { SourceRegistry } from "../transfers/source-registry.ts";

export interface JobPlacesParts {
  readonly sources: SourceRegistry;
  readonly remote: RemoteSources;
  readonly outputs: RemoteOutputs;
  readonly probes: Limit;
}

interface Found {
  readonly source: SourceRecord;
  readonly about: Pick<JobRecord, "origin" | "destination">;
  /** With the name that the output's address gives it. */
  readonly asked: JobRequest;
}

export class JobPlaces {
  readonly #parts: JobPlacesParts;

  constructor(parts: JobPlacesParts) {
    this.#parts = parts;
  }

  /** Takes the source: it makes no other job. Errors: E_UNKNOWN_ID; those of RemoteOutputs.check and RemoteSources.take. */
  async take(asked: JobRequest, who: Principal): Promise<Found> {
    const { sources, remote, outputs, probes } = this.#parts;
    const { sourceUrl, outputUrl, copySource: mayCopy = false, overwrite = false } = asked;
    const outputName = asked.outputName ?? (outputUrl === undefined ? null : outputNameOf(outputUrl));
    // At once: two requests must not get the same source.
    const handedIn = sourceUrl === undefined ? sources.getOf(who, asked.sourceId ?? "") : null;
    if (handedIn !== null) sources.forget(handedIn.sourceId);
    try {
      const sent =
        outputUrl === undefined
          ? {}
          : { destination: await probes.run(() => outputs.check(outputUrl, overwrite, who.ended)) };
      const named = { ...asked, outputName };
      if (sourceUrl === undefined) return { source: handedIn ?? sources.getOf(who, ""), about: sent, asked: named };
      const wanted = { address: sourceUrl, owner: who.tokenId, mayCopy };
      const source = await probes.run(() => remote.take(wanted, who.ended));
      return { source, about: { origin: shownAddress(sourceUrl), ...sent }, asked: named };
    } catch (thrown) {
      if (handedIn !== null) await sources.discard(handedIn);
      throw thrown;
    }
  }

  /** No job will use it. */
  async discard(source: SourceRecord): Promise<void> {
    if (source.kind === "remote") await this.#parts.remote.forget(source, true);
    else await this.#parts.sources.discard(source);
  }
}
