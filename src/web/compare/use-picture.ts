// One picture of a film from the server, as an address that an image takes. The last one stays until the next has come.
import { useEffect, useState } from "preact/hooks";
import { ApiError, type Failure, requireOk } from "../live/api.ts";

/** A slider that moves asks for where it rests. */
const REST_MS = 120;

export interface Picture {
  /** The address, and the number of the picture behind it. */
  readonly address: string | null;
  readonly frame: number | null;
  readonly failure: Failure | null;
}

const NONE: Picture = { address: null, frame: null, failure: null };

export function usePicture(id: string, side: "source" | "output", frame: number, isWanted: boolean): Picture {
  const [picture, setPicture] = useState(NONE);
  useEffect(() => {
    if (!isWanted) return;
    const stop = new AbortController();
    const load = async () => {
      try {
        const path = `/api/v1/jobs/${id}/frames/${frame}?side=${side}`;
        const response = await requireOk(await fetch(path, { signal: stop.signal }));
        const address = URL.createObjectURL(await response.blob());
        setPicture({ address, frame, failure: null });
      } catch (thrown) {
        if (stop.signal.aborted) return;
        const failure = thrown instanceof ApiError ? thrown.failure : null;
        if (failure === null && !(thrown instanceof TypeError)) throw thrown;
        setPicture(({ address, frame: shown }) => ({ address, frame: shown, failure: failure ?? UNREACHABLE }));
      }
    };
    const timer = setTimeout(() => void load(), REST_MS);
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
  }, [id, side, frame, isWanted]);
  const { address } = picture;
  useEffect(() => () => (address === null ? undefined : URL.revokeObjectURL(address)), [address]);
  return picture;
}

const UNREACHABLE: Failure = {
  code: "E_UNREACHABLE",
  message: "The picture did not arrive.",
  hint: "Move the slider to ask again.",
};
