// A body that ends with the token of who reads it, where nothing cuts the connection from below (`connection-guard.ts`).
// It knows no length: Bun 1.4.5 sends every stream of ours in chunks, without `content-length`.

/** What Bun has taken at the end of the token is still sent. 64 KiB a piece cost half the speed (measured). */
const PIECE_BYTES = 256 * 1024;

/** Its error resets the connection, so that no reader takes what came for the whole. `onPiece`: another is asked for. */
export function endingBody(
  content: Blob,
  ended: AbortSignal,
  onPiece: () => void = () => undefined,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  let sent = 0;
  let onEnd = () => {};
  const leave = () => ended.removeEventListener("abort", onEnd);
  return new ReadableStream(
    {
      start(controller) {
        onEnd = () => controller.error(ended.reason);
        ended.addEventListener("abort", onEnd, { once: true });
        if (ended.aborted) onEnd();
      },
      async pull(controller) {
        onPiece();
        const piece = await content.slice(sent, sent + PIECE_BYTES).bytes();
        if (ended.aborted) return;
        sent += piece.length;
        if (piece.length === 0 && sent < content.size)
          throw new Error(`the file ends after ${sent} of ${content.size} bytes`);
        if (piece.length > 0) controller.enqueue(piece);
        if (sent < content.size) return;
        leave();
        controller.close();
      },
      cancel: leave,
    },
    { highWaterMark: 0 },
  );
}
