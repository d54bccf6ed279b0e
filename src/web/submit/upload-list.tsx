// The films on their way, each with how much of it is on the server.
import { Badge } from "../parts/badge.tsx";
import { Bar, type Tone } from "../parts/bar.tsx";
import { Words } from "../parts/words.tsx";
import { bytes } from "../text/format.ts";
import { PreviewCard } from "./preview-card.tsx";
import { encode, goOn, remove, type Sending, type Stage, uploads } from "./uploads.ts";

const STAGES: Readonly<Record<Stage, { readonly word: string; readonly tone: Tone }>> = {
  waiting: { word: "Waits", tone: "idle" },
  sending: { word: "Uploading", tone: "busy" },
  looking: { word: "The server looks at it", tone: "busy" },
  ready: { word: "Waits for your yes", tone: "paused" },
  checking: { word: "Becomes a job", tone: "busy" },
  job: { word: "Is a job", tone: "ok" },
  failed: { word: "Failed", tone: "failed" },
};

export function UploadList() {
  if (uploads.value.length === 0) return null;
  return (
    <section>
      <h2>On their way</h2>
      <ul class="cards">
        {uploads.value.map((sending) => (
          <li key={sending.id}>
            <UploadCard sending={sending} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function UploadCard({ sending }: { readonly sending: Sending }) {
  const { id, file, stage, sent, jobId, failure, preview, sourceId } = sending;
  const { word, tone } = STAGES[stage];
  return (
    <article class="card">
      <div class="head">
        <h3>{jobId === null ? file.name : <a href={`#/jobs/${jobId}`}>{file.name}</a>}</h3>
        <Badge tone={tone} text={word} />
      </div>
      {(stage === "sending" || stage === "failed") && (
        <Bar percent={file.size === 0 ? 0 : (sent * 100) / file.size} tone={tone} label={`Upload of ${file.name}`} />
      )}
      <p class="facts">
        <span>
          {bytes(sent)} of {bytes(file.size)}
        </span>
      </p>
      {preview !== null && stage !== "job" && <PreviewCard preview={preview} />}
      {failure !== null && (
        <p class="failure">
          <Words text={failure.message} /> <Words text={failure.hint} />
        </p>
      )}
      <p class="actions">
        {stage === "ready" && (
          <button type="button" class="main" onClick={() => void encode(id)}>
            Encode
          </button>
        )}
        {stage === "failed" && (
          <button type="button" onClick={() => (sourceId === null ? goOn(id) : void encode(id))}>
            Go on
          </button>
        )}
        {stage !== "checking" && stage !== "looking" && (
          <button type="button" onClick={() => remove(id)}>
            {stage === "sending" ? "Stop" : stage === "ready" ? "Discard" : "Take off the list"}
          </button>
        )}
      </p>
    </article>
  );
}
