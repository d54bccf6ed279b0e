// Makes the file of a recipe: ffmpeg makes a sound one, then small editors change its bytes.
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { runTool, type Tools } from "../support/versus-plain/tools.ts";
import { applyEdits } from "./apply-edits.ts";
import type { Recipe } from "./recipe.ts";
import { extensionFor, sourceCommands } from "./source-args.ts";

/** ffmpeg cannot make what the recipe asks for; such recipes say nothing of the product. */
export class ImpossibleRecipe extends Error {}

function stamp(seconds: number): string {
  const ms = Math.round(seconds * 1000);
  const part = (value: number, width: number) => String(Math.floor(value)).padStart(width, "0");
  return `${part(ms / 3_600_000, 2)}:${part((ms / 60_000) % 60, 2)}:${part((ms / 1000) % 60, 2)},${part(ms % 1000, 3)}`;
}

function srtOf({ subtitles }: Recipe): string {
  const events = [...subtitles].sort((a, b) => a[0] - b[0]);
  return events.map(([at, lasts], n) => `${n + 1}\n${stamp(at)} --> ${stamp(at + lasts)}\ntext ${n}\n`).join("\n");
}

function chaptersOf({ chapters }: Recipe): string {
  const parts = chapters.map(([at, lasts], n) => {
    const [start, end] = [Math.round(at * 1000), Math.round((at + lasts) * 1000)];
    return `[CHAPTER]\nTIMEBASE=1/1000\nSTART=${start}\nEND=${end}\ntitle=chapter ${n}\n`;
  });
  return `;FFMETADATA1\n${parts.join("")}`;
}

async function joinSounds(recipe: Recipe, folder: string): Promise<void> {
  for (const number of recipe.sounds.keys()) {
    const halves = [0, 1].map((half) => Bun.file(join(folder, `sound${number}.${half}`)));
    if (!(await halves[0]?.exists())) continue;
    await writeFile(
      join(folder, `sound${number}`),
      Buffer.concat(await Promise.all(halves.map((half) => half.bytes()))),
    );
  }
}

/** The path of the file, made in `folder`. Errors: ImpossibleRecipe. */
export async function makeSource(tools: Tools, recipe: Recipe, folder: string, name: string): Promise<string> {
  const parts = join(folder, `${name}-parts`);
  await mkdir(parts, { recursive: true });
  const base = join(parts, `base.${extensionFor(recipe)}`);
  const path = join(folder, `${name}.${extensionFor(recipe)}`);
  try {
    await writeFile(join(parts, "texts.srt"), srtOf(recipe));
    await writeFile(join(parts, "chapters.txt"), chaptersOf(recipe));
    const commands = sourceCommands(recipe, parts, base);
    for (const [number, { args }] of commands.entries()) {
      if (number === commands.length - 1) {
        await joinSounds(recipe, parts);
        const takes = commands.flatMap(({ args: made }) => made.filter((arg) => /take\d\.\w+$/.test(arg)));
        await writeFile(join(parts, "takes.txt"), takes.map((take) => `file '${take}'\n`).join(""));
      }
      const { exitCode, stderr } = await runTool([tools.ffmpeg, "-nostdin", "-v", "error", "-y", ...args]);
      if (exitCode !== 0) throw new ImpossibleRecipe(stderr.trim().slice(-400));
    }
    const edited = applyEdits(recipe, await Bun.file(base).bytes());
    if (edited.length === 0) throw new ImpossibleRecipe("an empty file");
    await writeFile(path, edited);
    return path;
  } finally {
    await rm(parts, { recursive: true, force: true });
  }
}
