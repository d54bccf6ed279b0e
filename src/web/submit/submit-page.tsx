// Submit: films are dropped here, the request is chosen and checked before a byte is sent, and each upload becomes a job.
import { signal } from "@preact/signals";
import { SHIPPED_PRESETS } from "../../commands/presets/shipped-presets.ts";
import { bytes, count } from "../text/format.ts";
import { chosenFiles, droppedFiles } from "./dropped-files.ts";
import { RequestCheck } from "./request-check.tsx";
import { UploadList } from "./upload-list.tsx";
import { sendFiles } from "./uploads.ts";

const files = signal<readonly File[]>([]);
const preset = signal("");
/** As --ffmpeg-params takes it; empty: the server's default. */
const request = signal("");
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
      <DropZone />
      {files.value.length > 0 && <Chosen />}
      <Request />
      <p class="actions">
        <button type="button" class="main" disabled={files.value.length === 0 || isRefused.value} onClick={send}>
          {files.value.length === 0 ? "Choose a film first" : `Encode ${count(files.value.length, "film")}`}
        </button>
      </p>
      <UploadList />
    </>
  );
}

function send(): void {
  sendFiles(files.value, request.value.trim());
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
  const chosen = SHIPPED_PRESETS.find(({ name }) => name === preset.value);
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
            request.value = SHIPPED_PRESETS.find(({ name }) => name === preset.value)?.ffmpegParams ?? "";
          }}
        >
          <option value="">The server's default</option>
          {SHIPPED_PRESETS.map(({ name }) => (
            <option key={name} value={name}>
              {name}
            </option>
          ))}
        </select>
        {chosen !== undefined && <p class="hint">{chosen.reason}</p>}
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
      </div>
    </section>
  );
}
