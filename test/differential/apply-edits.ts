// The edits of a recipe that are made in the bytes of its base file, in their order; cutting off comes last. Pure.
import * as avi from "./edits/avi.ts";
import * as matroska from "./edits/matroska.ts";
import * as mp4 from "./edits/mp4.ts";
import * as ts from "./edits/mpegts.ts";
import type { Edit, Recipe } from "./recipe.ts";
import { filmSeconds } from "./source-args.ts";

const TICKS = 90_000;
const WRAP = 2 ** 33;

function inMp4(edit: Edit, bytes: Uint8Array): Uint8Array {
  switch (edit.kind) {
    case "sync-lies":
      return mp4.lieAboutSync(bytes, edit.how);
    case "pts-is-dts":
      return mp4.dropCompositionOffsets(bytes);
    case "edit-list":
      return mp4.setEditList(bytes, edit.which === "video" ? "vide" : "soun", edit.entries);
    case "no-duration":
      return mp4.dropDurations(bytes);
    case "unknown-stream":
      return mp4.addUnknownTrack(bytes);
    default:
      return bytes;
  }
}

function inTs(edit: Edit, bytes: Uint8Array, seconds: number): Uint8Array {
  switch (edit.kind) {
    case "clock-jump": {
      const from = seconds * edit.at * TICKS;
      return ts.changeClocks(bytes, edit.which, (ticks) => (ticks >= from ? ticks + edit.seconds * TICKS : ticks));
    }
    case "clock-wrap":
      // ffmpeg's muxer begins at 1.4 s; then the clock passes its end where the recipe says.
      return ts.changeClocks(bytes, "all", (ticks) => ticks + WRAP - Math.round((1.4 + seconds * edit.at) * TICKS));
    case "clock-restart":
      return Buffer.concat([bytes, bytes]);
    case "pts-missing":
      return ts.dropStamps(bytes, edit.every);
    case "pts-is-dts":
      return ts.stampsInDecodingOrder(bytes);
    case "pts-equal":
      return ts.repeatStamp(bytes, edit.at);
    case "unknown-stream":
      return ts.announceUnknown(bytes);
    case "lost-packets":
      return ts.losePackets(bytes, edit.every);
    default:
      return bytes;
  }
}

function inMatroska(edit: Edit, bytes: Uint8Array): Uint8Array {
  switch (edit.kind) {
    case "sync-lies":
      return matroska.lieAboutKeys(bytes, edit.how);
    case "no-index":
      return matroska.dropElement(bytes, "cues");
    case "no-duration":
      return matroska.dropElement(bytes, "duration");
    case "unknown-stream":
      return matroska.renameCodec(bytes);
    default:
      return bytes;
  }
}

function inAvi(edit: Edit, bytes: Uint8Array): Uint8Array {
  if (edit.kind === "sync-lies") return avi.lieAboutKeys(bytes, edit.how);
  return edit.kind === "no-index" ? avi.dropIndex(bytes) : bytes;
}

export function applyEdits(recipe: Recipe, base: Uint8Array): Uint8Array {
  let bytes = base;
  for (const edit of recipe.edits) {
    if (recipe.container === "mp4" || recipe.container === "mov") bytes = inMp4(edit, bytes);
    else if (recipe.container === "ts") bytes = inTs(edit, bytes, filmSeconds(recipe));
    else if (recipe.container === "mkv" || recipe.container === "webm") bytes = inMatroska(edit, bytes);
    else if (recipe.container === "avi") bytes = inAvi(edit, bytes);
    else if (recipe.container === "vob" && edit.kind === "clock-restart") bytes = Buffer.concat([bytes, bytes]);
  }
  const cut = recipe.edits.find((edit) => edit.kind === "cut-off");
  return cut === undefined ? bytes : bytes.subarray(0, Math.floor(bytes.length * cut.at));
}
