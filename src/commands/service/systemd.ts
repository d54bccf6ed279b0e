// A service of systemd: the text of its unit, and the commands that start it.
import { join } from "node:path";
import { describe, type ServiceDefinition, type ServicePlan, serviceName } from "./definition.ts";

const STATE_DIR = "/var/lib/ffcluster";

/** A word as ExecStart reads it: `%` begins a specifier and `$` a variable, quotes and backslashes are C's. */
export function quoteWord(word: string): string {
  const escaped = word
    .replaceAll("\\", "\\\\")
    .replaceAll('"', '\\"')
    .replaceAll("%", "%%")
    .replaceAll("$", "$$$$")
    .replaceAll("\n", "\\n");
  return /^[A-Za-z0-9_@%+=:,./-]+$/.test(word) ? escaped : `"${escaped}"`;
}

/** A value of an environment file. */
function quoteValue(value: string): string {
  return `"${value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("$", "\\$").replaceAll("`", "\\`")}"`;
}

/** Only what a service of the machine may be kept from; a user's own manager lacks the rights for it. */
function hardening({ runAs }: ServiceDefinition, groups: readonly string[]): string[] {
  return [
    ...(runAs === null ? ["DynamicUser=yes"] : [`User=${runAs}`, "NoNewPrivileges=yes"]),
    ...(groups.length > 0 ? [`SupplementaryGroups=${groups.join(" ")}`] : []),
    "StateDirectory=ffcluster",
    "StateDirectoryMode=0700",
    `WorkingDirectory=${STATE_DIR}`,
    `Environment=XDG_CONFIG_HOME=${STATE_DIR}/config`,
    "ProtectSystem=strict",
    "ProtectHome=read-only",
    "PrivateTmp=yes",
    "ProtectKernelTunables=yes",
    "ProtectKernelModules=yes",
    "ProtectKernelLogs=yes",
    "ProtectControlGroups=yes",
    "ProtectClock=yes",
    "ProtectHostname=yes",
    "RestrictSUIDSGID=yes",
    "RestrictRealtime=yes",
    "RestrictNamespaces=yes",
    "LockPersonality=yes",
    "RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK",
    "SystemCallArchitectures=native",
    "CapabilityBoundingSet=",
    "UMask=0077",
  ];
}

const USER_LINES = ["StateDirectory=ffcluster", "WorkingDirectory=%S/ffcluster", "NoNewPrivileges=yes", "UMask=0077"];

export interface SystemdPlace {
  /** Where the user's configuration lies; counts for a user's service. */
  readonly configHome: string;
  /** Groups of this machine that own its video devices. */
  readonly videoGroups: readonly string[];
}

export function unitText(definition: ServiceDefinition, place: SystemdPlace): string {
  const { component, executable, args, isUser, token } = definition;
  const groups = component === "join" ? place.videoGroups : [];
  const words = [executable, component, ...args].map(quoteWord).join(" ");
  const lines = [
    "[Unit]",
    `Description=${describe(component)}`,
    ...(isUser ? [] : ["Wants=network-online.target", "After=network-online.target"]),
    "",
    "[Service]",
    `ExecStart=${words}`,
    ...(token === null ? [] : [`EnvironmentFile=-${environmentPath(definition, place)}`]),
    "Restart=on-failure",
    "RestartSec=5",
    // The process alone is told: it ends its ffmpegs itself and gives their segments back.
    "KillMode=mixed",
    "TimeoutStopSec=60",
    ...(component === "join" ? ["Nice=10"] : []),
    ...(isUser ? USER_LINES : hardening(definition, groups)),
    "",
    "[Install]",
    `WantedBy=${isUser ? "default.target" : "multi-user.target"}`,
    "",
  ];
  return lines.join("\n");
}

function environmentPath({ component, isUser }: ServiceDefinition, { configHome }: SystemdPlace): string {
  return join(isUser ? join(configHome, "ffcluster") : "/etc/ffcluster", `${serviceName(component)}.env`);
}

export function systemdPlan(definition: ServiceDefinition, place: SystemdPlace): ServicePlan {
  const { component, isUser, token } = definition;
  const unit = `${serviceName(component)}.service`;
  const folder = isUser ? join(place.configHome, "systemd", "user") : "/etc/systemd/system";
  const systemctl = ["systemctl", ...(isUser ? ["--user"] : [])];
  return {
    files: [
      { path: join(folder, unit), text: unitText(definition, place), mode: 0o644 },
      ...(token === null
        ? []
        : [{ path: environmentPath(definition, place), text: `FFCLUSTER_TOKEN=${quoteValue(token)}\n`, mode: 0o600 }]),
    ],
    install: [
      [...systemctl, "daemon-reload"],
      [...systemctl, "enable", unit],
      [...systemctl, "restart", unit],
    ],
    uninstall: [[...systemctl, "disable", "--now", unit]],
    afterRemoval: [[...systemctl, "daemon-reload"]],
    status: [...systemctl, "status", "--no-pager", unit],
    logs: `journalctl ${isUser ? "--user " : ""}-u ${unit} -f`,
  };
}
