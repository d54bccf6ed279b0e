import { expect, test } from "bun:test";
import { findTools } from "../media/ffmpeg/tools.ts";
import { fontFolders, listFontFiles } from "./font-files.ts";
import { textPrints } from "./text-prints.ts";

test("letters look the same each time they are drawn here", async () => {
  const tools = await findTools(process.env);
  const [first, second] = [await textPrints(tools), await textPrints(tools)];
  expect(first.drawtext).toMatch(/^[0-9a-f]{64}$/);
  expect(first.subtitles).toMatch(/^[0-9a-f]{64}$/);
  expect(first.subtitles).not.toBe(first.drawtext);
  expect(second).toEqual(first);
}, 180_000);

test("an ffmpeg that draws nothing has no print", async () => {
  const tools = await findTools(process.env);
  expect(await textPrints({ ...tools, ffmpeg: "/bin/false" })).toEqual({ drawtext: null, subtitles: null });
}, 180_000);

test("without fc-list, as on Windows, letters have prints all the same, which stay the same", async () => {
  const tools = await findTools(process.env);
  const path = process.env.PATH;
  process.env.PATH = "/nowhere";
  try {
    const { drawtext } = await textPrints(tools);
    expect(drawtext).toMatch(/^[0-9a-f]{64}$/);
    const hasFonts = (await listFontFiles(fontFolders(process.env))).length > 0;
    expect((await textPrints(tools)).drawtext === drawtext).toBe(hasFonts);
  } finally {
    process.env.PATH = path;
  }
}, 180_000);
