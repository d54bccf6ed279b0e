// Writes all of some bytes: a disk that is nearly full takes a part of them and says so by the count alone.

export interface WritableFile {
  write(
    bytes: Uint8Array,
    offset: number,
    length: number,
    position: number | null,
  ): Promise<{ readonly bytesWritten: number }>;
}

/** `position` null: where the file's own position is. Errors: those of the disk, ENOSPC among them. */
export async function writeAll(file: WritableFile, bytes: Uint8Array, position: number | null): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const at = position === null ? null : position + done;
    done += (await file.write(bytes, done, bytes.length - done, at)).bytesWritten;
  }
}
