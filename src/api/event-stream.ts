// Server-sent events, the part that ffcluster uses: `data:` lines, comments as signs of life (WHATWG HTML, §9.2).

/** Yields the data of each event until the stream ends; throws `onSilence()` when nothing at all arrives for `silenceMs`. */
export async function* readEventStream(
  body: ReadableStream<Uint8Array>,
  silenceMs: number,
  onSilence: () => Error,
): AsyncGenerator<string> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let rest = "";
  try {
    for (;;) {
      const { done, value } = await readWithin(reader, silenceMs, onSilence);
      if (done) return;
      rest += decoder.decode(value, { stream: true });
      for (let end = rest.indexOf("\n\n"); end !== -1; end = rest.indexOf("\n\n")) {
        const data = dataOf(rest.slice(0, end));
        rest = rest.slice(end + 2);
        if (data !== "") yield data;
      }
    }
  } finally {
    await reader.cancel().catch(() => undefined); // the connection is already gone
  }
}

function dataOf(event: string): string {
  const lines = event.split("\n").filter((line) => line.startsWith("data:"));
  return lines.map((line) => line.slice(5).replace(/^ /, "")).join("\n");
}

interface Reader {
  read(): Promise<{ readonly done: boolean; readonly value?: Uint8Array | undefined }>;
}

async function readWithin(reader: Reader, ms: number, onSilence: () => Error) {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const silence = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(onSilence()), ms);
  });
  try {
    return await Promise.race([reader.read(), silence]);
  } finally {
    clearTimeout(timer);
  }
}
