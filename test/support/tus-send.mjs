// Sends a file with tus-js-client, in plain Node, and says on stdout what it does: each request with its offset, the address
// of the upload, the end. `node tus-send.mjs ENDPOINT TOKEN FILE [UPLOAD]`: with UPLOAD it goes on with that one.
import { open, stat } from "node:fs/promises";
import { basename } from "node:path";
import { Upload } from "tus-js-client";

const [endpoint, token, path, uploadUrl] = process.argv.slice(2);
const { size } = await stat(path);
const file = await open(path);
const say = (line) => process.stdout.write(`${line}\n`);

const upload = new Upload(file.createReadStream(), {
  ...(uploadUrl === undefined ? { endpoint } : { uploadUrl }),
  headers: { authorization: `Bearer ${token}` },
  metadata: { filename: basename(path) },
  uploadSize: size,
  chunkSize: 1 << 20,
  retryDelays: [100, 300, 1000, 2000, 4000, 8000, 8000],
  onBeforeRequest: (request) => say(`${request.getMethod()} ${request.getHeader("Upload-Offset") ?? ""}`),
  onUploadUrlAvailable: () => say(`upload ${upload.url}`),
  onError: (error) => {
    say(`failed ${error.originalResponse?.getStatus() ?? "without an answer"}`);
    process.exitCode = 1;
  },
  onSuccess: () => say("done"),
});
upload.start();
