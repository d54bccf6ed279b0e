// What the API's description says of uploads by the tus protocol.
import { z } from "zod";
import type { RouteKey } from "../access.ts";
import { appendHeaders, creationHeaders, TUS_PIECE } from "../tus/tus-headers.ts";
import type { Operation } from "./operation.ts";

const version = z.object({ "tus-resumable": z.literal("1.0.0") });
const checksum = { "upload-checksum": z.string().optional().meta({ description: "`sha1` or `sha256`, and base64." }) };
const pieceHeaders = version.extend({ "upload-offset": appendHeaders.shape["upload-offset"], ...checksum });
const creation = version.extend({
  "upload-length": creationHeaders.shape["upload-length"],
  "upload-metadata": z.string().optional().meta({
    description: "`filename`, and if the sender knows it `sha256` of the whole in hexadecimal digits, each in base64.",
  }),
  ...checksum,
});
const kept = { 204: { description: "`Upload-Offset` says how far the upload is; at its end it is a source." } };
const options = { 204: { description: "Version, extensions and checksums." } };

export const TUS_OPERATIONS: Readonly<Record<Extract<RouteKey, `${string} /api/v1/tus${string}`>, Operation>> = {
  "OPTIONS /api/v1/tus": { tag: "tus", summary: "Say what of the tus protocol is here", answers: options },
  "OPTIONS /api/v1/tus/:id": { tag: "tus", summary: "Say what of the tus protocol is here", answers: options },
  "POST /api/v1/tus": {
    tag: "tus",
    summary: "Begin an upload by the tus protocol 1.0, perhaps with its first piece",
    headers: creation,
    answers: { 201: { description: "`Location` is its path. The last part of it is the id of the source." } },
  },
  "HEAD /api/v1/tus/:id": {
    tag: "tus",
    summary: "Say how far an upload is",
    headers: version,
    answers: { 200: { description: "In `Upload-Offset`, `Upload-Length` and `Upload-Metadata`." } },
  },
  "PATCH /api/v1/tus/:id": {
    tag: "tus",
    summary: "Append a piece to an upload",
    headers: pieceHeaders,
    bytes: TUS_PIECE,
    answers: kept,
  },
  "DELETE /api/v1/tus/:id": {
    tag: "tus",
    summary: "End an upload, or discard a whole one that no job has",
    headers: version,
    answers: { 204: { description: "It is gone." } },
  },
  "POST /api/v1/tus/:id": {
    tag: "tus",
    summary: "Do what X-HTTP-Method-Override says, for who can send only GET and POST",
    headers: pieceHeaders
      .partial({ "upload-offset": true })
      .extend({ "x-http-method-override": z.enum(["PATCH", "HEAD", "DELETE"]) }),
    bytes: TUS_PIECE,
    answers: { 200: { description: "As for HEAD." }, ...kept },
  },
};
