// Says whether the server would take the request, before anything is sent.
import type { Signal } from "@preact/signals";
import { useEffect, useState } from "preact/hooks";
import { ApiError, ask, type Failure } from "../live/api.ts";
import { Words } from "../parts/words.tsx";

const AFTER_TYPING_MS = 300;

interface CheckProps {
  readonly request: string;
  readonly inputName: string;
  readonly isRefused: Signal<boolean>;
}

interface Checked {
  readonly output_name: string;
  readonly video_codec?: string;
}

export function RequestCheck({ request, inputName, isRefused }: CheckProps) {
  const [answer, setAnswer] = useState<Checked | Failure | null>(null);
  useEffect(() => {
    const stop = new AbortController();
    const tell = (found: Checked | Failure) => {
      setAnswer(found);
      isRefused.value = "message" in found;
    };
    const body = { ffmpeg_params: request === "" ? null : request, output_name: null, input_name: inputName };
    const timer = setTimeout(() => {
      ask<Checked>("/api/v1/requests/check", { method: "POST", body, signal: stop.signal })
        .then(tell)
        .catch((thrown: unknown) => {
          if (stop.signal.aborted) return;
          if (!(thrown instanceof ApiError)) throw thrown;
          tell(thrown.failure);
        });
    }, AFTER_TYPING_MS);
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
  }, [request, inputName]);
  if (answer === null) return null;
  if ("message" in answer) {
    return (
      <p class="failure" role="alert">
        <Words text={answer.message} /> <Words text={answer.hint} />
      </p>
    );
  }
  const { output_name: name, video_codec: codec } = answer;
  return (
    <p class="hint">
      Makes {name}
      {codec !== undefined && `, ${codec}`}
    </p>
  );
}
