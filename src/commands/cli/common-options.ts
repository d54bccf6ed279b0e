// Options and arguments that several commands share, declared once so that they mean the same everywhere.
import type { Positional } from "../../base/config/check-argv.ts";
import {
  BadValue,
  choiceOption,
  optionalChoice,
  optionalText,
  parsedOption,
  switchOption,
  textOption,
} from "../../base/config/option.ts";
import { LOG_FORMATS } from "../../base/log.ts";
import { parseFingerprint } from "../../base/tls/trust.ts";

export const jobIdArgument: Positional = {
  name: "ID",
  description: "the job's id, its first characters, or the name of its file",
};
export const clientIdArgument: Positional = {
  name: "ID",
  description: "the client's name, its id, or the first characters of that",
};
export const tokenNameArgument: Positional = { name: "NAME", description: "the token's name" };

export const presetNameArgument: Positional = { name: "NAME", description: "the preset's name" };

export const jsonOption = {
  json: switchOption({ description: "Print JSON on stdout, for failures too" }),
};

function fingerprintValue(text: string): string {
  const fingerprint = parseFingerprint(text);
  if (fingerprint === null) throw new BadValue("expected the 64 hex digits of a SHA-256");
  return fingerprint;
}

export const presetOption = {
  preset: optionalText({
    description:
      "A named request of `ffcluster presets list`, yours or a shipped one; the options beside it win over it. Or a speed of the encoder, ultrafast to placebo, as in ffmpeg's -preset",
    valueName: "NAME",
  }),
};

function crfValue(text: string): string {
  if (!/^\d{1,2}(\.\d{1,3})?$/.test(text)) throw new BadValue("expected a number from 0 to 63");
  return text;
}

export const requestOptions = {
  crf: parsedOption<string | null>({
    description: "The encoder's own quality, as in ffmpeg's -crf; without --codec x264's, where 23 is usual",
    valueName: "N",
    fallback: null,
    parseOne: crfValue,
  }),
  size: optionalText({
    description:
      "Size of the output, which ends at or just under it: 700M is 700,000,000 bytes, 700Mi 1024 times 1024 times 700. The bit rate follows from it; instead of -b:v, -crf or --quality",
    valueName: "SIZE",
  }),
  crop: optionalChoice({
    description:
      "auto: look for black bars at places all over the file, say what was found, and cut away what is black at all of them; nothing where that is uncertain",
    valueName: "auto",
    choices: ["auto"],
  }),
  audio: optionalChoice({
    description:
      "normalize: encode the sound at -23 LUFS and at most -1 dB true peak (EBU R 128), by one gain for the whole track; another loudness is -loudness:a -16 in --ffmpeg-params",
    valueName: "normalize",
    choices: ["normalize"],
  }),
};

export const serverOptions = {
  server: textOption({
    description: "The server; without http:// or https://: http on this machine, https elsewhere",
    valueName: "HOST[:PORT]",
    fallback: "localhost:5001",
  }),
  token: optionalText({
    description: "Shared secret",
    valueName: "TOKEN",
    defaultText: "remembered for that host and port",
  }),
  "tls-fingerprint": parsedOption<string | null>({
    description: "For https: trust only the certificate with this SHA-256; the join line of `ffcluster serve` has it",
    valueName: "HEX",
    fallback: null,
    defaultText: "remembered for that host and port",
    parseOne: fingerprintValue,
  }),
  "tls-ca": optionalText({
    description: "For https: trust only this certificate, the server's or its authority's (PEM)",
    valueName: "FILE",
    defaultText: "the authorities that this machine trusts",
  }),
};

export const sandboxOption = {
  sandbox: choiceOption({
    description:
      "Keep ffmpeg to its own files and ports: auto, as far as this system can; require it; bwrap, by bubblewrap too; or off",
    choices: ["auto", "require", "bwrap", "off"],
    fallback: "auto",
  }),
};

export const logOption = {
  "log-format": choiceOption({
    description: "Log lines for people, or json: a document a line, for programs that collect logs",
    choices: LOG_FORMATS,
    fallback: "text",
  }),
  "log-level": choiceOption({
    description: "How much to log on stderr",
    choices: ["error", "warn", "info", "debug"],
    fallback: "info",
  }),
};
