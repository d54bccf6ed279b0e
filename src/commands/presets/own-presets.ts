// The user's own presets: the object `presets` of the config file.
import { join } from "node:path";
import { z } from "zod";
import { CONFIG_FILE_NAME, readConfigSection } from "../../base/config/config-file.ts";
import { AppError } from "../../base/errors.ts";
import type { Preset } from "./shipped-presets.ts";

const ffmpegParams = z.string().min(1).max(20_000);
const presetsSchema = z.record(
  z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, "letters, digits, dots, dashes; at most 64"),
  z.union([
    ffmpegParams.transform((text) => ({ ffmpegParams: text, reason: "" })),
    z.strictObject({ ffmpegParams, reason: z.string().max(1000).default("") }),
  ]),
);
const EXAMPLE = '"presets": {"mine": {"ffmpegParams": "-c:v libx265 -crf 22", "reason": "For the shelf."}}';

/** Errors: E_BAD_OPTION with the file's name. */
export async function ownPresets(folder: string): Promise<readonly Preset[]> {
  const section = await readConfigSection(folder, "presets");
  if (section === undefined) return [];
  const parsed = presetsSchema.safeParse(section);
  if (parsed.success) return Object.entries(parsed.data).map(([name, preset]) => ({ name, ...preset }));
  const issue = parsed.error.issues[0];
  const where = ["presets", ...(issue?.path ?? [])].join(".");
  const what = issue?.code === "invalid_union" ? "expected a request, or ffmpegParams and reason" : issue?.message;
  const path = join(folder, CONFIG_FILE_NAME);
  throw new AppError("E_BAD_OPTION", `${path}: "${where}": ${what}`, `For example ${EXAMPLE}.`);
}
