// The proof of a job as a page: what was checked, what held, what was left out and why.
import { useEffect, useState } from "preact/hooks";
import type { Proof, ProofStream } from "../../media/model/proof.ts";
import { ApiError, ask } from "../live/api.ts";
import { Badge } from "../parts/badge.tsx";
import { Empty } from "../parts/empty.tsx";
import { Words } from "../parts/words.tsx";
import { bytes, count, duration } from "../text/format.ts";

type Loaded = { readonly proof: Proof } | { readonly error: ApiError } | null;

export function ProofPage({ id }: { readonly id: string }) {
  const [loaded, setLoaded] = useState<Loaded>(null);
  useEffect(() => {
    ask<Proof>(`/api/v1/jobs/${id}/proof`)
      .then((proof) => setLoaded({ proof }))
      .catch((thrown: unknown) => {
        if (!(thrown instanceof ApiError)) throw thrown;
        setLoaded({ error: thrown });
      });
  }, [id]);
  if (loaded === null) return <p class="quiet">Loading …</p>;
  if ("error" in loaded) {
    return (
      <Empty title="There is no proof yet">
        <p>
          <Words text={loaded.error.failure.message} /> <Words text={loaded.error.failure.hint} />
        </p>
        <a class="button" href={`#/jobs/${id}`}>
          Back to the job
        </a>
      </Empty>
    );
  }
  return <Whole id={id} proof={loaded.proof} />;
}

function Whole({ id, proof }: { readonly id: string; readonly proof: Proof }) {
  const { lost = [], notes, streams } = proof;
  return (
    <>
      <Verdict id={id} proof={proof} />
      <section>
        <h2>What was checked</h2>
        <ul class="card checks">
          {proof.checks.map(({ name, ok, detail }) => (
            <li key={name} class={ok ? "ok" : "failed"}>
              <b>{name}</b>
              <span class="hidden">{ok ? "holds" : "does not hold"}</span>
              {detail !== undefined && <span class="quiet"> {detail}</span>}
            </li>
          ))}
        </ul>
      </section>
      <section>
        <h2>Streams</h2>
        <ul class="card plain-list">
          {streams.out.map((stream) => (
            <li key={stream.index}>
              {streamText(stream)} <span class="quiet">is in the output</span>
            </li>
          ))}
          {streams.left_out.map((stream) => (
            <li key={`left-${stream.index}`}>
              {streamText(stream)} <span class="quiet">is left out: {stream.reason}</span>
            </li>
          ))}
        </ul>
      </section>
      <Sentences title="What the output lacks of the source" sentences={lost} />
      <Sentences title="Notes" sentences={notes} />
      <Segments proof={proof} />
    </>
  );
}

function Verdict({ id, proof }: { readonly id: string; readonly proof: Proof }) {
  const { exact, frames, output, segments, encoder } = proof;
  const clients = new Set(segments.map(({ client }) => client)).size;
  return (
    <div class="card">
      <p class="back">
        <a href={`#/jobs/${id}`}>Back to the job</a>
      </p>
      <div class="head">
        <h1>Proof of {output.name}</h1>
        <Badge tone={exact ? "ok" : "failed"} text={exact ? "Exact" : "Not exact"} />
      </div>
      <p>
        {exact
          ? `Every one of ${count(frames.expected, "frame")} is in the output once, at its time.`
          : `Of ${count(frames.expected, "frame")} the output has ${frames.in_output}; the checks below say what differs.`}
      </p>
      <p class="facts">
        <span>{bytes(output.bytes)}</span>
        <span>
          {count(segments.length, "segment")} by {count(clients, "client")}
        </span>
        <span>{duration(proof.wall_seconds)}</span>
        <span>
          {encoder.name}, ffmpeg {encoder.versions.join(", ")}
        </span>
      </p>
      <p class="digest">
        sha256 <code>{output.sha256}</code>
      </p>
      <p class="actions">
        <a class="button" href={`/api/v1/jobs/${id}/proof`} download={`${output.name}.proof.json`}>
          Download as JSON
        </a>
      </p>
    </div>
  );
}

function streamText({ index, type, codec, language }: ProofStream): string {
  return [`#${index}`, type, codec, ...(language === null ? [] : [language])].join(" ");
}

function Sentences({ title, sentences }: { readonly title: string; readonly sentences: readonly string[] }) {
  if (sentences.length === 0) return null;
  return (
    <section>
      <h2>{title}</h2>
      <ul class="card plain-list">
        {sentences.map((sentence) => (
          <li key={sentence}>{sentence}</li>
        ))}
      </ul>
    </section>
  );
}

function Segments({ proof }: { readonly proof: Proof }) {
  return (
    <section>
      <h2>Segments</h2>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls sideways on a phone must be reached by keyboard */}
      <section class="card wide" aria-label="All segments" tabIndex={0}>
        <table>
          <thead>
            <tr>
              <th scope="col">Segment</th>
              <th scope="col">Frames</th>
              <th scope="col">Client</th>
              <th scope="col">Tries</th>
              <th scope="col">Time</th>
              <th scope="col">Notes</th>
            </tr>
          </thead>
          <tbody>
            {proof.segments.map(({ index, frames, client, attempts, seconds, notes }) => (
              <tr key={index}>
                <td>{index}</td>
                <td>{frames}</td>
                <td>{client}</td>
                <td>{attempts}</td>
                <td>{duration(seconds)}</td>
                <td>{notes.join("; ")}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </section>
  );
}
