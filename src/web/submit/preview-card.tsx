// What becomes of each stream of a film, and how long that may take.
import type { SourcePreviewView } from "../../cluster/server/views.ts";
import { clients } from "../live/cluster.ts";
import { count, duration } from "../text/format.ts";

type Stream = SourcePreviewView["streams"][number];

function fateOf({ action, encoder, reason }: Stream): string {
  switch (action) {
    case "encode":
      return `is encoded by ${encoder}`;
    case "convert":
      return `is converted to ${encoder}`;
    case "copy":
      return "is kept as it is";
    case "leave-out":
      return `is left out: ${reason}`;
  }
}

/** At the speed of the clients that are here, as measured in earlier jobs; null: nobody knows yet. */
function forecastOf({ video }: SourcePreviewView): string | null {
  const here = [...clients.value.values()].filter(
    ({ status, performance }) => status !== "Disconnected" && performance,
  );
  const speed = here.reduce((sum, { performance }) => sum + (performance ?? 0), 0);
  if (video.frames === null || speed === 0) return null;
  return `About ${duration(video.frames / speed)}, if ${count(here.length, "client")} here ${here.length === 1 ? "is" : "are"} as fast as in earlier jobs`;
}

function splitText({ split }: SourcePreviewView): string | null {
  if (split === null) return null;
  if (split.mode === "whole") return `One client encodes all of it: ${split.reason}`;
  const two = split.outlook.find(({ clients: number }) => number === 2);
  return two === undefined ? null : `Two clients would share it in ${count(two.segments, "segment")}`;
}

export function PreviewCard({ preview }: { readonly preview: SourcePreviewView }) {
  const { video, streams, duration_seconds: seconds, is_whole: isWhole } = preview;
  const about = [
    `${video.codec} ${video.width}×${video.height}`,
    ...(video.fps === null ? [] : [`${Math.round(video.fps * 1000) / 1000} frames a second`]),
    ...(seconds === null ? [] : [duration(seconds)]),
    ...(video.frames === null ? [] : [count(video.frames, "frame")]),
  ];
  const forecast = [forecastOf(preview), splitText(preview)].filter((text) => text !== null);
  return (
    <div class="preview">
      <p class="facts">
        {about.map((text) => (
          <span key={text}>{text}</span>
        ))}
      </p>
      <ul class="plain-list">
        {streams.map((stream) => (
          <li key={stream.index} class={stream.action === "leave-out" ? "failure" : ""}>
            <b>
              {stream.type} {stream.codec}
              {stream.language === null ? "" : ` (${stream.language})`}
            </b>{" "}
            <span class="quiet">{fateOf(stream)}</span>
          </li>
        ))}
      </ul>
      <p class="hint">
        {isWhole ? `Becomes ${preview.output_name}.` : "By its header; frames are counted once all of it has arrived."}
        {forecast.map((text) => ` ${text}.`)}
      </p>
    </div>
  );
}
