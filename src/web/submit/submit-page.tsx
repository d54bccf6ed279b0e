// Submit: films are dropped here, the request is chosen and checked before a byte is sent, and each upload becomes a job.
import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { PresetView } from "../../cluster/server/views.ts";
import { ask } from "../live/api.ts";
import { attempt } from "../live/notices.ts";
import { bytes, count } from "../text/format.ts";
import { chosenFiles, droppedFiles } from "./dropped-files.ts";
import { leftBehind } from "./left-behind.ts";
import { RequestCheck } from "./request-check.tsx";
import { UploadList } from "./upload-list.tsx";
import { sendFiles, uploads } from "./uploads.ts";

const files = signal<readonly File[]>([]);
const preset = signal("");
/** As --ffmpeg-params takes it; empty: the server's default. */
const request = signal("");
const presets = signal<readonly PresetView[]>([]);
/** Whether a film waits for a yes before it is a job; null: one alone does, several do not. */
const asksFirst = signal<boolean | null>(null);
const willAsk = () => asksFirst.value ?? files.value.length <= 1;
const isOver = signal(false);
const isRefused = signal(false);

function add(more: readonly File[]): void {
  const known = new Set(files.value.map(({ name, size }) => `${name} ${size}`));
  files.value = [...files.value, ...more.filter(({ name, size }) => !known.has(`${name} ${size}`))];
}

export function SubmitPage() {
  return (
    <>
      <h1 class="hidden">Submit</h1>
      <UploadList />
      <LeftBehind />
      <DropZone />
      {files.value.length > 0 && <Chosen />}
      <Request />
      <p class="actions">
        <button type="button" class="main" disabled={files.value.length === 0 || isRefused.value} onClick={send}>
          {mainText()}
        </button>
      </p>
    </>
  );
}

function mainText(): string {
  const many = files.value.length;
  if (many === 0) return "Choose a film first";
  return willAsk() ? `Upload ${count(many, "film")} and look` : `Encode ${count(many, "film")}`;
}

function AskFirst() {
  return (
    <>
      <label class="check">
        <input
          type="checkbox"
          checked={willAsk()}
          onChange={(event) => {
            asksFirst.value = event.currentTarget.checked;
          }}
        />
        Show what becomes of each stream, and wait for my yes
      </label>
      <p class="hint">
        {willAsk()
          ? "A browser can't look into films, so the upload comes first. No job is made before you say so."
          : "Each film becomes a job as soon as it has arrived."}
      </p>
    </>
  );
}

/** A page can't open files by itself. */
function LeftBehind() {
  const left = leftBehind().filter(({ name }) => uploads.value.every(({ file }) => file.name !== name));
  if (left.length === 0) return null;
  return (
    <p class="card" role="status">
      {left.map(({ name }) => name).join(", ")}: the upload broke off. Choose the same file again, and it goes on where
      it was.
    </p>
  );
}

function send(): void {
  sendFiles(files.value, request.value.trim(), willAsk());
  files.value = [];
}

function DropZone() {
  return (
    <section
      aria-label="Films to encode"
      class={`card drop ${isOver.value ? "over" : ""}`}
      onDragOver={(event) => {
        event.preventDefault();
        isOver.value = true;
      }}
      onDragLeave={() => {
        isOver.value = false;
      }}
      onDrop={(event) => {
        event.preventDefault();
        isOver.value = false;
        if (event.dataTransfer !== null) void droppedFiles(event.dataTransfer).then(add);
      }}
    >
      <p class="large">Drop films or folders here</p>
      <p class="actions">
        <Chooser text="Choose films" isFolder={false} />
        <Chooser text="Choose a folder" isFolder />
      </p>
    </section>
  );
}

function Chooser({ text, isFolder }: { readonly text: string; readonly isFolder: boolean }) {
  return (
    <label class="button">
      {text}
      <input
        class="hidden"
        type="file"
        multiple
        {...(isFolder ? { webkitdirectory: true } : {})}
        onChange={(event) => {
          add(chosenFiles(event.currentTarget));
          event.currentTarget.value = "";
        }}
      />
    </label>
  );
}

function Chosen() {
  return (
    <ul class="card plain-list">
      {files.value.map((file) => (
        <li key={`${file.name} ${file.size}`} class="head">
          <span>
            {file.name} <span class="quiet">{bytes(file.size)}</span>
          </span>
          <button
            type="button"
            class="plain"
            aria-label={`Leave out ${file.name}`}
            onClick={() => {
              files.value = files.value.filter((each) => each !== file);
            }}
          >
            ×
          </button>
        </li>
      ))}
    </ul>
  );
}

function Request() {
  useEffect(() => {
    void attempt(async () => {
      presets.value = await ask<readonly PresetView[]>("/api/v1/presets");
    }, "");
  }, []);
  const chosen = presets.value.find(({ name }) => name === preset.value);
  return (
    <section>
      <h2>What to make of them</h2>
      <div class="card">
        <label for="preset">Preset</label>
        <select
          id="preset"
          value={preset.value}
          onChange={(event) => {
            preset.value = event.currentTarget.value;
            request.value = presets.value.find(({ name }) => name === preset.value)?.ffmpeg_params ?? "";
          }}
        >
          <option value="">The server's default</option>
          {presets.value.map(({ name, is_own: isOwn }) => (
            <option key={name} value={name}>
              {name}
              {isOwn && " (this server's own)"}
            </option>
          ))}
        </select>
        {chosen !== undefined && chosen.reason !== "" && <p class="hint">{chosen.reason}</p>}
        <label for="request">Request, in ffmpeg's own words</label>
        <textarea
          id="request"
          rows={2}
          spellcheck={false}
          placeholder="-c:v libx265 -crf 24 -c:a aac -b:a 128k"
          value={request.value}
          onInput={(event) => {
            request.value = event.currentTarget.value;
          }}
        />
        <RequestCheck
          request={request.value.trim()}
          inputName={files.value[0]?.name ?? "film.mp4"}
          isRefused={isRefused}
        />
        <AskFirst />
      </div>
    </section>
  );
}
