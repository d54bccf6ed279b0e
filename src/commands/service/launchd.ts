// A service of launchd (macOS): its property list, and the commands that start it.
import { join } from "node:path";
import { type ServiceDefinition, type ServicePlan, serviceName } from "./definition.ts";

function escapeXml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

const stringTag = (text: string): string => `<string>${escapeXml(text)}</string>`;

export interface LaunchdPlace {
  readonly home: string;
  readonly userId: number;
}

const labelOf = ({ component }: ServiceDefinition): string => `io.github.${serviceName(component)}`;

function logPath(definition: ServiceDefinition, { home }: LaunchdPlace): string {
  const folder = definition.isUser ? join(home, "Library/Logs") : "/Library/Logs";
  return join(folder, `${serviceName(definition.component)}.log`);
}

/** Standard output and errors go to one log; a service that fails is started again, one that ends by itself is not. */
export function plistText(definition: ServiceDefinition, place: LaunchdPlace): string {
  const { component, executable, args, token, isUser, runAs } = definition;
  const folder = isUser ? place.home : "/Library/Application Support/ffcluster";
  const log = logPath(definition, place);
  const entries = [
    ["Label", stringTag(labelOf(definition))],
    ["ProgramArguments", `<array>${[executable, component, ...args].map(stringTag).join("")}</array>`],
    ["WorkingDirectory", stringTag(folder)],
    ["RunAtLoad", "<true/>"],
    ["KeepAlive", "<dict><key>SuccessfulExit</key><false/></dict>"],
    ["ExitTimeOut", "<integer>60</integer>"],
    ["StandardOutPath", stringTag(log)],
    ["StandardErrorPath", stringTag(log)],
    ...(runAs === null || isUser ? [] : [["UserName", stringTag(runAs)]]),
    ...(component === "join" ? [["Nice", "<integer>10</integer>"]] : []),
    ...(token === null ? [] : [["EnvironmentVariables", `<dict><key>FFCLUSTER_TOKEN</key>${stringTag(token)}</dict>`]]),
  ];
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">',
    '<plist version="1.0">',
    "<dict>",
    ...entries.map(([key, value]) => `  <key>${key}</key>\n  ${value}`),
    "</dict>",
    "</plist>",
    "",
  ].join("\n");
}

export function launchdPlan(definition: ServiceDefinition, place: LaunchdPlace): ServicePlan {
  const label = labelOf(definition);
  const { isUser } = definition;
  const folder = isUser ? join(place.home, "Library/LaunchAgents") : "/Library/LaunchDaemons";
  const path = join(folder, `${label}.plist`);
  const domain = isUser ? `gui/${place.userId}` : "system";
  return {
    // It may hold a token.
    files: [{ path, text: plistText(definition, place), mode: 0o600 }],
    install: [["launchctl", "bootstrap", domain, path]],
    uninstall: [["launchctl", "bootout", `${domain}/${label}`]],
    afterRemoval: [],
    status: ["launchctl", "print", `${domain}/${label}`],
    logs: `tail -f ${logPath(definition, place)}`,
  };
}
